"""Long texts in windows: how the tokenizers library splits them, and ten steps of the mean of the windows' logits.

    python test/golden/models/generate_windows.py

Starts from the weights and tokens that generate.py wrote; writes windows.json here. `splits` are the overflowing
encodings of a tokenizer of numbers, with their special tokens, by length and stride; `stride` is the number
of tokens that two windows share. `cases` are ten steps, everything in float64 with dropout 0, in which a text's
logits are the mean of those of its windows; besides the curve, how far every parameter has moved from where it
began (the Euclidean norm).
"""

import json

import generate
import tokenizers
import torch
from generate_families import undecayed
from generate_options import logits_of
from safetensors.torch import load_file
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from torch.nn import functional as F
from transformers import AutoConfig, AutoModelForSequenceClassification, get_linear_schedule_with_warmup


def numbers():
    vocabulary = {**{str(n): n for n in range(5000)}, "[CLS]": 5000, "[SEP]": 5001, "[UNK]": 5002}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 5000), ("[SEP]", 5001)]
    )
    return tokenizer


def windows_of(ids, length, stride):
    """By the library; `ids` has its special tokens."""
    tokenizer = numbers()
    tokenizer.enable_truncation(length, stride=stride)
    first = tokenizer.encode(" ".join(str(i) for i in ids[1:-1]))
    return [[ids[0], *each.ids[1:-1], ids[-1]] for each in [first, *first.overflowing]]


def split_cases():
    for count in [0, 1, 4, 5, 6, 7, 8, 9, 23, 24, 25, 60]:
        for length, stride in [(7, 0), (7, 2), (7, 4), (3, 0), (12, 5)]:
            ids = [1, *(4 + i for i in range(count)), 2]
            yield {"ids": ids, "length": length, "overlap": stride, "windows": windows_of(ids, length, stride)}


def run(name, length, overlap):
    folder = generate.FOLDER / name
    batches = json.loads((folder / "cases.json").read_text())["batches"]
    config = AutoConfig.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_config(config, attn_implementation="eager").float()
    model.load_state_dict(load_file(folder / "model.safetensors"))
    model = model.double().train()
    first = {n: p.detach().clone() for n, p in model.named_parameters()}
    without = undecayed(model)
    groups = [
        {"params": [p], "weight_decay": 0.0 if n in without else generate.WEIGHT_DECAY}
        for n, p in model.named_parameters()
    ]
    optimizer = torch.optim.AdamW(groups, lr=generate.LEARNING_RATE)
    warmup = int(generate.WARMUP_RATIO * generate.STEPS)
    schedule = get_linear_schedule_with_warmup(optimizer, warmup, generate.STEPS)
    names, curve = list(batches), []
    for step in range(generate.STEPS):
        batch = batches[names[step % len(names)]]
        optimizer.zero_grad()
        # A text of one token has no last token besides its first.
        framed = [text if len(text) > 1 else [text[0], text[0]] for text in batch["tokens"]]
        split = [windows_of(text, length, overlap) for text in framed]
        logits = torch.stack([logits_of(model, {"tokens": windows}).mean(dim=0) for windows in split])
        loss = F.binary_cross_entropy_with_logits(logits, torch.tensor(batch["labels"], dtype=torch.float64))
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), generate.MAX_GRAD_NORM)
        optimizer.step()
        schedule.step()
        curve.append({"tokens": framed, "labels": batch["labels"], "loss": loss.item(), "gradNorm": norm.item()})
    moved = {n: (p.detach() - first[n]).norm().item() for n, p in model.named_parameters()}
    return {"model": name, "length": length, "overlap": overlap, "curve": curve, "moved": moved}


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    generate.write(
        generate.FOLDER / "windows.json",
        {
            "generator": {**generate.GENERATOR, "tokenizers": tokenizers.__version__},
            "steps": generate.STEPS,
            "warmupSteps": int(generate.WARMUP_RATIO * generate.STEPS),
            "learningRate": generate.LEARNING_RATE,
            "weightDecay": generate.WEIGHT_DECAY,
            "maxGradNorm": generate.MAX_GRAD_NORM,
            "splits": list(split_cases()),
            "cases": [run("bert", 7, 2), run("deberta-v2", 6, 0), run("modernbert-2", 9, 3)],
        },
    )
