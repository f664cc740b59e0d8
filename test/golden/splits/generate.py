"""Fold assignments of scikit-learn's StratifiedKFold and KFold, and raw draws of NumPy's RandomState.

Writes expected.json beside this file; with the path of a table of labelled texts (the train.csv of
BRIGHTER's English part) also brighter.json, the digest of that table's assignment. Labels of a case are drawn with random.Random(case seed), one
probability per label, so that the rows themselves need not be stored: each row is its class as text.
"""

import csv
import hashlib
import json
import random
import sys
import warnings
from pathlib import Path

import numpy as np
import sklearn
from sklearn.model_selection import KFold, StratifiedKFold

TABLE_LABELS = ["anger", "fear", "joy", "sadness", "surprise"]

# rows, folds, seed, probability of each label
CASES = [
    (2, 2, 42, [1.0]),
    (10, 2, 0, [0.5]),
    (23, 3, 1, [0.5]),
    (100, 5, 42, [0.3, 0.1, 0.2, 0.25, 0.15]),
    (101, 5, 42, [0.3, 0.1, 0.2, 0.25, 0.15]),
    (257, 5, 7, [0.1, 0.6, 0.2, 0.3, 0.3]),
    (500, 10, 4294967295, [0.5, 0.5]),
    (64, 32, 123, [0.0]),
    (97, 7, 2024, [0.02, 0.9, 0.05]),
    (1000, 5, 42, [0.12, 0.58, 0.24, 0.32, 0.3]),
    (1000, 3, 99, [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]),
    (2000, 4, 5, [0.01]),
]

# rows, folds, seed
RANDOM_CASES = [(2, 2, 0), (10, 3, 42), (11, 5, 1), (101, 5, 42), (256, 7, 4294967295), (1000, 10, 2024)]


def split(classes, folds, seed):
    assignment = np.zeros(len(classes), dtype=int)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
        for fold, (_, held_out) in enumerate(splitter.split(np.zeros(len(classes)), classes)):
            assignment[held_out] = fold + 1
    return assignment.tolist(), len(caught) > 0


def case(rows, folds, seed, probabilities):
    draw = random.Random(1000 * rows + folds)
    classes = ["".join("1" if draw.random() < p else "0" for p in probabilities) for _ in range(rows)]
    names = sorted(set(classes))
    assignment, warned = split(np.array(classes), folds, seed)
    return {
        "count": folds,
        "seed": seed,
        "names": names,
        "classes": [names.index(name) for name in classes],
        "folds": assignment,
        "warned": warned,
    }


def random_case(rows, folds, seed):
    assignment = np.zeros(rows, dtype=int)
    for fold, (_, held_out) in enumerate(KFold(folds, shuffle=True, random_state=seed).split(np.zeros(rows))):
        assignment[held_out] = fold + 1
    return {"rows": rows, "count": folds, "seed": seed, "folds": assignment.tolist()}


def draws(seed):
    state = np.random.RandomState(seed)
    bits = state.randint(0, 2**32, size=1300, dtype=np.uint64).tolist()
    values = np.arange(1000)
    np.random.RandomState(seed).shuffle(values)
    return {"seed": seed, "first": bits[:5], "last": bits[-5:], "count": 1300, "shuffled": values.tolist()}


def of_table(path):
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    classes = np.array(["".join(row[label] for label in TABLE_LABELS) for row in rows])
    folds, warned = split(classes, 5, 42)
    digest = hashlib.sha256(bytes(folds)).hexdigest()
    return {"rows": len(rows), "count": 5, "seed": 42, "sha256": digest, "warned": warned}


def main():
    if len(sys.argv) > 1:
        path = Path(__file__).with_name("brighter.json")
        path.write_text(json.dumps(of_table(sys.argv[1])) + "\n")
    expected = {
        "versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__},
        "draws": [draws(seed) for seed in (0, 42, 4294967295)],
        "cases": [case(*values) for values in CASES],
        "random": [random_case(*values) for values in RANDOM_CASES],
    }
    path = Path(__file__).with_name("expected.json")
    path.write_text(json.dumps(expected, separators=(",", ":")) + "\n")


main()
