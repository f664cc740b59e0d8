"""Label issues by cleanlab (confident learning, Northcutt et al. 2021): per label, per row, and of classes.

Writes label_issues.json beside this file. Probabilities are float32, stored as float64 without loss. cleanlab breaks
ties as NumPy's unstable sort happens to: here its sorts are stable, so that of equal rows the first count. Where
cleanlab refuses a table (every row has the label, or there is one class), its answer is null.

    python3 -m venv venv && venv/bin/pip install cleanlab==2.9.0 && venv/bin/python generate_label_issues.py
"""

import json
import warnings
from pathlib import Path

import cleanlab
import numpy as np
from cleanlab.count import compute_confident_joint
from cleanlab.filter import find_label_issues
from cleanlab.internal.multilabel_utils import onehot2int
from cleanlab.multilabel_classification import filter as multilabel
from cleanlab.rank import get_label_quality_scores

warnings.simplefilter("ignore")
unstable = np.argsort
np.argsort = lambda values, *args, **kwargs: unstable(values, *args, **{**kwargs, "kind": "stable"})


def answered(work):
    try:
        return work()
    except (ValueError, AssertionError):
        return None


def of_column(p, y):
    both = np.vstack([1 - p, p]).T
    return answered(
        lambda: {
            "ranked": find_label_issues(y, both, return_indices_ranked_by="self_confidence", n_jobs=1).tolist(),
            "joint": compute_confident_joint(y, both).tolist(),
            "scores": get_label_quality_scores(y, both).tolist(),
        }
    )


def labels_case(name, p, y):
    p = p.astype(np.float32).astype(np.float64)
    rows = answered(
        lambda: np.flatnonzero(multilabel.find_label_issues(onehot2int(y), p, n_jobs=1)).tolist()
    )
    return {
        "name": name,
        "width": p.shape[1],
        "probabilities": p.ravel().tolist(),
        "labels": y.ravel().tolist(),
        "columns": [of_column(p[:, k], y[:, k]) for k in range(p.shape[1])],
        "rows": rows,
    }


def classes_case(name, p, y):
    p = p.astype(np.float32).astype(np.float64)
    return {
        "name": name,
        "width": p.shape[1],
        "probabilities": p.ravel().tolist(),
        "classes": y.tolist(),
        "issues": answered(
            lambda: {
                "ranked": find_label_issues(
                    y, p, return_indices_ranked_by="self_confidence", n_jobs=1
                ).tolist(),
                "joint": compute_confident_joint(y, p).tolist(),
                "scores": get_label_quality_scores(y, p).tolist(),
                "margins": get_label_quality_scores(y, p, method="normalized_margin").tolist(),
            }
        ),
    }


def noisy_labels(seed, rows, width, rate, skill, noise, levels=None):
    draw = np.random.default_rng(seed)
    truth = (draw.random((rows, width)) < rate).astype(int)
    given = np.where(draw.random((rows, width)) < noise, 1 - truth, truth)
    logits = skill * (2 * truth - 1) + draw.normal(size=(rows, width)) + np.log(rate / (1 - rate)) / 2
    p = 1 / (1 + np.exp(-logits))
    return (p if levels is None else np.round(p * levels) / levels), given


def noisy_classes(seed, rows, width, skill, noise, levels=None, present=None):
    draw = np.random.default_rng(seed)
    truth = draw.integers(0, present or width, size=rows)
    given = np.where(draw.random(rows) < noise, draw.integers(0, present or width, size=rows), truth)
    logits = draw.normal(size=(rows, width))
    logits[np.arange(rows), truth] += skill
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return (p if levels is None else np.round(p * levels) / levels), given


ones, zeros = np.ones((6, 1), int), np.zeros((6, 1), int)
ramp = np.linspace(0.05, 0.95, 6)[:, None]
labels = [
    labels_case("noise", *noisy_labels(1, 300, 4, 0.3, 2, 0.08)),
    labels_case("rare labels", *noisy_labels(2, 400, 3, 0.03, 2.5, 0.05)),
    labels_case("no skill", *noisy_labels(3, 200, 2, 0.4, 0, 0.1)),
    labels_case("ties", *noisy_labels(4, 250, 3, 0.4, 1.5, 0.15, levels=8)),
    labels_case("certain", *noisy_labels(5, 120, 2, 0.5, 9, 0.1, levels=1)),
    labels_case("no positives", ramp, zeros),
    labels_case("all positives", ramp, ones),
    labels_case("one positive", ramp, np.eye(6, 1, dtype=int)),
    labels_case("all alike", np.full((6, 2), 0.5), np.tile([[0, 1], [1, 0]], (3, 1))),
    labels_case("one row", np.array([[0.9, 0.1]]), np.array([[0, 0]])),
    labels_case("never predicted", np.full((40, 1), 0.01), (np.arange(40)[:, None] % 4 == 0).astype(int)),
]
classes = [
    classes_case("noise", *noisy_classes(11, 300, 4, 2.5, 0.1)),
    classes_case("two classes", *noisy_classes(12, 200, 2, 1.5, 0.1)),
    classes_case("many classes", *noisy_classes(13, 400, 20, 2, 0.2)),
    classes_case("ties", *noisy_classes(14, 250, 3, 1.5, 0.2, levels=4)),
    classes_case("a class that is absent", *noisy_classes(15, 150, 4, 2, 0.2, present=3)),
    classes_case("no skill", *noisy_classes(16, 150, 3, 0, 0.1)),
    classes_case("one row", np.array([[0.2, 0.8]]), np.array([0])),
    classes_case("one class", np.array([[0.2, 0.8], [0.4, 0.6], [0.9, 0.1]]), np.array([1, 1, 1])),
    classes_case("never predicted", np.tile([0.9, 0.05, 0.05], (30, 1)), np.arange(30) % 3),
    classes_case("one row of a class", np.array([[0.9, 0.1], [0.2, 0.8], [0.3, 0.7]]), np.array([1, 1, 0])),
]
written = {"versions": {"cleanlab": cleanlab.__version__, "numpy": np.__version__}, "labels": labels, "classes": classes}
Path(__file__).with_name("label_issues.json").write_text(json.dumps(written) + "\n")
