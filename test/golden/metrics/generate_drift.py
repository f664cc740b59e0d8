"""Values for test/metrics/drift.test.ts, with SciPy and NumPy: counts by class, the statistic of Kolmogorov and
Smirnov of the values that they stand for, and the population stability index, computed here in NumPy alone."""

import json
from pathlib import Path

import numpy as np
import scipy
from scipy.stats import ks_2samp, kstwobign

LEAST = 1e-4


def index(reference, found):
    reference, found = np.asarray(reference), np.asarray(found)
    total = int(reference.sum())
    before = np.concatenate([[0], np.cumsum(reference)[:-1]])
    group = before * 10 // total
    group[: np.flatnonzero(reference)[0]] = -1
    labels = np.unique(group)
    p = np.maximum([reference[group == each].sum() / total for each in labels], LEAST)
    q = np.maximum([found[group == each].sum() / found.sum() for each in labels], LEAST)
    return float(np.sum((q - p) * np.log(q / p)))


def case(name, reference, found):
    classes = np.arange(len(reference))
    one, other = np.repeat(classes, reference), np.repeat(classes, found)
    return {
        "name": name,
        "reference": [int(count) for count in reference],
        "found": [int(count) for count in found],
        "ks": float(ks_2samp(one, other).statistic),
        "psi": index(reference, found),
    }


def counts(values, classes):
    return np.bincount(np.clip(values, 0, classes - 1), minlength=classes)


random = np.random.default_rng(20)
lengths = lambda rows, mean: counts(random.poisson(mean, rows), 200)
bins = lambda rows, a, b: counts((random.beta(a, b, rows) * 50).astype(int), 50)
cases = [
    case("lengths that are alike", lengths(5000, 60), lengths(900, 60)),
    case("lengths that are longer", lengths(5000, 60), lengths(900, 75)),
    case("probabilities that are alike", bins(3000, 0.4, 3), bins(700, 0.4, 3)),
    case("probabilities that are higher", bins(3000, 0.4, 3), bins(700, 1.2, 3)),
    case("one class that has most", [900, 50, 20, 10, 10, 5, 5], [500, 200, 100, 0, 0, 0, 1]),
    case("a property that none had", [400, 0], [0, 300]),
    case("a property that all had", [0, 400], [300, 10]),
    case("values below and above all of them", [0, 0, 30, 30, 40, 0, 0], [5, 0, 30, 20, 40, 0, 9]),
    case("few rows", [1, 0, 2], [0, 1, 0]),
    case("the same", [3, 5, 9], [3, 5, 9]),
]
limits = [{"chance": chance, "limit": float(kstwobign.isf(chance))} for chance in (0.05, 0.01, 0.001, 1e-5)]
golden = {"scipy": scipy.__version__, "numpy": np.__version__, "cases": cases, "limits": limits}
Path(__file__).with_name("drift.json").write_text(json.dumps(golden))
