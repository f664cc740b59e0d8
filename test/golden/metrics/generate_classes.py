"""Scores of scikit-learn for one class of several per row: confusion matrices, accuracy, F1, log loss.

Writes classes.json beside this file. Probabilities are float32, stored as float64 without loss.
"""

import json
from pathlib import Path

import numpy as np
import sklearn
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, log_loss


def case(name, seed, rows, width, signal, present=None):
    draw = np.random.default_rng(seed)
    truth = draw.integers(0, present or width, size=rows)
    logits = draw.normal(size=(rows, width))
    logits[np.arange(rows), truth] += signal
    p = (np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)).astype(np.float32)
    if signal > 20:
        p = np.round(p)  # Certain, and sometimes wrong.
        p[:3] = np.roll(p[:3], 1, axis=1)
    predicted = p.argmax(axis=1)
    labels = list(range(width))
    return {
        "name": name,
        "width": width,
        "truth": truth.tolist(),
        "probabilities": p.astype(np.float64).ravel().tolist(),
        "predicted": predicted.tolist(),
        "confusion": confusion_matrix(truth, predicted, labels=labels).ravel().tolist(),
        "accuracy": float(accuracy_score(truth, predicted)),
        "f1": f1_score(truth, predicted, labels=labels, average=None, zero_division=0).tolist(),
        "macroF1": float(f1_score(truth, predicted, labels=labels, average="macro", zero_division=0)),
        "logLoss": float(log_loss(truth, p, labels=labels)),
    }


def main():
    expected = {
        "versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__},
        "cases": [
            case("five classes", 1, 200, 5, 1.5),
            case("two classes", 2, 40, 2, 0.5),
            case("a class that never occurs", 3, 60, 4, 1.0, present=3),
            case("certain and sometimes wrong", 4, 30, 3, 60.0),
            case("one row", 5, 1, 3, 1.0),
        ],
    }
    Path(__file__).with_name("classes.json").write_text(json.dumps(expected) + "\n")


if __name__ == "__main__":
    main()
