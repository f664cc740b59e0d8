"""Compares the ids that `npm run bench -- tokenizers --out FOLDER` kept with those of the libraries.

    python bench/tokenizers/reference.py FOLDER [--golden FILE]

Of each kind the ids must be those of transformers' AutoTokenizer, of an `spm.model` those of the sentencepiece
library between literal special tokens; and AutoTokenizer must give the ids of the kind's own files with the files
that foldwise exports of it. With --golden the hashes of the libraries' ids are written for the tests. The exit code
is 1 where the ids of a kind's own files differ. Needs transformers and sentencepiece.
"""

import argparse
import hashlib
import json
import os
import re
import sys
import warnings
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
warnings.filterwarnings("ignore")

import sentencepiece
import transformers
from transformers import AutoTokenizer

transformers.logging.set_verbosity(transformers.logging.CRITICAL)

BLOCK = 100
# The frame of DeBERTa-v2 and v3, whose literals in a text are these tokens and not their letters.
SPECIAL = {"[PAD]": 0, "[CLS]": 1, "[SEP]": 2, "[UNK]": 3}
LITERAL = re.compile(r"(\[PAD\]|\[CLS\]|\[SEP\]|\[UNK\]|\[MASK\])")


def of_transformers(folder, texts, length):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    return [tokenizer(text, truncation=True, max_length=length)["input_ids"] for text in texts]


def of_sentencepiece(folder, texts, length):
    """Pieces of what lies between literal special tokens, in the frame [CLS] … [SEP]."""
    model = sentencepiece.SentencePieceProcessor(model_file=str(folder / "spm.model"))
    special = {**SPECIAL, "[MASK]": model.get_piece_size()}

    def ids(text):
        parts = [[special[part]] if part in special else model.encode(part) for part in LITERAL.split(text) if part]
        return [1] + [id for part in parts for id in part][: length - 2] + [2]

    return [ids(text) for text in texts]


def differing(ours, theirs, texts):
    return [(text, a, b) for text, a, b in zip(texts, ours, theirs) if a != b]


def hashes(ids):
    lines = ["".join(f"{' '.join(map(str, each))}\n" for each in ids[i : i + BLOCK]) for i in range(0, len(ids), BLOCK)]
    return [hashlib.sha256(block.encode()).hexdigest()[:12] for block in lines]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--golden", type=Path)
    options = arguments.parse_args()
    asked = json.loads((options.folder / "texts.json").read_text())
    texts, length = asked["texts"], asked["maxLength"]
    golden, wrong = {}, 0
    for place in sorted((path for path in options.folder.iterdir() if path.is_dir()), key=lambda path: int(path.name)):
        kept = json.loads((place / "ids.json").read_text())
        truth = of_sentencepiece if kept["truth"] == "sentencepiece" else of_transformers
        expected = truth(place / "files", texts, length)
        if kept["isOurs"]:
            golden[kept["name"]] = hashes(expected)
        own = differing(kept["own"], expected, texts)
        exported = differing(kept["exported"], kept["own"], texts)
        outside = differing(of_transformers(place / "export", texts, length), kept["own"], texts)
        wrong += len(own)
        told = f"{len(own):5} differ from {kept['truth']}, {len(exported):5} exported read by us, {len(outside):5} by transformers"
        if kept["truth"] == "sentencepiece":
            decided = differing(of_transformers(place / "files", texts, length), expected, texts)
            told += f"; {len(decided):5} are otherwise in transformers"
        print(f"{kept['name']}: {len(texts)} texts, {told}", flush=True)
        for text, ours, theirs in own[:5]:
            print(f"    {text[:60]!r}\n      ours {ours[:40]}\n      not  {theirs[:40]}")
        for text, theirs, ours in outside[:2]:
            print(f"    exported: {text[:60]!r}\n      theirs {theirs[:40]}\n      ours   {ours[:40]}")
    if options.golden is not None:
        versions = {"transformers": transformers.__version__, "sentencepiece": sentencepiece.__version__}
        lines = ",\n".join(f"{json.dumps(name)}:{json.dumps(value, separators=(',', ':'))}" for name, value in golden.items())
        options.golden.write_text(f'{{"versions":{json.dumps(versions)},"maxLength":{length},"kinds":{{\n{lines}\n}}}}\n')
    print(f"{wrong} differ")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
