"""Ten steps with low-rank adapters, as peft and PyTorch take them.

    python test/golden/models/generate_lora.py

Needs peft besides bench/requirements.txt; its version is written into lora.json. Starts from the weights and tokens
that generate.py and generate_families.py wrote. Everything is float64, with dropout 0; the head is trained as peft's
`modules_to_save`. The adapters begin with values that `start` gives, so that no file has to hold them: B is not
zero, or A would have no gradient at first. Besides the curve, each case tells how far every trained parameter and
every merged weight has moved from where it began (the Euclidean norm), and the logits of a batch after the merge.
"""

import json
import math
import re

import generate
import peft
import torch
from generate_families import undecayed
from generate_options import logits_of
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file
from torch.nn import functional as F
from transformers import AutoConfig, AutoModelForSequenceClassification, get_linear_schedule_with_warmup

# Where the linear layers of attention lie, all of those within layers, and the head.
BERT = (r".*layer\.\d+\.attention\.(self\.\w+|output\.dense)", r".*layer\.\d+\..*(query|key|value|dense)")
NAMES = {
    "bert": (*BERT, ["classifier", "pooler"]),
    "roberta-1": (*BERT, ["classifier"]),
    "xlm-roberta-1": (*BERT, ["classifier"]),
    "camembert-1": (*BERT, ["classifier"]),
    "electra-1": (*BERT, ["classifier"]),
    "distilbert-1": (
        r".*layer\.\d+\.attention\.\w+_lin",
        r".*layer\.\d+\..*(\w+_lin|lin\d)",
        ["classifier", "pre_classifier"],
    ),
    "mpnet-1": (r".*layer\.\d+\.attention\.attn\.[qkvo]", r".*layer\.\d+\..*(attn\.[qkvo]|dense)", ["classifier"]),
    "albert-2": (
        r".*albert_layers\.\d+\.attention\.(query|key|value|dense)",
        r".*albert_layers\.\d+\.(attention\.(query|key|value|dense)|ffn|ffn_output)",
        ["classifier", "pooler"],
    ),
    "deberta-1": (
        r".*layer\.\d+\.attention\.(self\.\w+proj|output\.dense)",
        r".*layer\.\d+\..*(proj|dense)",
        ["classifier", "pooler"],
    ),
    "deberta-v2": (
        r".*layer\.\d+\.attention\.(self\.\w+proj|output\.dense)",
        r".*layer\.\d+\..*(proj|dense)",
        ["classifier", "pooler"],
    ),
    "deberta-v3": (
        r".*layer\.\d+\.attention\.(self\.\w+proj|output\.dense)",
        r".*layer\.\d+\..*(proj|dense)",
        ["classifier", "pooler"],
    ),
    "modernbert-1": (r".*layers\.\d+\.attn\.\w+", r".*layers\.\d+\..*(Wqkv|Wo|Wi)", ["classifier", "head"]),
}


def start(count, place):
    return torch.tensor([0.2 * math.sin(1 + 0.7 * i + 3 * place) for i in range(count)], dtype=torch.float32)


def layer_of(name):
    return int(re.search(r"layers?\.(\d+)\.", name)[1])


def plain(name):
    """Our name of a parameter of peft's."""
    name = name.removeprefix("base_model.model.")
    return name.replace(".modules_to_save.default", "").replace(".default", "").replace(".base_layer", "")


def run(name, targets, rank, alpha, freezeLayers=0):
    folder = generate.FOLDER / name
    batches = json.loads((folder / "cases.json").read_text())["batches"]
    config = AutoConfig.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_config(config, attn_implementation="eager").float()
    model.load_state_dict(load_file(folder / "model.safetensors"))
    before = {n: p.detach().double().clone() for n, p in model.named_parameters()}
    attention, everything, head = NAMES[name]
    pattern = attention if targets == "attention" else everything
    modules = [
        n
        for n, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and re.fullmatch(pattern, n) and layer_of(n) >= freezeLayers
    ]
    settings = LoraConfig(r=rank, lora_alpha=alpha, lora_dropout=0.0, target_modules=modules, modules_to_save=head)
    model = get_peft_model(model, settings)
    factors = [(n, p) for n, p in model.named_parameters() if ".lora_" in n]
    # By name, an order that anyone can have.
    for place, (_, parameter) in enumerate(sorted(factors, key=lambda each: plain(each[0]))):
        parameter.data = start(parameter.numel(), place).reshape(parameter.shape)
    model = model.double().train()
    trained = {n: p for n, p in model.named_parameters() if p.requires_grad}
    first = {n: p.detach().clone() for n, p in trained.items()}
    without = {n for n in trained if plain(n) in undecayed_names(folder, config)}
    groups = [
        {"params": [p], "weight_decay": 0.0 if n in without else generate.WEIGHT_DECAY} for n, p in trained.items()
    ]
    optimizer = torch.optim.AdamW(groups, lr=generate.LEARNING_RATE)
    schedule = get_linear_schedule_with_warmup(
        optimizer, int(generate.WARMUP_RATIO * generate.STEPS), generate.STEPS
    )
    names, curve = list(batches), []
    for step in range(generate.STEPS):
        batch = batches[names[step % len(names)]]
        optimizer.zero_grad()
        labels = torch.tensor(batch["labels"], dtype=torch.float64)
        loss = F.binary_cross_entropy_with_logits(logits_of(model, batch), labels)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(trained.values(), generate.MAX_GRAD_NORM)
        optimizer.step()
        schedule.step()
        curve.append({"batch": names[step % len(names)], "loss": loss.item(), "gradNorm": norm.item()})
    moved = {plain(n): (p.detach() - first[n]).norm().item() for n, p in trained.items()}
    model = model.merge_and_unload().eval()
    merged = {n: (p.detach() - before[n]).norm().item() for n, p in model.named_parameters()}
    logits = logits_of(model, batches["ragged"]).tolist()
    return {"curve": curve, "moved": moved, "merged": merged, "logits": logits}


def undecayed_names(folder, config):
    return undecayed(AutoModelForSequenceClassification.from_config(config))


CASES = [
    *({"model": name, "targets": "all", "rank": 3, "alpha": 6} for name in NAMES),
    *({"model": name, "targets": "attention", "rank": 2, "alpha": 3} for name in NAMES),
    {"model": "bert", "targets": "attention", "rank": 2, "alpha": 2, "freezeLayers": 1},
]

if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    cases = []
    for case in CASES:
        settings = {key: value for key, value in case.items() if key != "model"}
        cases.append({**case, **run(case["model"], **settings)})
    generate.write(
        generate.FOLDER / "lora.json",
        {
            "generator": {**generate.GENERATOR, "peft": peft.__version__},
            "steps": generate.STEPS,
            "warmupSteps": int(generate.WARMUP_RATIO * generate.STEPS),
            "learningRate": generate.LEARNING_RATE,
            "weightDecay": generate.WEIGHT_DECAY,
            "maxGradNorm": generate.MAX_GRAD_NORM,
            "cases": cases,
        },
    )
