"""Percentile intervals of macro F1 by a bootstrap over groups of rows, in plain NumPy.

Writes groups.json beside this file. Groups are numbered in the order of their appearance; each resample draws as
many of them as there are, and has all their rows.
"""

import json
from pathlib import Path

import numpy as np
from sklearn.metrics import f1_score

from generate_ensembles import drawn_rows


def macro(y, d):
    return np.mean([f1_score(y[:, i], d[:, i], zero_division=0) for i in range(y.shape[1])])


def case(name, seed, width, groups):
    random = np.random.default_rng(seed)
    _, first, groups = np.unique(groups, return_index=True, return_inverse=True)
    groups = np.argsort(np.argsort(first))[groups]
    rows = len(groups)
    # Rows of a group are alike in what is true and in whether it is found.
    rate = random.uniform(0, 0.8, size=(groups.max() + 1, width))[groups]
    skill = random.uniform(0.4, 1, size=(groups.max() + 1, width))[groups]
    y = (random.random((rows, width)) < rate).astype(int)
    one = np.where(random.random((rows, width)) < skill, y, 1 - y)
    other = np.where(random.random((rows, width)) < skill - 0.2, y, 1 - y)
    members = [np.flatnonzero(groups == group) for group in range(groups.max() + 1)]
    drawn = [np.concatenate([members[unit] for unit in drawn_rows(resample, len(members))]) for resample in range(1000)]
    scores = [(macro(y[at], one[at]), macro(y[at], other[at])) for at in drawn]
    bounds = lambda values: np.quantile(values, [0.025, 0.975]).tolist()
    return {
        "name": name,
        "width": width,
        "groups": groups.tolist(),
        "labels": y.ravel().tolist(),
        "decisions": [one.ravel().tolist(), other.ravel().tolist()],
        "f1": bounds([score for score, _ in scores]),
        "gain": bounds([score - less for score, less in scores]),
    }


def main():
    random = np.random.default_rng(0)
    cases = [
        case("groups of several sizes", 1, 2, random.integers(0, 25, size=120)),
        case("a row per group", 2, 2, np.arange(60)),
        case("a group of half of the rows", 3, 1, np.where(np.arange(80) < 40, 0, np.arange(80) // 4)),
        case("two groups", 4, 3, np.arange(30) % 2),
        case("groups of equal size", 5, 2, np.arange(90) // 3),
    ]
    path = Path(__file__).with_name("groups.json")
    path.write_text(json.dumps({"cases": cases}, separators=(",", ":")) + "\n")


main()
