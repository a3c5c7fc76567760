"""Makes the files beside it: tiny models of each family with random weights, and what `transformers` computes with them.

    pip install torch transformers==5.24.0 gguf==0.19.0 accelerate; python make.py

Each folder or GGUF file NAME has a NAME.expected.json: the states behind the final norm and the logits of TOKENS,
in float32. `blocks.json` has blocks of every quantised type and the numbers that the package `gguf` decodes them to.
"""
import base64
import json
import os
import shutil

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as Type
from transformers import AutoModelForCausalLM, LlamaConfig, MistralConfig, Qwen2Config, Qwen3Config

HERE = os.path.dirname(os.path.abspath(__file__))
TOKENS = [3, 1, 4, 1, 5, 9, 2, 6]
SHAPE = dict(vocab_size=13, hidden_size=8, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=1,
             intermediate_size=12, max_position_embeddings=64, initializer_range=0.5, bos_token_id=1, eos_token_id=2)
LLAMA3 = dict(rope_type="llama3", rope_theta=10000.0, factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=8)
path = lambda *names: os.path.join(HERE, *names)


def folders():
    linear = dict(rope_type="linear", rope_theta=10000.0, factor=2.0)
    yield "llama-tied", LlamaConfig(**SHAPE, tie_word_embeddings=True, rope_parameters=linear), torch.float32, "1GB"
    yield "llama3-shards", LlamaConfig(**SHAPE, rope_parameters=LLAMA3, attention_bias=True), torch.bfloat16, "1KB"
    yield "mistral", MistralConfig(**SHAPE, sliding_window=None, rms_norm_eps=1e-5), torch.float16, "1GB"
    yield "qwen2", Qwen2Config(**SHAPE, tie_word_embeddings=True), torch.float32, "1GB"
    yield "qwen3", Qwen3Config(**SHAPE, head_dim=6), torch.bfloat16, "1GB"


def randomise(model):
    """Norms and biases too: where they are all one or zero, a mistake in them does not show."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("norm.weight"):
                parameter.copy_(1 + 0.3 * torch.randn(parameter.shape))
            elif name.endswith(".bias"):
                parameter.normal_(0, 0.5)


def expect(name, model, tokens=TOKENS):
    with torch.no_grad():
        out = model.eval()(torch.tensor([tokens]), output_hidden_states=True)
    expected = {"tokens": tokens, "states": out.hidden_states[-1][0].tolist(), "logits": out.logits[0].tolist()}
    with open(path(f"{name}.expected.json"), "w") as file:
        json.dump(expected, file)


def write_folders():
    for index, (name, config, dtype, shard) in enumerate(folders()):
        torch.manual_seed(index)
        model = AutoModelForCausalLM.from_config(config)
        randomise(model)
        shutil.rmtree(path(name), ignore_errors=True)
        model.to(dtype).save_pretrained(path(name), max_shard_size=shard)
        os.remove(path(name, "generation_config.json"))
        expect(name, AutoModelForCausalLM.from_pretrained(path(name), dtype=torch.float32))


PARTS = {"attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
         "attn_output": "self_attn.o_proj", "attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm",
         "ffn_norm": "post_attention_layernorm", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj"}


def turned(weights, heads):
    """`LlamaModel.permute` of llama.cpp's converter."""
    return weights.reshape(heads, 2, weights.shape[0] // heads // 2, *weights.shape[1:]).swapaxes(1, 2).reshape(weights.shape)


def gguf_tensors(model, arch):
    config, state = model.config, {name: value.float().numpy() for name, value in model.state_dict().items()}
    yield "token_embd.weight", state["model.embed_tokens.weight"]
    yield "output_norm.weight", state["model.norm.weight"]
    if not config.tie_word_embeddings:
        yield "output.weight", state["lm_head.weight"]
    for layer in range(config.num_hidden_layers):
        for ours, theirs in PARTS.items():
            for kind in ("weight", "bias"):
                values = state.get(f"model.layers.{layer}.{theirs}.{kind}")
                if values is None:
                    continue
                if arch == "llama" and ours == "attn_q":
                    values = turned(values, config.num_attention_heads)
                if arch == "llama" and ours == "attn_k":
                    values = turned(values, config.num_key_value_heads)
                yield f"blk.{layer}.{ours}.{kind}", values


def write_gguf(name, model, arch, type_of):
    config = model.config
    writer = gguf.GGUFWriter(path(f"{name}.gguf"), arch)
    writer.add_type("model")
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_vocab_size(config.vocab_size)
    if getattr(config, "head_dim", None) not in (None, config.hidden_size // config.num_attention_heads):
        writer.add_key_length(config.head_dim)
        writer.add_value_length(config.head_dim)
    for tensor, values in gguf_tensors(model, arch):
        kind = type_of(tensor, values)
        writer.add_tensor(tensor, gguf.quantize(np.ascontiguousarray(values), kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_ggufs():
    wide = dict(SHAPE, hidden_size=32, num_hidden_layers=1, num_attention_heads=4, num_key_value_heads=2, intermediate_size=32)
    mixed = {"attn_q": Type.Q8_0, "attn_k": Type.Q4_1, "attn_v": Type.Q4_0, "ffn_up": Type.BF16, "ffn_down": Type.F16}
    kinds = lambda tensor, values: Type.F32 if values.ndim == 1 else mixed.get(tensor.split(".")[-2], Type.Q8_0)
    plain = lambda tensor, values: Type.F32 if values.ndim == 1 else Type.F16
    for name, config, arch, type_of in [
        ("llama-mixed", LlamaConfig(**wide, rms_norm_eps=1e-5, tie_word_embeddings=True), "llama", kinds),
        ("qwen2-f16", Qwen2Config(**SHAPE), "qwen2", plain),
        ("qwen3-f16", Qwen3Config(**SHAPE, head_dim=6), "qwen3", plain),
    ]:
        torch.manual_seed(100)
        model = AutoModelForCausalLM.from_config(config)
        randomise(model)
        write_gguf(name, model, arch, type_of)
        if arch == "qwen3":
            # transformers 5.24 does not read `attention.key_length` of this architecture: the model itself, rounded.
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter.copy_(parameter.half().float() if parameter.ndim > 1 else parameter)
            expect(name, model)
        else:
            expect(name, AutoModelForCausalLM.from_pretrained(HERE, gguf_file=f"{name}.gguf", dtype=torch.float32))


def write_blocks():
    """Random bytes are blocks like any; only the half-precision scales must be numbers."""
    random = np.random.default_rng(0)
    scales = {Type.Q4_0: [0], Type.Q4_1: [0, 2], Type.Q8_0: [0], Type.Q4_K: [0, 2], Type.Q6_K: [208], Type.F16: [0], Type.BF16: []}
    cases = {}
    for kind, places in scales.items():
        elements, size = gguf.GGML_QUANT_SIZES[kind]
        blocks = random.integers(0, 256, (3, size), dtype=np.uint8)
        for place in places:
            halves = (random.standard_normal(3) * 0.05).astype(np.float16)
            blocks[:, place:place + 2] = halves.view(np.uint8).reshape(3, 2)
        values = gguf.dequantize(blocks.reshape(1, -1), kind).astype(np.float32).reshape(-1)
        text = lambda array: base64.b64encode(array.tobytes()).decode()
        cases[kind.name] = {"bytes": text(blocks), "values": text(values)}
    with open(path("blocks.json"), "w") as file:
        json.dump(cases, file, indent=1)


if __name__ == "__main__":
    write_blocks()
    write_folders()
    write_ggufs()
