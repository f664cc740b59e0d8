"""Ten steps with the options that pass a step's texts more than once, or draw dropout more than once, as PyTorch has it.

    python test/golden/models/generate_passes.py

Starts from the weights and tokens that generate.py and generate_families.py wrote; writes passes.json here, in the
form of options.json. Everything is float64. Models drop nothing but before their last layer, and there by the masks
that the engine draws: Philox4x32-10 (Salmon et al. 2011) by key and counter, over the texts by ascending length.

dropoutSamples: Inoue 2019, "Multi-Sample Dropout": the mean of the losses of several draws.
rDrop: Liang et al. 2021: the mean of the losses of two passes and alpha times their symmetric divergence,
(KL(p, q) + KL(q, p)) / 2, as the mean over texts, of yes and no per label over labels, too.
fgm: Miyato et al. 2017 as it is used for fine-tuning: word embeddings moved by epsilon along their gradient, whose
norm is 1 then; the gradients of the moved model are added to the others.
awp: Wu et al. 2020: every matrix moved along its gradient by rate times its norm, no entry by more than epsilon of
itself; the gradients of the moved model take the place of the others.
"""

import json

import generate
import generate_options
import numpy as np
import torch
from safetensors.torch import load_file
from torch.nn import functional as F
from transformers import AutoConfig, AutoModelForSequenceClassification, get_linear_schedule_with_warmup

KEY = (7, 3)
RATE = 0.3
PLAIN, MOVED = 0, 3  # the last word of the counter, by the pass


def philox(blocks, counter):
    """Four draws of uint32 for each of so many blocks."""
    low = np.uint64(0xFFFFFFFF)
    c = [np.arange(blocks, dtype=np.uint64), *(np.full(blocks, word, dtype=np.uint64) for word in counter)]
    k = [np.uint64(word) for word in KEY]
    for _ in range(10):
        p, q = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        c = [(q >> np.uint64(32)) ^ c[1] ^ k[0], q & low, (p >> np.uint64(32)) ^ c[3] ^ k[1], p & low]
        k = [(k[0] + np.uint64(0x9E3779B9)) & low, (k[1] + np.uint64(0xBB67AE85)) & low]
    return np.stack(c, axis=1).reshape(-1)


def mask(lengths, width, draw, place, which):
    """The mask of texts in the order given."""
    count = len(lengths) * width
    kept = philox(-(-count // 4), (draw, place, which))[:count] >= round(RATE * 2**32)
    packed = torch.from_numpy(kept.astype(np.float64)).reshape(len(lengths), width) / (1 - RATE)
    order = sorted(range(len(lengths)), key=lambda text: (lengths[text], text))
    masks = torch.empty_like(packed)
    masks[order] = packed
    return masks


def without_last_layer(model):
    """Takes the layer that gives the logits from the model, and gives it."""
    head, name = (model.classifier, "out_proj") if hasattr(model.classifier, "out_proj") else (model, "classifier")
    layer = getattr(head, name)
    setattr(head, name, torch.nn.Identity())
    return layer


def divergence(task, a, b):
    if task == "single-label":
        p, q = a.log_softmax(dim=1), b.log_softmax(dim=1)
        both = F.kl_div(p, q, log_target=True, reduction="batchmean") + F.kl_div(
            q, p, log_target=True, reduction="batchmean"
        )
        return both / 2
    p, q = torch.distributions.Bernoulli(logits=a), torch.distributions.Bernoulli(logits=b)
    kl = torch.distributions.kl_divergence
    return (kl(p, q) + kl(q, p)).mean() / 2


def loss_of(model, classifier, batch, task, drops, draw, which, dropoutSamples=1, rDrop=0.0):
    """`model` gives the features before its dropout, `classifier` is its last layer."""
    labels = batch["labels"] if task == "multi-label" else generate_options.one_hot(batch["labels"])
    passes = 2 if rDrop > 0 else 1
    features = generate_options.logits_of(model, batch)
    texts, width = features.shape
    lengths = [len(text) for text in batch["tokens"]] * passes
    losses = []
    for sample in range(dropoutSamples):
        doubled = features.repeat(passes, 1)
        if drops:
            doubled = doubled * mask(lengths, width, draw, sample, which)
        z = classifier(doubled).split(texts)
        value = sum(generate_options.TASKS[task](each, torch.tensor(labels)) for each in z) / passes
        losses.append(value + rDrop * divergence(task, *z) if passes == 2 else value)
    return sum(losses) / dropoutSamples


@torch.no_grad()
def move(parameters, words, fgm, awp):
    """Moves the weights where they are worse; gives them as they were."""
    before = [p.detach().clone() for p in parameters]
    if fgm > 0:
        words.add_(fgm * words.grad / words.grad.norm())
        return before
    for p in parameters:
        if p.dim() > 1 and p.grad is not None and p.grad.norm() > 0:
            step = awp["rate"] * p.norm() * p.grad / p.grad.norm()
            bound = awp["epsilon"] * p.abs()
            p.add_(step.clamp(-bound, bound))
    return before


def run(
    name, task="multi-label", drops=False, accumulate=1, layerDecay=1.0, freezeLayers=-1, fgm=0.0, awp=None, **draws
):
    folder = generate.FOLDER / name
    batches = json.loads((folder / "cases.json").read_text())["batches"]
    config = AutoConfig.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_config(config, attn_implementation="eager").float()
    model.load_state_dict(load_file(folder / "model.safetensors"))
    model = model.double().train()
    first = {n: p.detach().clone() for n, p in model.named_parameters()}
    optimizer = torch.optim.AdamW(
        generate_options.groups_of(model, layerDecay, freezeLayers), lr=generate.LEARNING_RATE
    )
    schedule = get_linear_schedule_with_warmup(
        optimizer, int(generate.WARMUP_RATIO * generate.STEPS), generate.STEPS
    )
    parameters = list(model.named_parameters())
    words = model.get_input_embeddings().weight
    classifier = without_last_layer(model)
    names, curve = list(batches), []
    for step in range(generate.STEPS):
        used = [names[(step * accumulate + i) % len(names)] for i in range(accumulate)]
        texts = sum(len(batches[each]["tokens"]) for each in used)

        def backward(which):
            total = 0.0
            for i, each in enumerate(used):
                draw = step * accumulate + i
                value = loss_of(model, classifier, batches[each], task, drops, draw, which, **draws)
                value = value * (len(batches[each]["labels"]) / texts)
                value.backward()
                total += value.item()
            return total

        optimizer.zero_grad()
        total = backward(PLAIN)
        if fgm > 0 or awp is not None:
            trained = [p for _, p in parameters if p.requires_grad]
            before = move(trained, words, fgm, awp)
            if awp is not None:
                optimizer.zero_grad()
            backward(MOVED)
            for p, value in zip(trained, before):
                p.data = value
        norm = torch.nn.utils.clip_grad_norm_([p for _, p in parameters], generate.MAX_GRAD_NORM)
        optimizer.step()
        schedule.step()
        curve.append({"batches": used, "loss": total, "gradNorm": norm.item()})
    moved = {n: (p.detach() - first[n]).norm().item() for n, p in parameters}
    return {"curve": curve, "moved": moved}


SINGLE = {"task": "single-label"}
AWP = {"rate": 0.1, "epsilon": 0.2}
CASES = [
    {"model": "bert", "drops": True, "dropoutSamples": 3},
    {"model": "deberta-v2", "drops": True, "dropoutSamples": 5, **SINGLE},
    {"model": "distilbert-1", "drops": True, "dropoutSamples": 2, "accumulate": 2},
    {"model": "bert", "drops": True, "rDrop": 1.0},
    {"model": "bert", "drops": True, "rDrop": 4.0, **SINGLE},
    {"model": "deberta-v2", "drops": True, "rDrop": 0.5, "accumulate": 2},
    {"model": "deberta-v2", "drops": True, "rDrop": 2.0, "dropoutSamples": 2, **SINGLE},
    {"model": "bert", "fgm": 1.0},
    {"model": "deberta-v2", "fgm": 0.5, "accumulate": 2, "layerDecay": 0.7},
    {"model": "albert-2", "fgm": 0.5, **SINGLE},
    {"model": "modernbert-1", "fgm": 0.25},
    {"model": "bert", "awp": AWP},
    {"model": "deberta-v2", "awp": AWP, "accumulate": 2, **SINGLE},
    {"model": "mpnet-1", "awp": {"rate": 0.01, "epsilon": 0.02}},
    {"model": "bert", "awp": AWP, "freezeLayers": 1},
    {"model": "bert", "drops": True, "rDrop": 1.0, "dropoutSamples": 2, "fgm": 0.5},
    {"model": "bert", "drops": True, "rDrop": 1.0, "awp": AWP, "accumulate": 2},
]

if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    cases = []
    for case in CASES:
        settings = {key: value for key, value in case.items() if key != "model"}
        cases.append({**case, **run(case["model"], **settings)})
    generate.write(
        generate.FOLDER / "passes.json",
        {
            "generator": generate.GENERATOR,
            "steps": generate.STEPS,
            "warmupSteps": int(generate.WARMUP_RATIO * generate.STEPS),
            "learningRate": generate.LEARNING_RATE,
            "weightDecay": generate.WEIGHT_DECAY,
            "maxGradNorm": generate.MAX_GRAD_NORM,
            "key": KEY,
            "rate": RATE,
            "cases": cases,
        },
    )
