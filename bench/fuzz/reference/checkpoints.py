"""Reads the inputs of a fuzz campaign with the libraries that define the formats.

    npm run fuzz -- --target safetensors --target torch-archive --target model-config --out FOLDER
    python bench/fuzz/reference/checkpoints.py FOLDER

Prints, for each target, how many inputs foldwise accepted, and which of those the reference refuses or
understands otherwise. With --refused it reads and counts what foldwise refuses, too, which may take any amount
of time and memory: a reference has fewer bounds. The exit code is 1 where the two differ in
what foldwise accepted. Needs torch, safetensors, transformers and numpy.
"""

import hashlib
import json
import pathlib
import sys
import tempfile
import warnings

import numpy
import safetensors.torch
import torch
import transformers

warnings.filterwarnings("ignore")
transformers.logging.set_verbosity_error()


def understood(tensors):
    """As bench/fuzz/understood-weights.ts says it."""
    result = []
    for name in sorted(tensors, key=lambda name: name.encode("utf-16-be", "surrogatepass")):
        values = tensors[name].detach().to("cpu").to(torch.float32).contiguous().numpy().reshape(-1).copy()
        values[numpy.isnan(values)] = numpy.frombuffer(b"\0\0\xc0\x7f", dtype="<f4")[0]
        digest = hashlib.sha256(values.astype("<f4").tobytes()).hexdigest()
        result.append({"name": name, "shape": list(tensors[name].shape), "sha256": digest})
    return result


def read_safetensors(path):
    return understood(safetensors.torch.load_file(path))


def read_torch(path):
    loaded = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(loaded, dict) or not all(isinstance(value, torch.Tensor) for value in loaded.values()):
        raise TypeError("not a state dict")
    return understood(loaded)


def read_config(path):
    """The parameters of the classifier that transformers makes of it, without their numbers."""
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "config.json").write_bytes(path.read_bytes())
        config = transformers.AutoConfig.from_pretrained(folder)
    config.num_labels = 3
    config.problem_type = "multi_label_classification"
    with torch.device("meta"):
        model = transformers.AutoModelForSequenceClassification.from_config(config)
    # Without relative attention it is made, and never used.
    unused = "deberta.encoder.LayerNorm." if not getattr(config, "relative_attention", True) else "-"
    parameters = ({"name": name, "shape": list(value.shape)} for name, value in model.named_parameters() if not name.startswith(unused))
    return sorted(parameters, key=lambda one: one["name"])


readers = {"safetensors": read_safetensors, "torch-archive": read_torch, "model-config": read_config}


def compare(folder, read):
    counts = {"accepted": 0, "equal": 0, "wrongly accepted": 0, "understood otherwise": 0, "refused": 0}
    if "--refused" in sys.argv:
        counts["refused by foldwise alone"] = 0
    for line in (folder / "outcomes.ndjson").read_text().splitlines():
        outcome = json.loads(line)
        path = next(folder.glob(f"{outcome['index']}.*"))
        accepted = outcome["verdict"] == "accepted"
        counts["accepted" if accepted else "refused"] += 1
        if not accepted and "--refused" not in sys.argv:
            continue
        try:
            theirs = read(path)
        except BaseException as error:  # what a reference raises is of any kind, a panic included
            if isinstance(error, KeyboardInterrupt):
                raise
            if accepted:
                counts["wrongly accepted"] += 1
                print(f"  {path.name}: the reference refuses it: {str(error)[:200]!r}")
            continue
        if not accepted:
            counts["refused by foldwise alone"] += 1
            print(f"  {path.name}: foldwise alone refuses it: {outcome['message'][:200]}")
            continue
        ours = sorted(outcome["value"], key=lambda one: one["name"].encode("utf-16-be", "surrogatepass"))
        if ours == theirs:
            counts["equal"] += 1
        else:
            counts["understood otherwise"] += 1
            print(f"  {path.name}: understood otherwise: {str(ours)[:300]} but {str(theirs)[:300]}")
    return counts


def main():
    root = pathlib.Path(sys.argv[1])
    differ = False
    for target, read in readers.items():
        if not (root / target / "outcomes.ndjson").exists():
            continue
        counts = compare(root / target, read)
        print(f"{target}: " + ", ".join(f"{count} {what}" for what, count in counts.items()))
        differ = differ or counts["wrongly accepted"] + counts["understood otherwise"] > 0
    sys.exit(1 if differ else 0)


main()
