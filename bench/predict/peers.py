"""Scoring texts in Python, as users of transformers and of ONNX Runtime do: other sides of the benchmark.

    python bench/predict/peers.py SIDE FOLDER TEXTS.json THREADS MAX_LENGTH

SIDE: `pytorch` (batches of 32 in the order given, each padded to its longest text), `pytorch-sorted` (the same, sorted
by length first), `onnxruntime` (the exported ONNX model at ONNX Runtime's highest level of optimisation),
`onnxruntime-optimizer` (fused before by onnxruntime.transformers.optimizer, which needs the package onnx).
Protocol: one line of JSON for each line of stdin; README.md has it.
"""

import json
import os
import resource
import sys
import time

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
from transformers import AutoTokenizer

BATCH = 32
# Stdout is for answers alone, whatever a library prints.
ANSWERS = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
SIDE, FOLDER, TEXTS, THREADS, MAX_LENGTH = sys.argv[1:6]


def pytorch():
    import torch
    import transformers
    from transformers import AutoModelForSequenceClassification

    torch.set_num_threads(int(THREADS))
    model = AutoModelForSequenceClassification.from_pretrained(FOLDER, dtype=torch.float32).eval()

    def logits(encoded):
        with torch.inference_mode():
            return model(**{name: torch.from_numpy(value) for name, value in encoded.items()}).logits.numpy()

    return logits, f"PyTorch {torch.__version__}, transformers {transformers.__version__}"


def onnxruntime(path, version=""):
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = int(THREADS)
    options.inter_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = {put.name for put in session.get_inputs()}

    def logits(encoded):
        return session.run(["logits"], {name: value for name, value in encoded.items() if name in names})[0]

    return logits, f"onnxruntime {ort.__version__}{version}"


def optimized():
    from onnxruntime.transformers import optimizer

    with open(os.path.join(FOLDER, "config.json"), encoding="utf-8") as file:
        config = json.load(file)
    target = os.path.join(FOLDER, "onnx", "optimized.onnx")
    model = optimizer.optimize_model(
        os.path.join(FOLDER, "onnx", "model.onnx"),
        model_type="bert",
        num_heads=config["num_attention_heads"],
        hidden_size=config["hidden_size"],
        opt_level=1,
    )
    fused = sum(model.get_fused_operator_statistics().values())
    model.save_model_to_file(target, use_external_data_format=True)
    return onnxruntime(target, f", {fused} operators fused")


def say(answer):
    print(json.dumps(answer), file=ANSWERS, flush=True)


def main():
    with open(TEXTS, encoding="utf-8") as file:
        texts = json.load(file)
    tokenizer = AutoTokenizer.from_pretrained(FOLDER)
    make = {
        "pytorch": pytorch,
        "pytorch-sorted": pytorch,
        "onnxruntime": lambda: onnxruntime(os.path.join(FOLDER, "onnx", "model.onnx")),
        "onnxruntime-optimizer": optimized,
    }[SIDE]
    logits, version = make()

    def batch(asked):
        encoded = tokenizer(asked, padding=True, truncation=True, max_length=int(MAX_LENGTH), return_tensors="np")
        return logits({name: value.astype(np.int64) for name, value in encoded.items()})

    def score(asked):
        order = list(range(len(asked)))
        if SIDE == "pytorch-sorted":
            order.sort(key=lambda i: len(asked[i]))
        rows = [None] * len(asked)
        for first in range(0, len(order), BATCH):
            chosen = order[first : first + BATCH]
            for place, row in zip(chosen, batch([asked[i] for i in chosen])):
                rows[place] = row
        return (1 / (1 + np.exp(-np.stack(rows)))).ravel().tolist()

    score(texts[:BATCH])
    say({"ready": True, "version": version})
    for line in sys.stdin:
        command, *numbers = line.split()
        if command == "peak":
            unit = 1 if sys.platform == "darwin" else 1024
            say({"peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit})
            continue
        first, end = map(int, numbers)
        start = time.perf_counter()
        probabilities = score(texts[first:end])
        say({"seconds": time.perf_counter() - start, "probabilities": probabilities})


if __name__ == "__main__":
    main()
