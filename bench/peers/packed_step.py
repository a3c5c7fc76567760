"""The training step of `npm run bench -- step` in eager PyTorch: same model, same batch, same work.

    .venv/bin/python bench/peers/packed_step.py bench/batches/small-longtail --threads 2

The HLLM reference (peer_step.py) encodes repeated items and negatives once per occurrence. This
program does not, so it says what Lockstep gains by its engine, not by its plan: every distinct item
is encoded once, texts stand one after the other without padding and sorted by length, neighbours of
equal length are one [B, L] batch of attention, and the last item layer computes queries, output
projection and MLP for the [ITEM] rows only, which are all that is read. No torch.compile.

Rows, positions and groups are made once, outside the measured steps, as a data loader would make
them beside the training loop. Needs nothing but torch. The last line is JSON.

Legend: T rows of packed sequences, n items, H hidden size, N query heads, G key-value heads,
D head size, B sequences of a group, L their length, R predictions, K negatives.
"""
import argparse
import itertools
import json
import math
import resource
import statistics
import time
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

FALSE_NEGATIVE_COSINE = 0.99
MAX_LOGIT_SCALE = math.log(100)


def read_safetensors(path):
    """Tensors by name. Format: 8 bytes with the length of a JSON header, the header, the data."""
    dtypes = {"F32": torch.float32, "I32": torch.int32, "U32": torch.int32, "I64": torch.int64}
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        body = bytearray(file.read())
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        data = torch.frombuffer(memoryview(body)[begin:end], dtype=dtypes[entry["dtype"]])
        tensors[name] = data.reshape(entry["shape"])
    return tensors


class Packed(NamedTuple):
    """Sequences one after the other, shortest first."""

    # [(B, L)]
    groups: list
    # T of each group.
    rows: list
    # Row of each sequence's end. [n]
    last: torch.Tensor
    # [T, 1, D]
    cos: torch.Tensor
    sin: torch.Tensor


def pack(lengths, first_positions, llm, device):
    """Lengths must be sorted; positions of a sequence count from its first position."""
    groups = [(len(list(same)), length) for length, same in itertools.groupby(lengths)]
    size = llm["hidden_size"] // llm["num_attention_heads"]
    positions = torch.cat(
        [torch.arange(first, first + n) for first, n in zip(first_positions, lengths)]
    )
    frequencies = 1 / llm["rope_theta"] ** (torch.arange(0, size, 2).float() / size)
    angles = (positions[:, None].float() * frequencies).repeat(1, 2)[:, None, :].to(device)
    last = torch.tensor(lengths).cumsum(0).to(device) - 1
    return Packed(groups, [b * n for b, n in groups], last, angles.cos(), angles.sin())


def rotate(x, cos, sin):
    """x [T, N, D]; the halves of a head are pairs, as in Hugging Face's Llama."""
    first, second = x.chunk(2, -1)
    return x * cos.to(x.dtype) + torch.cat((-second, first), -1) * sin.to(x.dtype)


class RMSNorm(nn.Module):
    def __init__(self, size, eps):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.eps = eps

    def forward(self, x):
        return F.rms_norm(x, self.weight.shape, self.weight, self.eps)


class Attention(nn.Module):
    def __init__(self, llm):
        super().__init__()
        hidden = llm["hidden_size"]
        self.heads = llm["num_attention_heads"]
        self.key_heads = llm["num_key_value_heads"]
        self.size = hidden // self.heads
        self.q_proj = nn.Linear(hidden, self.heads * self.size, bias=False)
        self.k_proj = nn.Linear(hidden, self.key_heads * self.size, bias=False)
        self.v_proj = nn.Linear(hidden, self.key_heads * self.size, bias=False)
        self.o_proj = nn.Linear(self.heads * self.size, hidden, bias=False)

    def forward(self, x, packed, last_only):
        """x [T, H] -> [T, H], or [n, H] of the last rows where only they are asked for."""
        cos, sin = packed.cos, packed.sin
        k = rotate(self.k_proj(x).view(-1, self.key_heads, self.size), cos, sin)
        v = self.v_proj(x).view(-1, self.key_heads, self.size)
        if last_only:
            x, cos, sin = (of[packed.last] for of in (x, cos, sin))
        q = rotate(self.q_proj(x).view(-1, self.heads, self.size), cos, sin)
        query_rows = [b for b, _ in packed.groups] if last_only else packed.rows
        mixed = [
            F.scaled_dot_product_attention(
                q.view(b, -1, self.heads, self.size).transpose(1, 2),
                k.view(b, length, self.key_heads, self.size).transpose(1, 2),
                v.view(b, length, self.key_heads, self.size).transpose(1, 2),
                # The last row sees all of its text.
                is_causal=not last_only,
                enable_gqa=self.heads != self.key_heads,
            )
            .transpose(1, 2)
            .reshape(-1, self.heads * self.size)
            for (b, length), q, k, v in zip(
                packed.groups, q.split(query_rows), k.split(packed.rows), v.split(packed.rows)
            )
        ]
        return self.o_proj(torch.cat(mixed))


class Mlp(nn.Module):
    def __init__(self, llm):
        super().__init__()
        hidden, inner = llm["hidden_size"], llm["intermediate_size"]
        self.gate_proj = nn.Linear(hidden, inner, bias=False)
        self.up_proj = nn.Linear(hidden, inner, bias=False)
        self.down_proj = nn.Linear(inner, hidden, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, llm):
        super().__init__()
        self.input_layernorm = RMSNorm(llm["hidden_size"], llm["rms_norm_eps"])
        self.self_attn = Attention(llm)
        self.post_attention_layernorm = RMSNorm(llm["hidden_size"], llm["rms_norm_eps"])
        self.mlp = Mlp(llm)

    def forward(self, x, packed, last_only):
        attended = self.self_attn(self.input_layernorm(x), packed, last_only)
        middle = (x[packed.last] if last_only else x) + attended
        return middle + self.mlp(self.post_attention_layernorm(middle))


class Decoder(nn.Module):
    def __init__(self, llm, vocabulary=None):
        super().__init__()
        if vocabulary is not None:
            self.embed_tokens = nn.Embedding(vocabulary, llm["hidden_size"])
        self.layers = nn.ModuleList(Layer(llm) for _ in range(llm["num_hidden_layers"]))
        self.norm = RMSNorm(llm["hidden_size"], llm["rms_norm_eps"])

    def forward(self, x, packed, last_only):
        for at, layer in enumerate(self.layers):
            x = layer(x, packed, last_only and at == len(self.layers) - 1)
        return self.norm(x)


class Hllm(nn.Module):
    """Its parameters have the names of Lockstep's checkpoints."""

    def __init__(self, spec):
        super().__init__()
        item, user = spec["item_llm"], spec["user_llm"]
        self.item_llm = nn.ModuleDict({"model": Decoder(item, spec["vocab_size"])})
        self.user_llm = nn.ModuleDict({"model": Decoder(user)})
        self.item_emb_tokens = nn.Parameter(torch.empty(1, 1, item["hidden_size"]))
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))
        for name, parameter in self.named_parameters():
            if name != "logit_scale" and not name.endswith("norm.weight"):
                nn.init.normal_(parameter, std=0.02)

    def forward(self, batch):
        """The mean loss of all predictions."""
        item_llm, user_llm = self.item_llm["model"], self.user_llm["model"]
        item_tokens = self.item_emb_tokens.view(1, -1).expand(len(batch.texts.last), -1)
        x = item_llm.embed_tokens(batch.tokens).index_copy(0, batch.texts.last, item_tokens)
        items = item_llm(x, batch.texts, last_only=True)
        users = user_llm(items.index_select(0, batch.inputs), batch.histories, last_only=False)
        with torch.autocast(items.device.type, enabled=False):
            positives = items.float().index_select(0, batch.targets)
            negatives = items.float().index_select(0, batch.negatives)
            return self.loss(users.float(), positives, negatives)

    def loss(self, users, positives, negatives):
        """InfoNCE by cosine similarity over [R, 1+K] logits, the positive first."""
        with torch.no_grad():
            self.logit_scale.clamp_(0, MAX_LOGIT_SCALE)
        users, positives, negatives = (
            F.normalize(x, dim=-1) for x in (users, positives, negatives)
        )
        with torch.no_grad():
            false_negative = positives @ negatives.T > FALSE_NEGATIVE_COSINE
        positive = (users * positives).sum(-1, keepdim=True)
        logits = torch.cat((positive, users @ negatives.T), 1) * self.logit_scale.exp()
        # Left out behind the scale: zero times infinity would be the scale's gradient.
        logits = logits.masked_fill(F.pad(false_negative, (1, 0)), -torch.inf)
        return F.cross_entropy(logits, logits.new_zeros(len(logits), dtype=torch.long))


class Batch(NamedTuple):
    # Token of each row; the [ITEM] rows hold any. [T]
    tokens: torch.Tensor
    texts: Packed
    # What the user model reads, what comes next: row numbers of items. [R]
    inputs: torch.Tensor
    targets: torch.Tensor
    histories: Packed
    # [K]
    negatives: torch.Tensor


def read_batch(prefix, spec, device):
    tensors = {name: t.tolist() for name, t in read_safetensors(f"{prefix}.safetensors").items()}
    most = spec["max_text_length"]

    def entries(values, offsets):
        return [values[a:b] for a, b in itertools.pairwise(offsets)]

    texts = [text[:most] for text in entries(tensors["item_tokens"], tensors["item_offsets"])]
    items = sorted(range(len(texts)), key=lambda item: len(texts[item]))
    row_of = {item: row for row, item in enumerate(items)}
    lengths = [len(texts[item]) + 1 for item in items]
    # All texts end at the same position, whatever their length.
    firsts = [most + 1 - length for length in lengths]
    sequences = sorted(entries(tensors["user_items"], tensors["user_offsets"]), key=len)
    sequences = [[row_of[item] for item in sequence] for sequence in sequences if len(sequence) > 1]
    read = [len(sequence) - 1 for sequence in sequences]

    def indices(values):
        return torch.tensor(list(values), device=device)

    return Batch(
        tokens=indices(token for item in items for token in (*texts[item], 0)),
        texts=pack(lengths, firsts, spec["item_llm"], device),
        inputs=indices(row for sequence in sequences for row in sequence[:-1]),
        targets=indices(row for sequence in sequences for row in sequence[1:]),
        histories=pack(read, [0] * len(read), spec["user_llm"], device),
        negatives=indices(row_of[item] for item in tensors["negatives"]),
    )


def peak_bytes(device):
    """Of the device where there is one, else of this process."""
    if device == "cuda":
        return torch.cuda.max_memory_allocated()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("batch", metavar="BATCH_PREFIX")
    parser.add_argument("--weights", help="a safetensors file with the names of checkpoints")
    parser.add_argument("--bf16", action="store_true", help="autocast to bfloat16")
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)

    with open(f"{options.batch}.json") as file:
        spec = json.load(file)
    batch = read_batch(options.batch, spec, options.device)
    model = Hllm(spec)
    if options.weights is not None:
        model.load_state_dict(read_safetensors(options.weights))
    model.to(options.device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.01, fused=True)

    def step():
        with torch.autocast(options.device, dtype=torch.bfloat16, enabled=options.bf16):
            loss = model(batch)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if options.device == "cuda":
            torch.cuda.synchronize()
        return loss.item()

    seconds, losses = [], []
    # The first step also allocates; it is not counted.
    for at in range(options.steps + 1):
        start = time.perf_counter()
        losses.append(step())
        if at > 0:
            seconds.append(time.perf_counter() - start)
    # Of an even number of steps the higher middle one, as in the other benchmarks.
    step_seconds = statistics.median_high(seconds)
    print(
        json.dumps(
            {
                "benchmark": "packed step",
                "batch": spec["name"],
                "engine": f"PyTorch {torch.__version__}, eager",
                "dtype": "bf16" if options.bf16 else "f32",
                "device": options.device,
                "threads": options.threads,
                "step_seconds": step_seconds,
                "step_seconds_range": [min(seconds), max(seconds)],
                "users_per_second": spec["users"] / step_seconds,
                "tokens_per_second": len(batch.tokens) / step_seconds,
                "first_loss": losses[0],
                "loss": losses[-1],
                "peak_bytes": peak_bytes(options.device),
            }
        )
    )


if __name__ == "__main__":
    main()
