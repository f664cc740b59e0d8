"""Goldens of the models: what transformers and PyTorch compute for tiny random BERT and DeBERTa-v2 classifiers.

    python test/golden/models/generate.py

The versions used are those of bench/requirements.txt and are written into every cases.json and curve.json.
The outputs are rebuilt beside this file: see README.md for their format.

The truth is computed in float64 from the float32 weights that are saved; the same in float32 is given beside
it, to show what rounding alone costs. Dropout is 0 and attention is eager throughout.
"""

import copy
import json
import math
import shutil
from pathlib import Path

import safetensors
import torch
import transformers
from safetensors.torch import save_file
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    DebertaV2Config,
    DebertaV2ForSequenceClassification,
    get_linear_schedule_with_warmup,
)
from transformers.models.deberta_v2.modeling_deberta_v2 import make_log_bucket_position

FOLDER = Path(__file__).resolve().parent
LABELS = 5
CLS, SEP, FIRST_TOKEN = 1, 2, 4
LENGTHS = {
    "ragged": [9, 3, 14, 6, 11],
    "one_token": [1, 7, 4],
    "single": [8],
    "odd": [5, 10, 7],
    "long": [40, 4],
}
STEPS, LEARNING_RATE, WEIGHT_DECAY, MAX_GRAD_NORM, WARMUP_RATIO = 10, 1e-3, 0.01, 1.0, 0.1

COMMON = dict(
    num_labels=LABELS,
    problem_type="multi_label_classification",
    hidden_act="gelu",
    hidden_dropout_prob=0.0,
    attention_probs_dropout_prob=0.0,
    max_position_embeddings=64,
)
DEBERTA = dict(
    COMMON, vocab_size=120, layer_norm_eps=1e-7, relative_attention=True, pooler_dropout=0.0, pooler_hidden_act="gelu"
)
SMALL = dict(hidden_size=16, num_attention_heads=2, num_hidden_layers=2, intermediate_size=32)

# name: (model class, configuration, fields of config.json rewritten after saving, seed)
CASES = {
    "bert": (
        BertForSequenceClassification,
        BertConfig(
            **COMMON,
            vocab_size=100,
            hidden_size=32,
            num_attention_heads=4,
            num_hidden_layers=2,
            intermediate_size=64,
            type_vocab_size=2,
        ),
        {},
        11,
    ),
    "deberta-v3": (
        DebertaV2ForSequenceClassification,
        DebertaV2Config(
            **DEBERTA,
            hidden_size=32,
            num_attention_heads=4,
            num_hidden_layers=3,
            intermediate_size=64,
            position_buckets=8,
            max_relative_positions=-1,
            pos_att_type=["p2c", "c2p"],
            share_att_key=True,
            norm_rel_ebd="layer_norm",
            position_biased_input=False,
            type_vocab_size=0,
            pooler_hidden_size=32,
        ),
        {},
        12,
    ),
    # Everything of v2 that v3 lacks: a convolution, projected embeddings, absolute positions, types, own position
    # projections. `pos_att_type` is saved as published checkpoints write it: one string.
    "deberta-v2": (
        DebertaV2ForSequenceClassification,
        DebertaV2Config(
            **DEBERTA,
            **SMALL,
            embedding_size=12,
            position_buckets=8,
            max_relative_positions=-1,
            pos_att_type=["p2c", "c2p"],
            share_att_key=False,
            position_biased_input=True,
            type_vocab_size=2,
            conv_kernel_size=3,
            conv_act="gelu",
        ),
        {"pos_att_type": "p2c|c2p"},
        13,
    ),
    # No buckets, content-to-position only; 16 relative positions, so the distances of `long` are clamped.
    "deberta-c2p": (
        DebertaV2ForSequenceClassification,
        DebertaV2Config(
            **DEBERTA,
            **SMALL,
            position_buckets=-1,
            max_relative_positions=16,
            pos_att_type=["c2p"],
            share_att_key=False,
            position_biased_input=False,
            type_vocab_size=0,
        ),
        {},
        14,
    ),
    # The configuration's own default: no relative attention. `pos_att_type` still enters the scale.
    "deberta-absolute": (
        DebertaV2ForSequenceClassification,
        DebertaV2Config(
            **{**DEBERTA, "relative_attention": False},
            **SMALL,
            pos_att_type=["c2p", "p2c"],
            position_biased_input=True,
            type_vocab_size=0,
        ),
        {},
        15,
    ),
}


def randomise(model, seed):
    """Weights large enough that attention is far from uniform and no gradient is trivially small."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if "LayerNorm.weight" in name:
            parameter.data = 1 + 0.2 * noise
        elif name.endswith("bias"):
            parameter.data = 0.1 * noise
        elif "embeddings" in name:
            parameter.data = 0.5 * noise
        else:
            parameter.data = noise / math.sqrt(math.prod(parameter.shape[1:]))


def random_batches(vocab_size, seed):
    """Ragged token lists with repeated ids and never the padding id 0; labels 0 or 1."""
    generator = torch.Generator().manual_seed(seed + 1000)
    batches = {}
    for name, lengths in LENGTHS.items():
        tokens = []
        for length in lengths:
            body = torch.randint(FIRST_TOKEN, vocab_size, (max(0, length - 2),), generator=generator).tolist()
            if len(body) > 3:
                body[-1] = body[0]
            tokens.append([CLS, *body, SEP][:length])
        labels = torch.randint(0, 2, (len(lengths), LABELS), generator=generator).tolist()
        batches[name] = {"tokens": tokens, "labels": labels}
    return batches


def forward(model, batch, dtype):
    """Pads to the longest text with id 0 and gives (loss, logits)."""
    longest = max(len(text) for text in batch["tokens"])
    ids = torch.tensor([text + [0] * (longest - len(text)) for text in batch["tokens"]])
    mask = torch.tensor([[1] * len(text) + [0] * (longest - len(text)) for text in batch["tokens"]])
    output = model(input_ids=ids, attention_mask=mask, labels=torch.tensor(batch["labels"], dtype=dtype))
    return output.loss, output.logits


def expect(model, batch, gradients_path):
    """Adds what the model computes for a batch, and saves the gradients of all parameters."""
    truth = copy.deepcopy(model).double().train()
    loss, logits = forward(truth, batch, torch.float64)
    loss.backward()
    largest = max(p.grad.abs().max().item() for p in truth.parameters())
    save_file(
        {name: p.grad.float().contiguous() for name, p in truth.named_parameters()},
        gradients_path,
        metadata={"dtype": "float64, rounded to float32"},
    )
    loss32, logits32 = forward(copy.deepcopy(model).train(), batch, torch.float32)
    return {
        **batch,
        "float64": {"loss": loss.item(), "logits": logits.tolist()},
        "float32": {"loss": loss32.item(), "logits": logits32.tolist()},
        "gradients": gradients_path.name,
        "largestGradient": largest,
        "zeroGradients": [n for n, p in truth.named_parameters() if p.grad.abs().max().item() < 1e-13 * largest],
    }


def undecayed(model):
    """The parameters of the group without weight decay."""
    return {name for name, _ in model.named_parameters() if "bias" in name or "LayerNorm.weight" in name}


def train(model, batches, dtype):
    """Ten steps of the reference fine-tuning; gives the curve and the final weights."""
    model = copy.deepcopy(model).to(dtype).train()
    decayed, plain, without = [], [], undecayed(model)
    for name, parameter in model.named_parameters():
        (plain if name in without else decayed).append(parameter)
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": WEIGHT_DECAY}, {"params": plain, "weight_decay": 0.0}],
        lr=LEARNING_RATE,
    )
    schedule = get_linear_schedule_with_warmup(optimizer, int(WARMUP_RATIO * STEPS), STEPS)
    names, curve = list(batches), []
    for step in range(STEPS):
        name = names[step % len(names)]
        rate = schedule.get_last_lr()[0]
        optimizer.zero_grad()
        loss, _ = forward(model, batches[name], dtype)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), MAX_GRAD_NORM)
        optimizer.step()
        schedule.step()
        curve.append({"batch": name, "learningRate": rate, "loss": loss.item(), "gradNorm": norm.item()})
    return curve, {name: p.detach() for name, p in model.named_parameters()}


def curve_of(model, batches, folder):
    """Both precisions of the curve; per tensor, how far the float32 run ends from the float64 run."""
    truth, final = train(model, batches, torch.float64)
    rounded, final32 = train(model, batches, torch.float32)
    save_file({name: t.float().contiguous() for name, t in final.items()}, folder / "final.safetensors")
    return {
        "generator": GENERATOR,
        "steps": STEPS,
        "warmupSteps": int(WARMUP_RATIO * STEPS),
        "adamW": {"learningRate": LEARNING_RATE, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
        "weightDecay": WEIGHT_DECAY,
        "maxGradNorm": MAX_GRAD_NORM,
        "undecayed": [n for n, _ in model.named_parameters() if n in undecayed(model)],
        "float64": truth,
        "float32": rounded,
        "final": "final.safetensors",
        "finalDeviationOfFloat32": {n: (final32[n].double() - t).abs().max().item() for n, t in final.items()},
    }


def write(path, value):
    path.write_text(json.dumps(value, separators=(",", ":")) + "\n")


def generate_case(name):
    model_class, config, rewritten, seed = CASES[name]
    folder = FOLDER / name
    shutil.rmtree(folder, ignore_errors=True)
    torch.manual_seed(seed)
    config._attn_implementation = "eager"
    model = model_class(config)
    randomise(model, seed)
    model.save_pretrained(folder)
    config_path = folder / "config.json"
    config_path.write_text(json.dumps({**json.loads(config_path.read_text()), **rewritten}, indent=2) + "\n")

    batches = random_batches(config.vocab_size, seed)
    expected = {n: expect(model, b, folder / f"gradients.{n}.safetensors") for n, b in batches.items()}
    write(folder / "cases.json", {"generator": GENERATOR, "seed": seed, "batches": expected})
    write(folder / "curve.json", curve_of(model, batches, folder))


def generate_buckets():
    """Log buckets of the distances −(n−1) … n−1 as transformers gives them."""
    tables = []
    for buckets, positions, length in [(8, 64, 64), (8, 64, 80), (32, 128, 128), (256, 512, 512), (256, 512, 700)]:
        distances = torch.arange(-(length - 1), length)
        values = make_log_bucket_position(distances, buckets, positions).long().tolist()
        tables.append({"buckets": buckets, "maxPosition": positions, "first": -(length - 1), "values": values})
    write(FOLDER / "buckets.json", {"generator": GENERATOR, "tables": tables})


GENERATOR = {
    "torch": torch.__version__.split("+")[0],
    "transformers": transformers.__version__,
    "safetensors": safetensors.__version__,
}

if __name__ == "__main__":
    # One thread and deterministic kernels: the same versions write the same bytes.
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    generate_buckets()
    for case in CASES:
        generate_case(case)
