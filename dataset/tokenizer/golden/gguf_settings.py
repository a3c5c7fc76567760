"""Trains a small tokenizer for each kind that GGUF files have, with PyPI's libraries, and writes it as GGUF settings.

    pip install tokenizers==0.23.3 sentencepiece protobuf; python gguf_settings.py

Each `gguf-*.json` beside this file holds settings as llama.cpp's converter writes them, and the ids that
`tokenizers` (for `llama`, sentencepiece itself) gives to texts.
"""
import io
import json
import os

import sentencepiece
import tokenizers
from encode import write
from sentencepiece import sentencepiece_model_pb2
from tokenizers import AddedToken, Regex, normalizers, pre_tokenizers, processors
from train import PHRASES, TEXTS, bpe

CASES = PHRASES + ["<|bos|>a<|user|> b", "a <|user|>", "<s> x</s>y"] + TEXTS[len(PHRASES)::5]
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = 1, 2, 3, 4, 5, 6
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
TEKKEN = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
    r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
byte_level = lambda regex: pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=regex)
split = lambda pattern: pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), "isolated"), byte_level(False)])
# name: pre-tokenizer, options of the model, normalizer, whether the first token is added
KINDS = {
    "gpt-2": (byte_level(True), {}, None, False),
    "smollm": (pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), byte_level(True)]), {}, None, False),
    "qwen2": (split(LLAMA3.replace("{1,3}", "")), {}, normalizers.NFC(), False),
    "llama-bpe": (split(LLAMA3), {"ignore_merges": True}, None, True),
    "tekken": (split(TEKKEN), {"ignore_merges": True}, None, True),
}


def gpt2_type(name):
    pre_tokenizer, options, normalizer, begins = KINDS[name]
    tokenizer, trainer = bpe(["<|bos|>"], **options)
    tokenizer.pre_tokenizer = pre_tokenizer
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.train_from_iterator(TEXTS, trainer)
    tokenizer.add_tokens([AddedToken("<|user|>", normalized=False)])
    if begins:
        tokenizer.post_processor = processors.TemplateProcessing(single="<|bos|> $A", special_tokens=[("<|bos|>", 0)])
    vocab = sorted(tokenizer.get_vocab(True).items(), key=lambda entry: entry[1])
    tokens = [token for token, _ in vocab]
    types = [CONTROL] + [NORMAL] * (len(tokens) - 2) + [USER_DEFINED]
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in json.loads(tokenizer.to_str())["model"]["merges"]]
    settings = {
        "tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": name, "tokenizer.ggml.tokens": tokens + ["[PAD0]"],
        "tokenizer.ggml.token_type": types + [UNUSED], "tokenizer.ggml.merges": merges, "tokenizer.ggml.bos_token_id": 0,
    }
    # Where nothing is said, the pre-tokenizer decides.
    if not begins:
        settings["tokenizer.ggml.add_bos_token"] = False
    return settings, lambda text: tokenizer.encode(text).ids, f"Python tokenizers {tokenizers.__version__}"


def llama_type():
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(PHRASES * 3), model_writer=model, model_type="bpe", vocab_size=460, hard_vocab_limit=False,
        minloglevel=2, byte_fallback=True, normalization_rule_name="identity", remove_extra_whitespaces=False,
    )
    processor = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    proto = sentencepiece_model_pb2.ModelProto()
    proto.ParseFromString(model.getvalue())
    settings = {
        "tokenizer.ggml.model": "llama", "tokenizer.ggml.pre": "default",
        "tokenizer.ggml.tokens": [piece.piece for piece in proto.pieces],
        "tokenizer.ggml.scores": [piece.score for piece in proto.pieces],
        "tokenizer.ggml.token_type": [piece.type for piece in proto.pieces],
        "tokenizer.ggml.bos_token_id": 1, "tokenizer.ggml.eos_token_id": 2, "tokenizer.ggml.unknown_token_id": 0,
    }
    return settings, lambda text: [1] + processor.encode(text), f"Python sentencepiece {sentencepiece.__version__}"


if __name__ == "__main__":
    here = os.path.dirname(os.path.abspath(__file__))
    for name in [*KINDS, "llama"]:
        settings, encode, made_with = llama_type() if name == "llama" else gpt2_type(name)
        # Special tokens within a text are not SentencePiece's matter.
        texts = [text for text in CASES if name != "llama" or "<s>" not in text]
        golden = {"madeWith": made_with, "settings": settings, "cases": [[text, encode(text)] for text in texts]}
        write(os.path.join(here, f"gguf-{name}.json"), golden)
