"""Loads exported models as anyone would, and scores texts with them.

    python test/golden/load_exported.py FOLDER… < request.json

The request is {"texts": [...], "maxLength": n}. Printed is one JSON object a line for each folder: the classes
that transformers chose, the tensors it missed or did not expect, the labels, per text its token ids and
probabilities, and what the tokenizer's own settings give: its length, its inputs, and the logits of the ONNX file
fed with what it returns (null without onnxruntime).
No model code of the folder is run. The versions in use are those of bench/requirements.txt.
"""

import json
import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

request = json.load(sys.stdin)


def load(folder):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model, loading = AutoModelForSequenceClassification.from_pretrained(
        folder, dtype=torch.float32, output_loading_info=True
    )
    model.eval()

    cut = dict(truncation=True, max_length=request["maxLength"])
    ids = [tokenizer(text, **cut)["input_ids"] for text in request["texts"]]
    batch = tokenizer(request["texts"], padding=True, return_tensors="pt", **cut)
    with torch.no_grad():
        logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits

    own = tokenizer(request["texts"], truncation=True, padding=True, return_tensors="np")
    onnx = None
    try:
        import onnxruntime

        session = onnxruntime.InferenceSession(os.path.join(folder, "onnx", "model.onnx"))
        onnx = session.run(["logits"], {name: value.astype("int64") for name, value in own.items()})[0]
    except ImportError:
        pass

    return {
        "model": type(model).__name__,
        "problemType": model.config.problem_type,
        "labels": [model.config.id2label[i] for i in range(model.config.num_labels)],
        "missing": sorted(loading["missing_keys"]),
        "unexpected": sorted(loading["unexpected_keys"]),
        "ids": ids,
        "modelMaxLength": tokenizer.model_max_length,
        "inputNames": list(own.keys()),
        "longest": int(own["input_ids"].shape[1]),
        "onnx": None if onnx is None else torch.sigmoid(torch.tensor(onnx).double()).tolist(),
        "probabilities": torch.sigmoid(logits.double()).tolist(),
    }


for folder in sys.argv[1:]:
    print(json.dumps(load(folder)))
