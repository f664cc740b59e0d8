"""Fold assignments of scikit-learn's GroupKFold and StratifiedGroupKFold, of the package iterative-stratification's
MultilabelStratifiedKFold (0.1.9, `pip install iterative-stratification`), and of their repeats from one generator.

Writes grouped.json beside this file. Groups and classes are numbered in the order of their appearance, as these
classes sort them. Each case has its labels as text, one digit per label, and the group of each row.
"""

import json
import random
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
import sklearn
from iterstrat.ml_stratifiers import (
    IterativeStratification,
    MultilabelStratifiedKFold,
    RepeatedMultilabelStratifiedKFold,
)
from sklearn.model_selection import GroupKFold, RepeatedKFold, RepeatedStratifiedKFold, StratifiedGroupKFold

# name, rows, folds, seed, probability of each label, groups (a number drawn from, or a kind)
CASES = [
    ("plain", 100, 5, 42, [0.3, 0.1, 0.2, 0.25, 0.15], 30),
    ("plain", 257, 5, 7, [0.1, 0.6, 0.2, 0.3, 0.3], 40),
    ("many folds", 300, 10, 4294967295, [0.5, 0.5], 60),
    ("more folds than lanes", 200, 17, 3, [0.4], 50),
    ("one class", 60, 4, 123, [0.0, 0.0], 20),
    ("one class in many folds", 80, 16, 5, [1.0, 1.0], 40),
    ("a label without positives", 90, 3, 8, [0.5, 0.0], 25),
    ("a label that all rows have", 90, 3, 9, [0.5, 1.0], 25),
    ("rare labels", 400, 4, 5, [0.01, 0.02, 0.5], 100),
    ("a group of half of the rows", 120, 5, 11, [0.3, 0.5], "half"),
    ("a row per group", 150, 5, 42, [0.3, 0.2, 0.4], "rows"),
    ("groups of equal size", 120, 5, 2024, [0.3, 0.2], "equal"),
    ("as many groups as folds", 60, 4, 1, [0.3, 0.6], "folds"),
    ("many combinations", 700, 5, 77, [0.5] * 9, 120),
    ("one label", 75, 5, 13, [0.2], 15),
    ("two rows", 2, 2, 0, [1.0, 0.0], "rows"),
]

REPEATS = 3


def numbered(values):
    numbers = {}
    return np.array([numbers.setdefault(value, len(numbers)) for value in values])


def groups_of(draw, rows, folds, kind):
    if kind == "half":
        return [0 if row < rows // 2 else 1 + draw.randrange(20) for row in range(rows)]
    if kind == "rows":
        return list(range(rows))
    if kind == "equal":
        return [row // 4 for row in range(rows)]
    if kind == "folds":
        return [row % folds for row in range(rows)]
    return [draw.randrange(kind) for _ in range(rows)]


def assigned(splitter, y, groups=None):
    folds = np.zeros(len(y), dtype=int)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for fold, (_, held_out) in enumerate(splitter.split(np.zeros(len(y)), y, groups)):
            folds[held_out] = fold + 1
    return folds.tolist()


def attempt(work):
    """None where the reference refuses."""
    try:
        return work()
    except ValueError:
        return None


def multilabel(y, folds, seed):
    if y.shape[1] > 1:
        return assigned(MultilabelStratifiedKFold(folds, shuffle=True, random_state=seed), y)
    # The class refuses a single label, its algorithm does not.
    rng = np.random.RandomState(seed)
    order = np.arange(len(y))
    rng.shuffle(order)
    shares = np.asarray([1 / folds] * folds)
    dealt = IterativeStratification(labels=y[order].astype(bool), r=shares, random_state=rng)
    return (dealt[np.argsort(order)] + 1).tolist()


def repeated(make, y, groups, seed):
    state = np.random.RandomState(seed)
    return [assigned(make(state), y, groups) for _ in range(REPEATS)]


def of_repeats(splitter, folds, y):
    """The repeats of a repeated splitter, of which each fold is one split."""
    found = np.zeros((REPEATS, len(y)), dtype=int)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for place, (_, held_out) in enumerate(splitter.split(np.zeros(len(y)), y)):
            found[place // folds, held_out] = place % folds + 1
    return found.tolist()


def case(name, rows, folds, seed, probabilities, kind):
    draw = random.Random(f"{name} {rows} {folds}")
    y = np.array([[int(draw.random() < p) for p in probabilities] for _ in range(rows)])
    groups = numbered(groups_of(draw, rows, folds, kind))
    classes = numbered(["".join(map(str, row)) for row in y])
    stratified = lambda state: StratifiedGroupKFold(folds, shuffle=True, random_state=state)
    shuffled = lambda state: GroupKFold(folds, shuffle=True, random_state=state)
    return {
        "name": name,
        "count": folds,
        "seed": seed,
        "labels": ["".join(map(str, row)) for row in y],
        "groups": groups.tolist(),
        "group": attempt(lambda: assigned(GroupKFold(folds), y, groups)),
        "shuffledGroup": attempt(lambda: repeated(shuffled, y, groups, seed)),
        "stratifiedGroup": attempt(lambda: repeated(stratified, classes, groups, seed)),
        "multilabel": multilabel(y, folds, seed),
        "multilabelRepeats": attempt(
            lambda: of_repeats(
                RepeatedMultilabelStratifiedKFold(n_splits=folds, n_repeats=REPEATS, random_state=seed), folds, y
            )
        )
        if len(probabilities) > 1
        else None,
        "stratifiedRepeats": attempt(
            lambda: of_repeats(
                RepeatedStratifiedKFold(n_splits=folds, n_repeats=REPEATS, random_state=seed), folds, classes
            )
        ),
        "randomRepeats": of_repeats(
            RepeatedKFold(n_splits=folds, n_repeats=REPEATS, random_state=seed), folds, classes
        ),
    }


def main():
    expected = {
        "versions": {
            "scikit-learn": sklearn.__version__,
            "numpy": np.__version__,
            "iterative-stratification": version("iterative-stratification"),
        },
        "cases": [case(*values) for values in CASES],
    }
    path = Path(__file__).with_name("grouped.json")
    path.write_text(json.dumps(expected, separators=(",", ":")) + "\n")


main()
