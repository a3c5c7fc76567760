"""Trains a small tokenizer of each family with PyPI's tokenizers, and encodes texts of all Unicode blocks.

    pip install tokenizers==0.23.3 sentencepiece protobuf; python train.py

Each `family-*.json` beside this file is one golden file as encode.py describes them.
"""
import io
import json
import os
import tempfile
import unicodedata

import sentencepiece
import tokenizers
from encode import write
from sentencepiece import sentencepiece_model_pb2
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

PHRASES = [
    "the toy story of a boy and his toys", "Heat, The (1995)", "Einstürzende Neubauten ΟΔΟΣ ΑΣ. Σ",
    "日本語 テスト です", "ภาพยนตร์", "𠀀𪛖中", "one two three four five 12345 ½²", " lead", " trail ", "  two  spaces",
    "tab\there\nline\r\n\r\n x", "İstanbul I ẞ ǅ", "... !!! what?!", "it's I'LL don't", "a <mask> b", "[MASK] [CLS]",
    "e\u0301 é \u0344", "x<s>y</s>", "ab\u200d\u00adc\u200bd", "ﬁ ℌ ① ｶﾞ ﷺ ～", "한국어 각", "   ", "\n\n", "👩‍🚀🏽 🇩🇪",
    "a" * 120, "𐀀 \U00031350 \u088f",
]
# Chunks of ideographs and syllables are alike: one of eight stands for the others.
ALIKE = [(0x3400, 0x9FFF), (0xA000, 0xA48F), (0xAC00, 0xD7A3), (0x12000, 0x146FF), (0x17000, 0x18CFF), (0x20000, 0x3FFFF)]


def block_texts():
    """A text for each 256 code points, of characters that Unicode 14 and all its successors have."""
    for start in range(0, 0x110000, 256):
        alike = any(first <= start + 255 and start <= last for first, last in ALIKE)
        if alike and start // 256 % 8:
            continue
        usable = [chr(c) for c in range(start, start + 256) if unicodedata.category(chr(c)) not in ("Cn", "Cs", "Co")]
        kinds = {}
        for character in usable:
            kinds.setdefault(unicodedata.category(character), []).append(character)
        # The first and the middle one of each kind: letters, marks, digits, punctuation, ...
        chosen = [c for group in kinds.values() for c in dict.fromkeys([group[0], group[len(group) // 2]])]
        for at in range(0, len(chosen), 8):
            yield " ".join(f"a{c}b{c}" if i % 2 else f"{c}{c}." for i, c in enumerate(chosen[at:at + 8]))


TEXTS = PHRASES + list(block_texts())
BYTES = pre_tokenizers.ByteLevel.alphabet()


def train(tokenizer, trainer, texts=TEXTS):
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def bert():
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    train(tokenizer, trainers.WordPieceTrainer(vocab_size=2400, show_progress=False, special_tokens=special))
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return tokenizer


def bpe(special, **options):
    tokenizer = Tokenizer(models.BPE(**options))
    return tokenizer, trainers.BpeTrainer(vocab_size=500, show_progress=False, special_tokens=special, initial_alphabet=BYTES)


def gpt2():
    tokenizer, trainer = bpe(["<|endoftext|>"])
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return train(tokenizer, trainer)


def roberta():
    tokenizer, trainer = bpe(["<s>", "<pad>", "</s>", "<unk>", AddedToken("<mask>", lstrip=True, special=True)])
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    train(tokenizer, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    return tokenizer


def qwen():
    pattern = (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
        r"|\s*[\r\n]+|\s+(?!\S)|\s+"
    )
    tokenizer, trainer = bpe(["<|begin_of_text|>"], ignore_merges=True)
    tokenizer.normalizer = normalizers.NFC()
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    split = pre_tokenizers.Split(Regex(pattern), "isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, byte_level])
    return train(tokenizer, trainer)


def llama():
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    special = ["<unk>", "<s>", "</s>"]
    byte_tokens = [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = trainers.BpeTrainer(vocab_size=480, show_progress=False, special_tokens=special + byte_tokens, max_token_length=8)
    described = json.loads(train(tokenizer, trainer, PHRASES).to_str())
    described["added_tokens"] = described["added_tokens"][: len(special)]
    tokenizer = Tokenizer.from_str(json.dumps(described))
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return tokenizer


RULES = {"ﬁ": "fi", "\u00a0": " ", "\u200d": "", "\u200b": " ", "e\u0301": "é", "ｶ": "カ", "ﾞ": "゛", "①": "1", "ℌ": "H", "\t": " ", "\n": " "}


def charsmap():
    """A table of a few rules, as SentencePiece writes it into its models."""
    line = lambda text: " ".join(f"{ord(c):X}" for c in text)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "rules.tsv")
        with open(path, "w") as file:
            file.writelines(f"{line(source)}\t{line(target)}\n" for source, target in RULES.items())
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(PHRASES), model_writer=model, vocab_size=200, hard_vocab_limit=False,
            minloglevel=2, normalization_rule_tsv=path,
        )
    proto = sentencepiece_model_pb2.ModelProto()
    proto.ParseFromString(model.getvalue())
    return proto.normalizer_spec.precompiled_charsmap


def unigram():
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Precompiled(charsmap())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["<pad>", "</s>", "<unk>"]
    train(tokenizer, trainers.UnigramTrainer(vocab_size=1600, show_progress=False, special_tokens=special, unk_token="<unk>"))
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return tokenizer


if __name__ == "__main__":
    here = os.path.dirname(os.path.abspath(__file__))
    for family in (bert, gpt2, roberta, qwen, llama, unigram):
        tokenizer = family()
        golden = {
            "madeWith": f"Python tokenizers {tokenizers.__version__}",
            "tokenizer": json.loads(tokenizer.to_str()),
            "cases": [[text, tokenizer.encode(text).ids] for text in TEXTS],
        }
        write(os.path.join(here, f"family-{family.__name__}.json"), golden)
