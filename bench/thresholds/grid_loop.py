"""Times the usual search for thresholds: scikit-learn's F1 at every threshold of the grid, label by label.

    python bench/thresholds/grid_loop.py FOLDER ROWS LABELS

FOLDER has `probabilities`, float32, and `truth`, uint8, both `[rows, labels]`. Says `{"sklearn": version}`, then
answers each line on stdin with `{"seconds", "thresholds"}`; the end of its stdin ends it.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import sklearn
from sklearn.metrics import f1_score

GRID = np.linspace(0.1, 0.9, 17)


def search(truth, probabilities):
    best = []
    for label in range(truth.shape[1]):
        scores = [
            f1_score(truth[:, label], (probabilities[:, label] >= t).astype(int), zero_division=0) for t in GRID
        ]
        best.append(float(GRID[int(np.argmax(scores))]))
    return best


def main():
    folder, rows, labels = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    truth = np.fromfile(folder / "truth", dtype=np.uint8).reshape(rows, labels).astype(int)
    probabilities = np.fromfile(folder / "probabilities", dtype=np.float32).reshape(rows, labels)
    print(json.dumps({"sklearn": sklearn.__version__}), flush=True)
    for _ in sys.stdin:
        started = time.perf_counter()
        thresholds = search(truth, probabilities)
        print(json.dumps({"seconds": time.perf_counter() - started, "thresholds": thresholds}), flush=True)


if __name__ == "__main__":
    main()
