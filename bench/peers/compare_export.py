"""An export of Lockstep, read by transformers: do the same embeddings come out?

    lockstep export RUN --output EXPORT --parts items,users,item-llm,user-llm,hllm
    python bench/peers/compare_export.py EXPORT --items 50 --users 20

Feeds [tokens..., ITEM] of evenly spaced items to `item_llm` and the embeddings of evenly spaced users'
histories to `user_llm`, both loaded by transformers (AutoModel), and compares with the embeddings in the
export: the largest difference of a number, absolute and as a share of the largest number. Positions
of an item are those of HLLM, max_text_length - n + (0..n), and once more 0..n: rotary attention sees
their differences only. Needs torch, transformers, safetensors and pyarrow. The last line is JSON.

Legend: n tokens of a text, L items of a history, H hidden size.
"""
import argparse
import json
from pathlib import Path

import pyarrow.parquet as parquet
import torch
import transformers
from safetensors.torch import load_file
from transformers import AutoModel, AutoModelForCausalLM, AutoTokenizer


def spaced(rows, count):
    return sorted({at * (rows - 1) // max(1, count - 1) for at in range(count)})


def load(folder):
    """The model in float32, and nothing of it new, missing or left over."""
    model, found = AutoModel.from_pretrained(
        folder, dtype=torch.float32, output_loading_info=True, attn_implementation="eager"
    )
    for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        if found[kind]:
            raise SystemExit(f"{folder}: {kind} {sorted(found[kind])[:5]}")
    return model.eval()


def item_state(model, hllm, tokens, first):
    n = len(tokens)
    if hllm["item_token_id"] is None:
        ids, positions = tokens, range(first, first + n)
    else:
        ids, positions = tokens + [hllm["item_token_id"]], range(first, first + n + 1)
    states = model(
        input_ids=torch.tensor([ids]), position_ids=torch.tensor([list(positions)])
    ).last_hidden_state[0]
    return states.mean(0) if hllm["item_token_id"] is None else states[-1]


def compare(got, expected):
    difference = max(float((a - b).abs().max()) for a, b in zip(got, expected))
    largest = max(float(b.abs().max()) for b in expected)
    return {"absolute": difference, "relative": difference / largest, "largest": largest}


@torch.no_grad()
def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("export", type=Path)
    options.add_argument("--items", type=int, default=50)
    options.add_argument("--users", type=int, default=20)
    given = options.parse_args()
    torch.set_num_threads(1)

    manifest = json.loads((given.export / "manifest.json").read_text())
    hllm = json.loads((given.export / "item_llm" / "hllm.json").read_text())
    item_llm, user_llm = load(given.export / "item_llm"), load(given.export / "user_llm")
    AutoModelForCausalLM.from_pretrained(given.export / "item_llm")
    items = parquet.read_table(given.export / "items.parquet")
    embeddings = load_file(given.export / "item-embeddings.safetensors")["item_embeddings"]
    rows = torch.tensor(items["embedding"].to_pylist())
    if not torch.equal(rows, embeddings):
        raise SystemExit("items.parquet and item-embeddings.safetensors differ")
    tokenizer = AutoTokenizer.from_pretrained(given.export / "item_llm")

    chosen = spaced(len(embeddings), given.items)
    texts = [items["tokens"][row].as_py() for row in chosen]
    wanted = [embeddings[row] for row in chosen]
    last = hllm["max_text_length"]
    result = {
        "transformers": transformers.__version__,
        "torch": torch.__version__,
        "weights_sha256": manifest["checkpoint"]["weights_sha256"],
        "item_llm": type(item_llm).__name__,
        "vocabulary": len(tokenizer),
        "items": len(chosen),
        "items_by_hllm_positions": compare(
            [item_state(item_llm, hllm, text, last - len(text)) for text in texts], wanted
        ),
        "items_by_positions_from_0": compare(
            [item_state(item_llm, hllm, text, 0) for text in texts], wanted
        ),
    }
    if (given.export / "users.parquet").exists():
        users = parquet.read_table(given.export / "users.parquet")
        chosen = spaced(len(users), given.users)
        states = []
        for row in chosen:
            history = users["history"][row].as_py()
            states.append(user_llm(inputs_embeds=embeddings[history][None]).last_hidden_state[0, -1])
        wanted = [torch.tensor(users["embedding"][row].as_py()) for row in chosen]
        result["users"] = len(chosen)
        result["users_by_positions_from_0"] = compare(states, wanted)
    names = load_file(given.export / "hllm.safetensors")
    result["hllm_tensors"] = len(names)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
