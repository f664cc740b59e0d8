"""Scores of scikit-learn and NumPy: F1, tuned thresholds, precision-recall curves, means.

Writes expected.json beside this file. Probabilities are float32, stored as float64 without loss.
"""

import json
import warnings
from pathlib import Path

import numpy as np
import sklearn
from sklearn.metrics import confusion_matrix, f1_score, precision_recall_curve

GRID = np.linspace(0.1, 0.9, 17)


def tune(p, y):
    """The reference method's search: the first threshold with the highest F1."""
    best, threshold = -1.0, 0.5
    for t in GRID:
        score = f1_score(y, (p >= t).astype(int), zero_division=0)
        if score > best:
            best, threshold = score, t
    return float(threshold), float(best)


def tune_or_half(p, y):
    """The same, but 0.5 where no threshold gives an F1 above 0: nothing is known there."""
    threshold, best = tune(p, y)
    return (threshold, best) if best > 0 else (0.5, best)


def cross_fitted(p, y, folds):
    decided = np.zeros_like(y)
    for fold in np.unique(folds):
        inside = folds == fold
        for label in range(y.shape[1]):
            t, _ = tune_or_half(p[~inside, label], y[~inside, label])
            decided[inside, label] = p[inside, label] >= np.float32(t)
    return binary_f1(y, decided)


def binary_f1(y, predicted):
    return [float(f1_score(y[:, i], predicted[:, i], zero_division=0)) for i in range(y.shape[1])]


def curve(p, y):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        precision, recall, thresholds = precision_recall_curve(y, p)
    return {
        "precision": precision.tolist(),
        "recall": recall.tolist(),
        "thresholds": thresholds.astype(np.float64).tolist(),
    }


def case(name, p, y, folds):
    p = p.astype(np.float32)
    half = (p >= 0.5).astype(int)
    width = y.shape[1]
    reference = [tune(p[:, i], y[:, i]) for i in range(width)]
    tuned = [tune_or_half(p[:, i], y[:, i]) for i in range(width)]
    # A macro average over two or more labels; scikit-learn reads one column as binary.
    macro = f1_score(y, half, average="macro", zero_division=0) if width > 1 else binary_f1(y, half)[0]
    return {
        "name": name,
        "width": width,
        "probabilities": p.astype(np.float64).ravel().tolist(),
        "labels": y.ravel().tolist(),
        "folds": folds.tolist(),
        "confusion": [confusion_matrix(y[:, i], half[:, i], labels=[0, 1]).ravel().tolist() for i in range(width)],
        "f1AtHalf": binary_f1(y, half),
        "macroAtHalf": float(macro),
        "support": y.sum(axis=0).tolist(),
        "referenceThresholds": [t for t, _ in reference],
        "thresholds": [t for t, _ in tuned],
        "tuned": [f for _, f in tuned],
        "byThreshold": [
            [float(f1_score(y[:, i], (p[:, i] >= t).astype(int), zero_division=0)) for t in GRID]
            for i in range(width)
        ],
        "crossFitted": cross_fitted(p, y, folds),
        "curves": [curve(p[:, i], y[:, i]) for i in range(width)],
    }


def random_case(name, seed, rows, width, rate, signal):
    draw = np.random.default_rng(seed)
    y = (draw.random((rows, width)) < rate).astype(int)
    logits = draw.normal(size=(rows, width)) + signal * y - 1
    return case(name, 1 / (1 + np.exp(-logits)), y, draw.integers(1, 6, size=rows))


def grid_case():
    """Every probability is a float32 nearest to a threshold of the grid: ties decide everything."""
    draw = np.random.default_rng(3)
    p = draw.choice(GRID.astype(np.float32), size=(170, 3))
    y = (draw.random((170, 3)) < p).astype(int)
    return case("probabilities on the grid", p, y, draw.integers(1, 4, size=170))


def degenerate_case():
    draw = np.random.default_rng(4)
    p = draw.random((40, 4))
    y = np.zeros((40, 4), dtype=int)
    y[:, 1] = 1
    p[:, 2] = 0.25
    y[:20, 2] = 1
    p[:, 3] = 0.01
    y[3, 3] = 1
    return case("no positives, all positives, one score, none above the grid", p, y, draw.integers(1, 3, size=40))


def means():
    draw = np.random.default_rng(5)
    models = [draw.random((9, 5), dtype=np.float32) for _ in range(7)]
    return [
        {
            "models": [m.astype(np.float64).ravel().tolist() for m in models[:count]],
            "mean": np.mean(models[:count], axis=0).astype(np.float64).ravel().tolist(),
        }
        for count in (1, 3, 5, 7)
    ]


def main():
    expected = {
        "versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__},
        "grid": GRID.tolist(),
        "cases": [
            random_case("random, five labels", 1, 120, 5, 0.3, 1.5),
            random_case("random, two labels", 2, 60, 2, 0.1, 0.5),
            random_case("one label", 6, 30, 1, 0.4, 1.0),
            grid_case(),
            degenerate_case(),
        ],
        "means": means(),
    }
    path = Path(__file__).with_name("expected.json")
    path.write_text(json.dumps(expected, separators=(",", ":")) + "\n")


main()
