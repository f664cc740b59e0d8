"""Calibrators as scikit-learn and SciPy fit them, and the scores of probabilities before and after.

Writes calibration.json beside this file. Probabilities are float32, stored as float64 without loss. Platt's sigmoid
is fitted twice: by scikit-learn's `_SigmoidCalibration` (what CalibratedClassifierCV uses), to its own precision, and
by SciPy as closely as it can.
"""

import json
import warnings
from pathlib import Path

import numpy as np
import scipy
import sklearn
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit
from sklearn.calibration import _SigmoidCalibration, _TemperatureScaling
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import brier_score_loss, log_loss

from generate_assessment import calibration_error, edge_labels, random_classes, random_labels

warnings.simplefilter("ignore")
PROBES = np.array([0, 1e-6, 0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95, 1], dtype=np.float32).astype(np.float64)


def logit(p):
    p = np.clip(p, 2.0**-149, 1 - 2.0**-24)
    return np.log(p / (1 - p))


def temperature(p, y):
    """1 where all rows are alike, of which the best would be the most extreme."""
    if y.min() == y.max():
        return 1.0
    z = logit(p)
    loss = lambda log_inverse: np.sum(np.logaddexp(0, np.exp(log_inverse) * z) - y * np.exp(log_inverse) * z)
    return float(np.exp(-minimize_scalar(loss, bounds=(-10, 10), method="bounded", options={"xatol": 1e-12}).x))


def platt(p, y):
    z, n1 = logit(p), int(y.sum())
    n0 = len(y) - n1
    t = np.where(y == 1, (n1 + 1) / (n1 + 2), 1 / (n0 + 2))
    loss = lambda ab: np.sum(np.logaddexp(0, ab[0] * z + ab[1]) - t * (ab[0] * z + ab[1]))
    slope = lambda ab: np.array([np.sum((expit(ab[0] * z + ab[1]) - t) * z), np.sum(expit(ab[0] * z + ab[1]) - t)])
    start = np.array([0, np.log((n1 + 1) / (n0 + 1))])
    found = minimize(loss, start, jac=slope, method="BFGS", options={"gtol": 1e-11}).x
    theirs = _SigmoidCalibration().fit(z, y)
    return {
        "probes": expit(found[0] * logit(PROBES) + found[1]).tolist(),
        "theirs": theirs.predict(logit(PROBES)).tolist(),
    }


def isotonic(p, y):
    return IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(p, y.astype(np.float64))


def label_scores(p, y):
    p32 = p.astype(np.float32)
    return {
        "brier": float(np.mean((p - y) ** 2)) if y.min() == y.max() else float(brier_score_loss(y, p)),
        "calibrationError": calibration_error(p, y),
        "logLoss": float(log_loss(y, np.column_stack([1 - p32, p32]), labels=[0, 1])),
    }


def label_case(name, p, y):
    p = p.astype(np.float32).astype(np.float64)
    levels = [isotonic(p[:, i], y[:, i]) for i in range(y.shape[1])]
    return {
        "name": name,
        "width": y.shape[1],
        "probabilities": p.ravel().tolist(),
        "labels": y.ravel().tolist(),
        "perLabel": [
            {
                "temperature": temperature(p[:, i], y[:, i]),
                "platt": platt(p[:, i], y[:, i]),
                "isotonic": {
                    "knots": levels[i].X_thresholds_.tolist(),
                    "values": levels[i].y_thresholds_.tolist(),
                    "probes": levels[i].predict(PROBES).tolist(),
                },
                "scores": label_scores(p[:, i], y[:, i]),
            }
            for i in range(y.shape[1])
        ],
    }


def class_case(name, p, truth):
    p = p.astype(np.float32).astype(np.float64)
    width = p.shape[1]
    y = np.eye(width, dtype=int)[truth]
    # Rows of float32 do not sum to 1 as closely as float64 can, so logarithms are given in their place.
    z = np.log(np.maximum(p, 2.0**-149))
    scaled = _TemperatureScaling().fit(z, truth)
    each = np.column_stack([isotonic(p[:, i], y[:, i]).predict(p[:, i]) for i in range(width)])
    total = each.sum(axis=1, keepdims=True)
    return {
        "name": name,
        "width": width,
        "probabilities": p.ravel().tolist(),
        "truth": truth.tolist(),
        "temperature": float(1 / scaled.beta_),
        "scaled": np.asarray(scaled.predict(z)).ravel().tolist(),
        # As CalibratedClassifierCV: one against the rest, the sum made 1, alike where it is 0.
        "isotonic": np.where(total == 0, 1 / width, each / np.where(total == 0, 1, total)).ravel().tolist(),
        "logLoss": float(log_loss(truth, p.astype(np.float32), labels=list(range(width)))),
    }


def main():
    p, y = edge_labels()
    p[:2, 0] = [0, 1]
    expected = {
        "versions": {"scikit-learn": sklearn.__version__, "scipy": scipy.__version__, "numpy": np.__version__},
        "probes": PROBES.tolist(),
        "labels": [
            label_case("three labels", *random_labels(31, 80, 3, 0.3, 1.5)),
            label_case("too sure", *(lambda p, y: (expit(3 * logit(p)), y))(*random_labels(32, 200, 2, 0.4, 1.0))),
            label_case("ties everywhere", *random_labels(33, 40, 2, 0.4, 1.0, levels=4)),
            label_case("edges", p, y),
            label_case("one row", np.array([[0.7, 0.2]]), np.array([[1, 0]])),
        ],
        "classes": [
            class_case("four classes", *random_classes(35, 80, 4, 1.5)),
            class_case("two classes", *random_classes(36, 60, 2, 0.5)),
            class_case("a class that never occurs", *random_classes(37, 40, 3, 1.0, present=2)),
        ],
    }
    Path(__file__).with_name("calibration.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
