"""Loads an exported ensemble as anyone would, and scores texts with each of its models and with its graph.

    python test/golden/load_ensemble.py FOLDER < request.json

The request is a list of texts. Printed is one JSON object: of each model, by its folder, the probabilities that
transformers and the ONNX file give (and the float16 one, where there is one), and the probabilities and decisions of
`ensemble.onnx`, null where there is none. Nothing but ensemble.json says where things are. The versions in use are
those of bench/requirements.txt.
"""

import json
import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy
import onnxruntime
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

folder = sys.argv[1]
texts = json.load(sys.stdin)
manifest = json.load(open(os.path.join(folder, "ensemble.json"), encoding="utf-8"))


def probabilities(logits):
    logits = torch.tensor(logits).double()
    return (logits.sigmoid() if manifest["task"] == "multi-label" else logits.softmax(-1)).tolist()


def fed(session, encoded):
    names = {value.name for value in session.get_inputs()}
    return {name: value.astype(numpy.int64) for name, value in encoded.items() if name in names}


def load(place):
    path = os.path.join(folder, place)
    tokenizer = AutoTokenizer.from_pretrained(path)
    model = AutoModelForSequenceClassification.from_pretrained(path, dtype=torch.float32).eval()
    with torch.no_grad():
        logits = model(**tokenizer(texts, truncation=True, padding=True, return_tensors="pt")).logits.numpy()
    encoded = tokenizer(texts, truncation=True, padding=True, return_tensors="np")
    given = {"transformers": probabilities(logits)}
    for name in ("model", "model_fp16"):
        file = os.path.join(path, "onnx", name + ".onnx")
        if os.path.exists(file):
            session = onnxruntime.InferenceSession(file)
            given[name] = probabilities(session.run(["logits"], fed(session, encoded))[0])
    return given, encoded


models = {}
for member in manifest["members"]:
    for model in member["models"]:
        models[model["folder"]], encoded = load(model["folder"])

graph = None
file = os.path.join(folder, "ensemble.onnx")
if os.path.exists(file):
    session = onnxruntime.InferenceSession(file)
    scores, decisions = session.run(["probabilities", "decisions"], fed(session, encoded))
    graph = {"probabilities": scores.astype(float).tolist(), "decisions": decisions.tolist()}

print(json.dumps({"models": models, "graph": graph}))
