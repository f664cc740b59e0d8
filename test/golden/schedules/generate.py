"""Goldens of the learning rate schedules: shares of the peak, step by step, as transformers gives them.

    python test/golden/schedules/generate.py

The versions used are those of bench/requirements.txt and are written into expected.json.
"""

import json
from pathlib import Path

import torch
import transformers

PEAK = 2e-5
LENGTHS = [(0, 4), (2, 6), (1, 3), (3, 3), (0, 1), (7, 40)]
SCHEDULES = {
    "linear": (transformers.get_linear_schedule_with_warmup, {}),
    "cosine": (transformers.get_cosine_schedule_with_warmup, {}),
    "constant": (transformers.get_constant_schedule_with_warmup, {}),
    "polynomial": (transformers.get_polynomial_decay_schedule_with_warmup, {}),
    "polynomial of power 2": (transformers.get_polynomial_decay_schedule_with_warmup, {"power": 2.0}),
    "polynomial of power 0.5": (transformers.get_polynomial_decay_schedule_with_warmup, {"power": 0.5}),
}


def rates(name, warmup, total):
    """The rate of every step."""
    make, options = SCHEDULES[name]
    if name != "constant":
        options = {**options, "num_training_steps": total}
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=PEAK)
    schedule = make(optimizer, num_warmup_steps=warmup, **options)
    found = [schedule.get_last_lr()[0]]
    for _ in range(total - 1):
        optimizer.step()
        schedule.step()
        found.append(schedule.get_last_lr()[0])
    return found


if __name__ == "__main__":
    cases = [
        {
            "title": name,
            "schedule": name.split()[0],
            "power": SCHEDULES[name][1].get("power", 1.0),
            "warmupSteps": warmup,
            "totalSteps": total,
            "rates": rates(name, warmup, total),
        }
        for name in SCHEDULES
        for warmup, total in LENGTHS
    ]
    generator = {"torch": torch.__version__, "transformers": transformers.__version__}
    text = json.dumps({"generator": generator, "peak": PEAK, "cases": cases}, separators=(",", ":"))
    (Path(__file__).parent / "expected.json").write_text(text + "\n")
