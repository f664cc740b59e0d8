"""Ten steps with each option of the training beyond the reference method, as PyTorch takes them.

    python test/golden/models/generate_options.py

Starts from the weights and tokens that generate.py and generate_families.py wrote; writes options.json here.
Everything is float64, with dropout 0. Besides the curve, each case tells how far every parameter has moved from
where it began (the Euclidean norm), and of averaged weights the same of the average.

Losses are torch's where it has them (BCEWithLogitsLoss with pos_weight, CrossEntropyLoss with weight and
label_smoothing); the focal loss is Lin et al. 2017 as torchvision's sigmoid_focal_loss without alpha computes it,
the asymmetric one Ridnik et al. 2021, equations 4 to 7, with gradients through its weights.
"""

import json
import re

import generate
import torch
from generate_families import undecayed
from safetensors.torch import load_file
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from transformers import AutoConfig, AutoModelForSequenceClassification, get_linear_schedule_with_warmup

WEIGHTS = [1.5, 0.5, 3.0, 1.0, 2.0]


def one_hot(labels):
    return [[int(sum(row) % generate.LABELS == index) for index in range(generate.LABELS)] for row in labels]


def logits_of(model, batch):
    longest = max(len(text) for text in batch["tokens"])
    pad = model.config.pad_token_id or 0
    ids = torch.tensor([text + [pad] * (longest - len(text)) for text in batch["tokens"]])
    mask = torch.tensor([[1] * len(text) + [0] * (longest - len(text)) for text in batch["tokens"]])
    return model(input_ids=ids, attention_mask=mask).logits


def multi_label(z, y, labelSmoothing=0.0, classWeights=None, focalGamma=0.0, asymmetric=None):
    y = y.to(z.dtype)
    if asymmetric is not None:
        p = z.sigmoid()
        shifted = (p - asymmetric["margin"]).clamp(min=0)
        positive = (1 - p) ** asymmetric["gammaPositive"] * p.log()
        negative = shifted ** asymmetric["gammaNegative"] * (1 - shifted).log()
        return -(y * positive + (1 - y) * negative).mean()
    weight = None if classWeights is None else torch.tensor(classWeights, dtype=z.dtype)
    smoothed = y * (1 - labelSmoothing) + labelSmoothing / 2
    if focalGamma == 0:
        return F.binary_cross_entropy_with_logits(z, smoothed, pos_weight=weight)
    cross_entropy = F.binary_cross_entropy_with_logits(z, y, pos_weight=weight, reduction="none")
    of_truth = z.sigmoid() * y + (1 - z.sigmoid()) * (1 - y)
    return (cross_entropy * (1 - of_truth) ** focalGamma).mean()


def single_label(z, y, labelSmoothing=0.0, classWeights=None, focalGamma=0.0):
    classes = y.argmax(dim=1)
    weight = None if classWeights is None else torch.tensor(classWeights, dtype=z.dtype)
    if focalGamma == 0:
        return F.cross_entropy(z, classes, weight=weight, label_smoothing=labelSmoothing)
    of_truth = z.softmax(dim=1).gather(1, classes[:, None])[:, 0]
    weights = torch.ones_like(of_truth) if weight is None else weight[classes]
    return (weights * (1 - of_truth) ** focalGamma * -of_truth.log()).sum() / weights.sum()


TASKS = {"multi-label": multi_label, "single-label": single_label}


def level(name, layers):
    found = re.search(r"\.(?:layers?|albert_layer_groups)\.(\d+)\.", name)
    if found:
        return int(found[1]) + 1
    if ".encoder.conv." in name:
        return 1
    shared = r"\.(embeddings|embeddings_project|embedding_hidden_mapping_in|rel_embeddings|relative_attention_bias)\.|deberta\.encoder\.LayerNorm"
    return 0 if re.search(shared, name) else layers + 1


def groups_of(model, layer_decay, freeze_layers):
    config = model.config
    layers = getattr(config, "num_hidden_groups", None) or config.num_hidden_layers
    without = undecayed(model)
    groups = []
    for name, parameter in model.named_parameters():
        depth = level(name, layers)
        if depth <= freeze_layers:
            parameter.requires_grad_(False)
            continue
        decay = 0.0 if name in without else generate.WEIGHT_DECAY
        share = layer_decay ** (layers + 1 - depth)
        groups.append({"params": [parameter], "weight_decay": decay, "lr": generate.LEARNING_RATE * share})
    return groups


def run(name, task="multi-label", layerDecay=1.0, freezeLayers=-1, ema=None, accumulate=1, **loss):
    folder = generate.FOLDER / name
    batches = json.loads((folder / "cases.json").read_text())["batches"]
    config = AutoConfig.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_config(config, attn_implementation="eager").float()
    model.load_state_dict(load_file(folder / "model.safetensors"))
    model = model.double().train()
    first = {n: p.detach().clone() for n, p in model.named_parameters()}
    optimizer = torch.optim.AdamW(groups_of(model, layerDecay, freezeLayers), lr=generate.LEARNING_RATE)
    warmup = int(generate.WARMUP_RATIO * generate.STEPS)
    schedule = get_linear_schedule_with_warmup(optimizer, warmup, generate.STEPS)
    averaged = None if ema is None else AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(ema))
    names, curve = list(batches), []
    for step in range(generate.STEPS):
        used = [names[(step * accumulate + i) % len(names)] for i in range(accumulate)]
        optimizer.zero_grad()
        texts = sum(len(batches[each]["tokens"]) for each in used)
        total = 0.0
        for each in used:
            labels = batches[each]["labels"] if task == "multi-label" else one_hot(batches[each]["labels"])
            value = TASKS[task](logits_of(model, batches[each]), torch.tensor(labels), **loss)
            value = value * (len(labels) / texts)
            value.backward()
            total += value.item()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), generate.MAX_GRAD_NORM)
        optimizer.step()
        schedule.step()
        if averaged is not None:
            averaged.update_parameters(model)
        curve.append({"batches": used, "loss": total, "gradNorm": norm.item()})
    ends = model if averaged is None else averaged.module
    moved = {n: (p.detach() - first[n]).norm().item() for n, p in ends.named_parameters()}
    return {"curve": curve, "moved": moved}


FAMILIES = ["bert", "deberta-v2", "electra-1", "albert-2", "modernbert-1", "mpnet-1"]
ASYMMETRIC = {"gammaNegative": 4, "gammaPositive": 1, "margin": 0.05}
CASES = [
    *({"model": name, "layerDecay": 0.7} for name in FAMILIES),
    {"model": "bert", "freezeLayers": 1},
    {"model": "deberta-v2", "freezeLayers": 1},
    {"model": "albert-2", "freezeLayers": 0},
    {"model": "modernbert-1", "freezeLayers": 1},
    {"model": "mpnet-1", "freezeLayers": 0, "ema": 0.8},
    {"model": "bert", "accumulate": 3},
    {"model": "deberta-v2", "accumulate": 2},
    {"model": "bert", "ema": 0.8},
    {"model": "deberta-v2", "ema": 0.9, "layerDecay": 0.9},
    {"model": "bert", "classWeights": WEIGHTS, "labelSmoothing": 0.1},
    {"model": "bert", "focalGamma": 2.0},
    {"model": "bert", "asymmetric": ASYMMETRIC},
    {"model": "deberta-v2", "task": "single-label", "classWeights": WEIGHTS, "labelSmoothing": 0.1},
    {"model": "deberta-v2", "task": "single-label", "focalGamma": 2.0},
]

if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    cases = []
    for case in CASES:
        settings = {key: value for key, value in case.items() if key != "model"}
        cases.append({**case, **run(case["model"], **settings)})
    generate.write(
        generate.FOLDER / "options.json",
        {
            "generator": generate.GENERATOR,
            "steps": generate.STEPS,
            "warmupSteps": int(generate.WARMUP_RATIO * generate.STEPS),
            "learningRate": generate.LEARNING_RATE,
            "weightDecay": generate.WEIGHT_DECAY,
            "maxGradNorm": generate.MAX_GRAD_NORM,
            "cases": cases,
        },
    )
