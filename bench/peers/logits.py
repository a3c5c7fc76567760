"""What `transformers` computes with a pretrained model in float32, for `npm run bench -- logits`.

    pip install torch transformers==5.24.0 gguf==0.19.0 accelerate
    python bench/peers/logits.py MODEL expected.json [--folder FOLDER] [--tokens N]

MODEL is a Hugging Face folder or a GGUF file, whose weights are dequantised. `--folder` also writes it as a folder
of float32 safetensors. The last line says how far float32 itself is from the same model in double precision.
"""
import argparse
import json
import os

import torch
from transformers import AutoConfig, AutoModelForCausalLM


def read_model(path):
    if not path.endswith(".gguf"):
        return AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32)
    folder, file = os.path.split(path)
    read = AutoModelForCausalLM.from_pretrained(folder or ".", gguf_file=file, dtype=torch.float32)
    # The same weights in a model that does not remember where they come from, so that it can be saved.
    settings = read.config.to_dict()
    settings.pop("quantization_config", None)
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(**settings))
    model.load_state_dict(read.state_dict())
    model.tie_weights()
    return model.float()


def compute(model, tokens):
    with torch.no_grad():
        out = model.eval()(torch.tensor([tokens]), output_hidden_states=True)
    return out.hidden_states[-1][0], out.logits[0]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("expected")
    parser.add_argument("--folder")
    parser.add_argument("--tokens", type=int, default=16)
    options = parser.parse_args()
    model = read_model(options.model)
    if options.folder:
        model.save_pretrained(options.folder)
    random = torch.Generator().manual_seed(5)
    tokens = torch.randint(0, model.config.vocab_size, (options.tokens,), generator=random).tolist()
    states, logits = compute(model, tokens)
    with open(options.expected, "w") as file:
        json.dump({"tokens": tokens, "states": states.tolist(), "logits": logits.tolist()}, file)
    exact_states, exact_logits = compute(model.double(), tokens)
    print(json.dumps({"tokens": len(tokens), "largest_logit": logits.abs().max().item(),
                      "float32_states_off": (states - exact_states).abs().max().item(),
                      "float32_logits_off": (logits - exact_logits).abs().max().item()}))


if __name__ == "__main__":
    main()
