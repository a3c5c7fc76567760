"""Fills in the token ids of golden files: `python encode.py FILE...`, with PyPI's tokenizers.

A golden file holds a tokenizer.json under `tokenizer` and, under `cases`, texts with the ids that
Python's library gives them. The tests compare ours with them.
"""
import json
import sys

import tokenizers


def encode(path):
    with open(path, encoding="utf-8") as file:
        golden = json.load(file)
    tokenizer = tokenizers.Tokenizer.from_str(json.dumps(golden["tokenizer"]))
    golden["madeWith"] = f"Python tokenizers {tokenizers.__version__}"
    golden["cases"] = [[text, tokenizer.encode(text).ids] for text, *_ in golden["cases"]]
    write(path, golden)


def write(path, golden):
    """One line a case, so that a change shows."""
    head = {key: value for key, value in golden.items() if key != "cases"}
    dump = lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    lines = ",\n".join(dump(case) for case in golden["cases"])
    with open(path, "w", encoding="utf-8") as file:
        file.write(f'{dump(head)[:-1]},"cases":[\n{lines}\n]}}\n')


if __name__ == "__main__":
    for name in sys.argv[1:]:
        encode(name)
