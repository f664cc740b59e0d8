"""What scikit-learn, SciPy and NumPy say of decisions and probabilities: averages, ranking, calibration, intervals.

Writes assessment.json beside this file. Probabilities are float32, stored as float64 without loss; a score that is
not defined is null.
"""

import json
import warnings
from pathlib import Path

import numpy as np
import scipy
import sklearn
from scipy.stats import binomtest
from sklearn.calibration import calibration_curve
from sklearn.dummy import DummyClassifier
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    brier_score_loss,
    f1_score,
    jaccard_score,
    roc_auc_score,
)

from generate_ensembles import drawn_rows

BINS = 15
warnings.simplefilter("ignore")


def calibration_error(p, happened):
    """By the bins of calibration_curve, weighted by their rows."""
    true, mean = calibration_curve(happened, p, n_bins=BINS, strategy="uniform")
    bins = np.searchsorted(np.linspace(0, 1, BINS + 1)[1:-1], p)
    rows = np.bincount(bins, minlength=BINS)
    return float(np.abs(true - mean) @ rows[rows > 0] / len(p))


def probability_scores(p, y):
    p = p.astype(np.float64)
    return {
        "averagePrecision": float(average_precision_score(y, p)) if y.any() else None,
        "rocAuc": float(roc_auc_score(y, p)) if 0 < y.sum() < len(y) else None,
        "brier": float(np.mean((p - y) ** 2)) if y.min() == y.max() else float(brier_score_loss(y, p)),
        "calibrationError": calibration_error(p, y),
    }


def mean_of(scores):
    def over(name):
        defined = [each[name] for each in scores if each[name] is not None]
        return float(np.mean(defined)) if defined else None

    return {name: over(name) for name in scores[0]}


def averages(y, d):
    if y.shape[1] == 1:  # scikit-learn takes one column for two classes: a second that is never true adds nothing.
        y, d = (np.hstack([matrix, np.zeros_like(matrix)]) for matrix in (y, d))
    by = lambda average: float(f1_score(y, d, average=average, zero_division=0))
    return {
        "microF1": by("micro"),
        "weightedF1": by("weighted"),
        "samplesF1": by("samples"),
        "subsetAccuracy": float(accuracy_score(y, d)),
        "jaccard": float(jaccard_score(y, d, average="samples", zero_division=0)),
    }


def f1(y, d):
    return f1_score(y, d, zero_division=0)


def no_skill(y):
    """Always yes, and the mean of many guesses with its standard error. Takes minutes."""
    x = np.zeros((len(y), 1))
    always = DummyClassifier(strategy="constant", constant=1).fit(x, y) if y.any() else None
    guesses = [
        f1(y, DummyClassifier(strategy="stratified", random_state=seed).fit(x, y).predict(x)) for seed in range(300)
    ]
    return {
        "always": float(f1(y, always.predict(x))) if always else 0.0,
        "guess": float(np.mean(guesses)),
        "guessError": float(np.std(guesses) / np.sqrt(len(guesses))),
    }


def always_f1(y):
    return f1(y, np.ones_like(y))


def ends(y, d):
    """The exact interval of an F1 of 0 or 1, by that of the share of hits."""
    hits, either = int((y & d).sum()), int((y | d).sum())
    share = binomtest(hits, either).proportion_ci(0.95, "exact")
    return [2 * s / (1 + s) for s in share]


def label_interval(y, d, drawn):
    if not y.any():
        return [None, None]
    score = f1(y, d)
    if score in (0, 1):
        return ends(y, d)
    return np.quantile([f1(y[at], d[at]) for at in drawn], [0.025, 0.975]).tolist()


def over_no_skill(y, d, drawn):
    if not y.any():
        return [None, None]
    return np.quantile([f1(y[at], d[at]) - always_f1(y[at]) for at in drawn], [0.025, 0.975]).tolist()


def label_case(name, p, y):
    p = p.astype(np.float32)
    rows, width = y.shape
    half, other = (p >= 0.5).astype(int), (p >= np.float32(0.35)).astype(int)
    drawn = [drawn_rows(resample, rows) for resample in range(1000)]
    scores = [probability_scores(p[:, i], y[:, i]) for i in range(width)]
    macro = lambda at, d: np.mean([f1(y[at, i], d[at, i]) for i in range(width)])
    always = lambda at: np.mean([always_f1(y[at, i]) for i in range(width)])
    return {
        "name": name,
        "width": width,
        "labels": y.ravel().tolist(),
        "probabilities": p.astype(np.float64).ravel().tolist(),
        "averages": {"atHalf": averages(y, half), "crossFitted": averages(y, other)},
        "perLabel": [
            {
                **scores[i],
                "noSkill": no_skill(y[:, i]),
                "atHalf": label_interval(y[:, i], half[:, i], drawn),
                "crossFitted": label_interval(y[:, i], other[:, i], drawn),
                "overNoSkill": over_no_skill(y[:, i], other[:, i], drawn),
            }
            for i in range(width)
        ],
        "macro": {
            **mean_of(scores),
            "atHalf": np.quantile([macro(at, half) for at in drawn], [0.025, 0.975]).tolist(),
            "crossFitted": np.quantile([macro(at, other) for at in drawn], [0.025, 0.975]).tolist(),
            "overNoSkill": np.quantile([macro(at, other) - always(at) for at in drawn], [0.025, 0.975]).tolist(),
        },
    }


def class_case(name, p, truth):
    p = p.astype(np.float32)
    rows, width = p.shape
    classes = list(range(width))
    y = np.eye(width, dtype=int)[truth]
    decided = p.argmax(axis=1)
    drawn = [drawn_rows(resample, rows) for resample in range(1000)]
    macro = lambda truth, d: f1_score(truth, d, labels=classes, average="macro", zero_division=0)
    most = lambda truth: np.full_like(truth, np.bincount(truth, minlength=width).argmax())
    # All classes have to occur: only then is the mean over the classes scikit-learn's.
    complete = len(set(truth.tolist())) == width
    wide = p.astype(np.float64) / p.astype(np.float64).sum(axis=1, keepdims=True)
    pairs = roc_auc_score(truth, wide[:, 1] if width == 2 else wide, multi_class="ovr") if complete and rows > 1 else None
    return {
        "name": name,
        "width": width,
        "truth": truth.tolist(),
        "probabilities": p.astype(np.float64).ravel().tolist(),
        "weightedF1": float(f1_score(truth, decided, average="weighted", zero_division=0)),
        "rocAuc": pairs,
        "brier": float(np.mean(((p.astype(np.float64) - y) ** 2).sum(axis=1))),
        "calibrationError": calibration_error(p.max(axis=1).astype(np.float64), (decided == truth).astype(int)),
        "noSkillMacro": {"always": float(macro(truth, most(truth))), "guess": 1 / width},
        "noSkillAccuracy": {
            "always": float(accuracy_score(truth, most(truth))),
            "guess": float((np.bincount(truth, minlength=width) / rows) @ (np.bincount(truth, minlength=width) / rows)),
        },
        "accuracy": np.quantile([accuracy_score(truth[at], decided[at]) for at in drawn], [0.025, 0.975]).tolist(),
        "accuracyOverNoSkill": np.quantile(
            [
                accuracy_score(truth[at], decided[at]) - np.bincount(truth[at], minlength=width).max() / rows
                for at in drawn
            ],
            [0.025, 0.975],
        ).tolist(),
        "macro": np.quantile([macro(truth[at], decided[at]) for at in drawn], [0.025, 0.975]).tolist(),
    }


def random_labels(seed, rows, width, rate, signal, levels=None):
    draw = np.random.default_rng(seed)
    y = (draw.random((rows, width)) < rate).astype(int)
    p = 1 / (1 + np.exp(-(draw.normal(size=(rows, width)) + signal * y - 1)))
    return (np.round(p * levels) / levels if levels else p), y


def edge_labels():
    """No positives, all positives, one score for all, never found, found without fault."""
    draw = np.random.default_rng(4)
    p = draw.random((30, 5))
    y = np.zeros((30, 5), dtype=int)
    y[:, 1] = 1
    p[:, 2] = 0.25
    y[:14, 2] = 1
    p[:, 3] = 0.01
    y[3, 3] = 1
    y[:8, 4] = 1
    p[:, 4] = np.where(y[:, 4] == 1, 0.9, 0.1)
    return p, y


def random_classes(seed, rows, width, signal, present=None, levels=None):
    draw = np.random.default_rng(seed)
    truth = np.minimum(draw.geometric(0.4, size=rows) - 1, (present or width) - 1)
    logits = draw.normal(size=(rows, width))
    logits[np.arange(rows), truth] += signal
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return (np.round(p * levels) / levels if levels else p), truth


def main():
    expected = {
        "versions": {"scikit-learn": sklearn.__version__, "scipy": scipy.__version__, "numpy": np.__version__},
        "labels": [
            label_case("three labels", *random_labels(1, 60, 3, 0.3, 1.5)),
            label_case("a rare label alone", *random_labels(2, 50, 1, 0.1, 1.0)),
            label_case("ties everywhere", *random_labels(3, 40, 2, 0.4, 1.0, levels=4)),
            label_case("edges", *edge_labels()),
            label_case("one row", np.array([[0.7, 0.2, 0.9]]), np.array([[1, 1, 0]])),
        ],
        "classes": [
            class_case("four classes", *random_classes(5, 60, 4, 1.5)),
            class_case("two classes with ties", *random_classes(6, 40, 2, 0.5, levels=4)),
            class_case("a class that never occurs", *random_classes(7, 40, 3, 1.0, present=2)),
            class_case("one class in all rows", *random_classes(8, 20, 3, 1.0, present=1)),
            class_case("one row", *random_classes(9, 1, 3, 1.0)),
        ],
    }
    Path(__file__).with_name("assessment.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
