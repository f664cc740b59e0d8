"""Thresholds by objectives and methods, each found by trying every threshold with scikit-learn's scores.

Writes decisions.json beside this file. Probabilities are float32, stored as float64 without loss.

The smoothed thresholds follow Lin and Lin, "On the thresholding strategy for infrequent labels in multi-label
classification" (CIKM 2023), section 4.3, micromacro-freq: labels from the most frequent on; of each the threshold
with the highest sum of its F-measure, divided by the number of labels so far, and of the micro F-measure of these
labels; of equal ones the highest.
"""

import json
import warnings
from pathlib import Path

import numpy as np
import sklearn
from sklearn.metrics import confusion_matrix, fbeta_score, precision_score, recall_score

from generate_assessment import edge_labels, random_labels

warnings.simplefilter("ignore")
GRID = np.linspace(0.1, 0.9, 17)

OBJECTIVES = [
    "f1",
    {"fBeta": 2},
    {"fBeta": 0.5},
    {"precision": 0.6},
    {"precision": 1},
    {"recall": 0.8},
    {"recall": 1},
    {"cost": {"falsePositive": 1, "falseNegative": 5}},
    {"cost": {"falsePositive": 4, "falseNegative": 1}},
]


def fbeta(y, d, beta):
    return float(fbeta_score(y, d, beta=beta, zero_division=0))


def precision(y, d):
    return float(precision_score(y, d, zero_division=0))


def recall(y, d):
    return float(recall_score(y, d, zero_division=0))


def cost(y, d, each):
    _, false_positives, false_negatives, _ = confusion_matrix(y, d, labels=[0, 1]).ravel()
    return float(each["falsePositive"] * false_positives + each["falseNegative"] * false_negatives)


def worth(objective, y, d):
    """A pair to compare by: whether what must be held is, and what is sought."""
    if objective == "f1":
        return (True, fbeta(y, d, 1))
    if "fBeta" in objective:
        return (True, fbeta(y, d, objective["fBeta"]))
    if "cost" in objective:
        return (True, -cost(y, d, objective["cost"]))
    held, sought, least = (
        (precision, recall, objective["precision"]) if "precision" in objective else (recall, precision, objective["recall"])
    )
    return (True, sought(y, d)) if held(y, d) >= least else (False, held(y, d))


def best(objective, p, y, thresholds):
    """Of equal thresholds the lowest; the highest where a precision is held."""
    if not y.any():
        return None
    order = sorted(thresholds, reverse="precision" in objective)
    found = max(order, key=lambda t: worth(objective, y, (p >= t).astype(int)))
    hits = int(y[p >= found].sum())
    return found if hits > 0 or "cost" in objective else None


def between(p, cut):
    """Halfway to the next probability below, in float32."""
    if cut > p.max():
        return float(cut)
    below = max((q for q in p if q < cut), default=np.float32(0))
    middle = np.float32((float(below) + float(cut)) / 2)
    return float(middle if middle > below else cut)


def above(p):
    return np.nextafter(p.max(), np.float32(np.inf))


def by_objective(objective, p, y):
    p32 = p.astype(np.float32)
    on_grid = best(objective, p32.astype(np.float64), y, GRID)
    cuts = list(np.unique(p32)) + ([above(p32)] if "cost" in objective else [])
    exact = best(objective, p32, y, cuts)
    describe = lambda found, threshold: None if found is None else {
        "threshold": threshold,
        **scores(objective, y, (p32 >= np.float32(found)).astype(int)),
    }
    return {
        "grid": describe(on_grid, on_grid and round(float(on_grid), 10)),
        "exact": describe(exact, exact is not None and between(p32, exact)),
    }


def scores(objective, y, d):
    found = {
        "f1": fbeta(y, d, 1),
        "precision": precision(y, d) if d.any() else None,
        "recall": recall(y, d),
        "held": None,
    }
    if objective == "f1":
        return {**found, "score": found["f1"]}
    if "fBeta" in objective:
        return {**found, "score": fbeta(y, d, objective["fBeta"])}
    if "cost" in objective:
        return {**found, "score": cost(y, d, objective["cost"]) / len(y)}
    held, _ = worth(objective, y, d)
    return {**found, "score": found["recall" if "precision" in objective else "precision"], "held": held}


def smoothed(p, y, beta):
    p = p.astype(np.float32)
    width = y.shape[1]
    order = sorted(range(width), key=lambda i: (-y[:, i].sum(), i))
    found, decided = [None] * width, []
    for k, i in enumerate(order):
        if not y[:, i].any():
            continue
        cuts = sorted([*np.unique(p[:, i]), above(p[:, i])], reverse=True)

        def value(t):
            now = (p[:, i] >= t).astype(int)
            truth = np.concatenate([*(y[:, j] for j, _ in decided), y[:, i]])
            together = np.concatenate([*(d for _, d in decided), now])
            return fbeta(y[:, i], now, beta) / (k + 1) + fbeta(truth, together, beta)

        cut = max(cuts, key=value)
        decided.append((i, (p[:, i] >= cut).astype(int)))
        found[i] = between(p[:, i], cut)
    return found


def rare_labels(seed):
    """Labels from frequent to rare, the rare ones ranked at random."""
    draw = np.random.default_rng(seed)
    rates = np.array([0.02, 0.5, 0.2, 0.05, 0.0])
    y = (draw.random((150, 5)) < rates).astype(int)
    y[:3, 0] = [1, 0, 1]
    logits = draw.normal(size=y.shape) + np.array([0, 2.0, 1.5, 0.5, 0]) * y
    return 1 / (1 + np.exp(1 - logits)), y


def case(name, p, y):
    p = p.astype(np.float32)
    return {
        "name": name,
        "width": y.shape[1],
        "probabilities": p.astype(np.float64).ravel().tolist(),
        "labels": y.ravel().tolist(),
        "objectives": [
            {"objective": objective, "perLabel": [by_objective(objective, p[:, i], y[:, i]) for i in range(y.shape[1])]}
            for objective in OBJECTIVES
        ],
        "smoothed": {"1": smoothed(p, y, 1), "2": smoothed(p, y, 2)},
    }


def main():
    expected = {
        "versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__},
        "cases": [
            case("three labels", *random_labels(21, 60, 3, 0.3, 1.5)),
            case("ties everywhere", *random_labels(22, 40, 2, 0.4, 1.0, levels=4)),
            case("no skill", *random_labels(23, 50, 2, 0.2, 0.0)),
            case("edges", *edge_labels()),
            case("one row", np.array([[0.7, 0.2, 1.0]]), np.array([[1, 0, 1]])),
            case("rare labels", *rare_labels(24)),
        ],
    }
    Path(__file__).with_name("decisions.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
