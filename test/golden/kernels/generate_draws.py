"""Writes draws.json: what engine/kernels/random-draws.ts defines, from its text alone, in whole numbers.

Run: python test/golden/kernels/generate_draws.py   (needs numpy for float32 alone)
"""

import json
import math
import pathlib

import numpy as np

here = pathlib.Path(__file__).parent
MASK = 0xFFFFFFFF


def philox(counter, key):
    """Philox4x32-10 of Salmon et al. 2011."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 & MASK, (p0 >> 32) ^ c3 ^ k1, p0 & MASK
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return [c0, c1, c2, c3]


def draws(key, counter):
    """Of key (k0, k1) and words 1 to 3 of the counter: one after the other."""
    block = 0
    while True:
        yield from philox([block, *counter], key)
        block += 1


def first(count, key, counter):
    stream = draws(key, counter)
    return [next(stream) for _ in range(count)]


def mask(count, probability, key, counter):
    threshold = min(int(math.floor(probability * 2**32 + 0.5)), 2**32 - 1)
    kept = float(np.float32(1 / (1 - probability)))
    return [0.0 if draw < threshold else kept for draw in first(count, key, counter)]


def order(count, key, counter):
    stream = draws(key, counter)
    rows = list(range(count))
    for last in range(count - 1, 0, -1):
        bound = last + 1
        limit = 2**32 - 2**32 % bound
        draw = next(stream)
        while draw >= limit:
            draw = next(stream)
        other = draw % bound
        rows[last], rows[other] = rows[other], rows[last]
    return rows


def normal(count, key, counter):
    found = first(count + count % 2, key, counter)
    values = []
    for a, b in zip(found[::2], found[1::2]):
        radius, angle = math.sqrt(-2 * math.log((a + 1) / 2**32)), 2 * math.pi * (b / 2**32)
        values += [radius * math.cos(angle), radius * math.sin(angle)]
    return values[:count]


seed, fold = -7, 3
key = [seed & MASK, fold]
dropout = [
    {"pass": name, "batch": batch, "site": site, "probability": p, "mask": mask(21, p, key, [batch, site, word])}
    for name, word in (("plain", 0), ("perturbed", 3))
    for batch, site in ((0, 0), (5, 12), (4_000_000_000, 77))
    for p in (0.1, 0.5, 0.99)
]
record = {
    "seed": seed,
    "fold": fold,
    "dropout": dropout,
    "orders": [{"epoch": epoch, "rows": order(50, key, [epoch, 0, 1])} for epoch in (0, 1, 9)],
    "weights": [
        {
            "kind": kind,
            "parameter": parameter,
            "normal": normal(9, key, [parameter, word, 2]),
            "uniform": [draw / 2**32 for draw in first(9, key, [parameter, word, 2])],
        }
        for kind, word in (("model", 0), ("adapter", 1))
        for parameter in (0, 31)
    ],
}
(here / "draws.json").write_text(json.dumps(record) + "\n")
