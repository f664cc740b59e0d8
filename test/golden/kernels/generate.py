"""Writes adamw.json: ten steps of torch.optim.AdamW in float32, as bit patterns.

Run: python test/golden/kernels/generate.py   (needs torch)
"""

import json
import pathlib

import numpy as np
import torch

here = pathlib.Path(__file__).parent
seed, count, steps = 20260, 37, 10
options = {"learningRate": 3e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weightDecay": 0.05}


def bits(tensor):
    return tensor.detach().numpy().view(np.uint32).tolist()


torch.manual_seed(seed)
weights = torch.nn.Parameter(torch.randn(count))
optimizer = torch.optim.AdamW(
    [weights],
    lr=options["learningRate"],
    betas=(options["beta1"], options["beta2"]),
    eps=options["epsilon"],
    weight_decay=options["weightDecay"],
    foreach=False,
)
record = {"torch": torch.__version__, "seed": seed, "options": options, "start": bits(weights), "steps": []}
for step in range(steps):
    # A zero gradient, a tiny one and a large one among the rest; the scale is what clipping would give.
    gradients = torch.randn(count) * (10.0 ** torch.randint(-6, 2, (count,)))
    gradients[step] = 0
    scale = 1.0 if step % 3 else 0.37
    weights.grad = gradients * scale
    optimizer.step()
    state = optimizer.state[weights]
    record["steps"].append(
        {
            "gradients": bits(gradients),
            "scale": scale,
            "weights": bits(weights),
            "firstMoment": bits(state["exp_avg"]),
            "secondMoment": bits(state["exp_avg_sq"]),
        }
    )
(here / "adamw.json").write_text(json.dumps(record) + "\n")
