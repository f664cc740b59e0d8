"""Reads what the target sentencepiece-model kept, with the sentencepiece library, and compares.

    npm run fuzz -- --target sentencepiece-model --inputs 5000 --out FOLDER
    python bench/fuzz/reference/sentencepiece_model.py FOLDER

For each model that foldwise accepted the library must accept it too and give the same ids of the same
texts. A model that foldwise refuses and the library takes is counted, and named by foldwise's reason: the
frame of DeBERTa, which is not the library's, asks for pieces that a model need not have. The exit code is
1 where anything differs. Needs sentencepiece; the version that is followed is 0.2.3.
"""

import collections
import json
import sys
from pathlib import Path

import sentencepiece

folder = Path(sys.argv[1]) / "sentencepiece-model"
counts = collections.Counter()
reasons = collections.Counter()
wrong = []
for line in (folder / "outcomes.ndjson").read_text().splitlines():
    outcome = json.loads(line)
    if outcome["verdict"] not in ("accepted", "refused"):
        continue
    try:
        # Not LoadFromSerializedProto of the constructor: it would take empty bytes for no model at all.
        library = sentencepiece.SentencePieceProcessor()
        library.LoadFromSerializedProto((folder / f"{outcome['index']}.model").read_bytes())
        library.encode("a")
        taken = True
    except (RuntimeError, UnicodeDecodeError):  # the latter where a message quotes a piece
        taken = False
    counts[outcome["verdict"], "taken" if taken else "not taken"] += 1
    if outcome["verdict"] == "refused":
        if taken:
            reasons[outcome["message"].split(": ", 1)[1][:90]] += 1
        continue
    if not taken:
        wrong.append((outcome["index"], "the library does not take it"))
        continue
    for case in outcome["value"]:
        expected = library.encode(case["text"])
        if expected != case["ids"]:
            wrong.append((outcome["index"], f"{case['text'][:30]!r}: {case['ids'][:20]} instead of {expected[:20]}"))
            break

for (verdict, library), count in sorted(counts.items()):
    print(f"{count:6} {verdict}, {library} by sentencepiece {sentencepiece.__version__}")
for reason, count in reasons.most_common():
    print(f"{count:6} refused though taken: {reason}")
print(f"{len(wrong)} differ")
for index, what in wrong[:40]:
    print(f"  {index}: {what}")
sys.exit(1 if wrong else 0)
