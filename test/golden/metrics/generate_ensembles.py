"""Weights of an ensemble: SciPy's optimum on the simplex, greedy selection in plain NumPy, bootstrap gains.

Writes ensembles.json beside this file. Likelihoods are float32, stored as float64 without loss.
"""

import json
from pathlib import Path

import numpy as np
import scipy
import sklearn
from scipy.optimize import minimize
from sklearn.metrics import f1_score

LEAST = 2.0**-23


def loss(weights, p):
    """Mean of -log of the mixture's likelihood; p is [members, observations]."""
    return -np.log(weights @ p).mean()


def simplex(p):
    """The constrained minimum by SLSQP from several starts; that it is the minimum is checked, not believed."""
    count = len(p)
    starts = [np.full(count, 1 / count), *(np.full(count, 0.02 / count) + 0.98 * np.eye(count)[: min(count, 4)])]
    found = [
        minimize(
            loss,
            start,
            args=(p,),
            jac=lambda w, p: -(p / (w @ p)).mean(axis=1),
            method="SLSQP",
            bounds=[(0, 1)] * count,
            constraints={"type": "eq", "fun": lambda w: w.sum() - 1, "jac": lambda w: np.ones_like(w)},
            options={"ftol": 1e-16, "maxiter": 2000},
        ).x
        for start in starts
    ]
    best = min(found, key=lambda w: loss(w, p))
    best = np.clip(best, 0, None) / np.clip(best, 0, None).sum()
    # Nothing on the simplex can lose less by more than this, as the loss is convex.
    gap = (p / (best @ p)).mean(axis=1).max() - 1
    assert gap < 1e-6, gap
    return best


def greedy(p, rounds=50):
    """Caruana et al., 2004: with replacement, the first of equals, the best round's bag."""
    bag, best, best_loss = [], None, np.inf
    for _ in range(rounds):
        losses = [-np.log(p[bag + [member]].mean(axis=0)).mean() for member in range(len(p))]
        bag = bag + [int(np.argmin(losses))]
        if min(losses) < best_loss:
            best, best_loss = list(bag), min(losses)
    return np.bincount(best, minlength=len(p)) / len(best)


def weights_case(name, p):
    p = p.astype(np.float32)
    counted = np.maximum(p.astype(np.float64), LEAST)
    s, g = simplex(counted), greedy(counted)
    return {
        "name": name,
        "members": p.astype(np.float64).tolist(),
        "simplex": s.tolist(),
        "simplexLoss": loss(s, counted),
        "greedy": g.tolist(),
        "greedyLoss": loss(g, counted),
    }


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def likelihoods(seed, skills, observations):
    """What members of different skill give the truth of 0/1 labels."""
    draw = np.random.default_rng(seed)
    easy = draw.normal(0.5, 1.0, size=observations)
    return np.stack([sigmoid(s * easy + draw.normal(0, 1.0, size=observations)) for s in skills])


def drawn_rows(resample, rows):
    """Rows of a resample by a rule that the test repeats."""
    place = np.arange(1, rows + 1, dtype=np.uint64)
    return (((place * np.uint64(2 * resample + 1) * np.uint64(2654435761)) % 2**32) // 2**16 % rows).astype(int)


def gain_case(name, seed, rows, width, rate):
    """Macro F1 of two ways to decide, of the rows and of given resamples, by scikit-learn."""
    draw = np.random.default_rng(seed)
    y = (draw.random((rows, width)) < rate).astype(int)
    flip = lambda share: np.where(draw.random((rows, width)) < share, 1 - y, y)
    decided, others = flip(0.15), flip(0.2)
    drawn = [drawn_rows(resample, rows) for resample in range(1000)]
    macro = lambda at, d: np.mean(
        [f1_score(y[at, i], d[at, i], zero_division=0) for i in range(width)]
    )
    gains = np.array([macro(at, decided) - macro(at, others) for at in drawn])
    everything = np.arange(rows)
    return {
        "name": name,
        "width": width,
        "labels": y.ravel().tolist(),
        "decided": decided.ravel().tolist(),
        "others": others.ravel().tolist(),
        "gain": macro(everything, decided) - macro(everything, others),
        "interval": np.quantile(gains, [0.025, 0.975]).tolist(),
    }


def main():
    certain = np.random.default_rng(9).integers(0, 2, size=(3, 60)).astype(float)
    certain[:, 0] = 0  # What no member thought possible.
    expected = {
        "versions": {"scipy": scipy.__version__, "scikit-learn": sklearn.__version__, "numpy": np.__version__},
        "weights": [
            weights_case("two members", likelihoods(1, [1.0, 0.6], 300)),
            weights_case("five members of different skill", likelihoods(2, [1.2, 1.0, 0.8, 0.2, -0.5], 400)),
            weights_case("one member knows it all", np.stack([np.full(50, 0.9), np.full(50, 0.5)])),
            weights_case("twelve members alike", likelihoods(3, [1.0] * 12, 500)),
            weights_case("more members than a few rows need", likelihoods(4, [1.0] * 8, 20)),
            weights_case("certain and sometimes wrong", certain),
        ],
        "gains": [
            gain_case("three labels", 5, 60, 3, 0.3),
            gain_case("a rare label", 6, 40, 1, 0.08),
        ],
    }
    Path(__file__).with_name("ensembles.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
