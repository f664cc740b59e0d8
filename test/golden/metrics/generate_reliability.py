"""Reliability diagrams of scikit-learn, and the score interval of a share (Wilson) of SciPy.

Writes reliability.json beside this file. Probabilities are float32, stored as float64 without loss.
"""

import json
from pathlib import Path

import numpy as np
import scipy
import sklearn
from scipy.stats import binomtest
from sklearn.calibration import calibration_curve

BINS = 15


def case(p, y):
    happened, mean = calibration_curve(y, p.astype(np.float64), n_bins=BINS, strategy="uniform")
    return {
        "probabilities": p.astype(np.float64).tolist(),
        "labels": y.tolist(),
        "happened": happened.tolist(),
        "mean": mean.tolist(),
    }


rng = np.random.default_rng(3)
cases = [
    case(rng.random(n).astype(np.float32) ** power, (rng.random(n) < rate).astype(int))
    for n, rate, power in [(1, 1.0, 1), (7, 0.5, 1), (200, 0.1, 3), (500, 0.6, 1)]
]
cases.append(case(np.array([0, 1, 0.5, 0.5], dtype=np.float32), np.array([0, 1, 1, 0])))

shares = []
for rows, hits in [(1, 0), (1, 1), (10, 3), (57, 57), (1000, 4)]:
    interval = binomtest(hits, rows).proportion_ci(confidence_level=0.95, method="wilson")
    shares.append({"rows": rows, "hits": hits, "interval": [interval.low, interval.high]})

out = Path(__file__).with_name("reliability.json")
versions = {"scikit-learn": sklearn.__version__, "scipy": scipy.__version__, "numpy": np.__version__}
out.write_text(json.dumps({"versions": versions, "cases": cases, "shares": shares}) + "\n")
