"""Loads what the targets of tokenizers kept, with transformers' AutoTokenizer, and compares.

    npm run fuzz -- --target tokenizer-json --inputs 5000 --out FOLDER      (also tokenizer-settings, vocab-txt)
    python bench/fuzz/reference/auto_tokenizer.py FOLDER

For each folder that foldwise accepted AutoTokenizer must load it and give the same ids of the same texts.
What foldwise refuses and AutoTokenizer takes is counted by foldwise's reason. Each is loaded in a child
process, since some end it. The exit code is 1 where anything differs. Needs transformers 5.
"""

import collections
import json
import multiprocessing
import os
import re
import sys
import tempfile
import warnings
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
warnings.filterwarnings("ignore")

TARGETS = ("tokenizer-json", "tokenizer-settings", "vocab-txt")


SETTINGS = ("config.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")


def write_folder(target, data, folder):
    """Writes the files that the target writes for this input."""
    if target == "tokenizer-settings":
        for name, content in json.loads(data).items():
            if name in (*SETTINGS, "tokenizer.json", "vocab.txt"):
                text = content if isinstance(content, str) else json.dumps(content)
                Path(folder, name).write_text(text, encoding="utf-8", errors="surrogatepass")
        return
    Path(folder, "config.json").write_text('{"model_type": "bert"}')
    if target == "tokenizer-json":
        Path(folder, "tokenizer_config.json").write_text('{"tokenizer_class": "PreTrainedTokenizerFast"}')
    Path(folder, "tokenizer.json" if target == "tokenizer-json" else "vocab.txt").write_bytes(data)


def serve(pipe):
    sys.stderr = open(os.devnull, "w")
    os.dup2(sys.stderr.fileno(), 2)
    import transformers

    transformers.logging.set_verbosity(transformers.logging.CRITICAL)
    while True:
        target, data, texts = pipe.recv()
        with tempfile.TemporaryDirectory() as folder:
            try:
                write_folder(target, data, folder)
                tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
                pipe.send([tokenizer(text, truncation=True, max_length=16)["input_ids"] for text in texts])
            except BaseException as error:
                pipe.send(f"{type(error).__name__}: {error}"[:200])


class Child:
    def __init__(self):
        self.process = None

    def ask(self, *question):
        if self.process is None:
            self.pipe, other = multiprocessing.Pipe()
            self.process = multiprocessing.Process(target=serve, args=(other,), daemon=True)
            self.process.start()
            other.close()
        self.pipe.send(question)
        try:
            if self.pipe.poll(120):
                return self.pipe.recv()
            answer = "took longer than 120 s"
        except EOFError:
            answer = "ended its process"
        self.process.kill()
        self.process = None
        return answer


def main():
    root = Path(sys.argv[1])
    child = Child()
    wrong = []
    for target in TARGETS:
        outcomes = root / target / "outcomes.ndjson"
        if not outcomes.exists():
            continue
        counts, reasons = collections.Counter(), collections.Counter()
        for line in outcomes.read_text().splitlines():
            outcome = json.loads(line)
            path = next((root / target).glob(f"{outcome['index']}.*"))
            cases = outcome.get("value") or [{"text": "a", "ids": None}]
            answer = child.ask(target, path.read_bytes(), [case["text"] for case in cases])
            taken = not isinstance(answer, str)
            counts[outcome["verdict"], "taken" if taken else "not taken"] += 1
            if outcome["verdict"] == "refused" and taken:
                reasons[re.sub(r"^\S+: ", "", outcome["message"])[:100]] += 1
            if outcome["verdict"] != "accepted":
                continue
            if not taken:
                wrong.append(f"{target} {outcome['index']}: {answer}")
            for case, expected in zip(cases, answer) if taken else ():
                if case["ids"] != expected:
                    wrong.append(f"{target} {outcome['index']}: {case['ids']} instead of {expected}")
                    break
        for (verdict, library), count in sorted(counts.items()):
            print(f"{count:6} {target} {verdict}, {library} by transformers")
        for reason, count in reasons.most_common(30):
            print(f"{count:6} refused though taken: {reason}")
    print(f"{len(wrong)} differ")
    for what in wrong[:60]:
        print(f"  {what[:400]}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
