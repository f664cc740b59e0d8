"""Sixty steps in mixed precision as PyTorch has it: torch.autocast with torch.amp.GradScaler.

    python test/golden/models/generate_precision.py

Starts from the weights and batches that generate.py wrote; writes precision.json here. float16 and bfloat16 are those
of PyTorch's processor, whose autocast has products in two bytes, too; its softmax is in two bytes besides. `overflow`
begins with a loss scale that is too large for float16, and doubles it after every five clean steps.
"""

import json

import generate
import torch
from torch.amp import GradScaler
from transformers import AutoConfig, AutoModelForSequenceClassification, get_linear_schedule_with_warmup

STEPS = 60
LEARNING_RATE = 5e-4
WARMUP_RATIO = 0.1
RUNS = {
    "float32": (None, {}),
    "float16": (torch.float16, {}),
    "overflow": (torch.float16, {"init_scale": 2.0**24, "growth_interval": 5}),
    "bfloat16": (torch.bfloat16, None),
}


def load(name):
    folder = generate.FOLDER / name
    config = AutoConfig.from_pretrained(folder, attn_implementation="eager")
    return AutoModelForSequenceClassification.from_pretrained(folder, config=config).float().train()


def train(name, batches, dtype, scaling):
    model = load(name)
    decayed, plain, without = [], [], generate.undecayed(model)
    for parameter_name, parameter in model.named_parameters():
        (plain if parameter_name in without else decayed).append(parameter)
    optimizer = torch.optim.AdamW(
        [
            {"params": decayed, "weight_decay": generate.WEIGHT_DECAY},
            {"params": plain, "weight_decay": 0.0},
        ],
        lr=LEARNING_RATE,
    )
    schedule = get_linear_schedule_with_warmup(optimizer, int(WARMUP_RATIO * STEPS), STEPS)
    scaler = GradScaler("cpu", enabled=dtype is torch.float16, **(scaling or {}))
    curve = []
    for step in range(STEPS):
        batch = batches[list(batches)[step % len(batches)]]
        scale = scaler.get_scale()
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=dtype or torch.float16, enabled=dtype is not None):
            loss, _ = generate.forward(model, batch, torch.float32)
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), generate.MAX_GRAD_NORM)
        scaler.step(optimizer)
        scaler.update()
        schedule.step()
        finite = bool(torch.isfinite(norm))
        curve.append(
            {
                "loss": loss.item(),
                "scale": scale,
                "skipped": not finite,
                "gradNorm": norm.item() if finite else None,
            }
        )
    return curve


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    models = {}
    for name in ["bert", "deberta-v3"]:
        batches = json.loads((generate.FOLDER / name / "cases.json").read_text())["batches"]
        models[name] = {run: train(name, batches, *settings) for run, settings in RUNS.items()}
    generate.write(
        generate.FOLDER / "precision.json",
        {
            "generator": generate.GENERATOR,
            "steps": STEPS,
            "warmupSteps": int(WARMUP_RATIO * STEPS),
            "learningRate": LEARNING_RATE,
            "weightDecay": generate.WEIGHT_DECAY,
            "maxGradNorm": generate.MAX_GRAD_NORM,
            "models": models,
        },
    )
