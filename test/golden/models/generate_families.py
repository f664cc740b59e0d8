"""Goldens of further families: what transformers computes for random small classifiers of each.

    python test/golden/models/generate_families.py [FAMILY…]

The configurations are drawn by a seeded generator, so that no size is the lucky one. The format is that of
generate.py; cases.json may hold `padding` besides: texts with the padding token within, and their logits.
"""

import json
import random
import shutil
import sys

import generate
import torch
import transformers as t
from generate import FOLDER, LABELS, curve_of, expect, write
from transformers.models.bert import modeling_bert
from transformers.models.modernbert import modeling_modernbert
from transformers.models.mpnet.modeling_mpnet import MPNetEncoder

LENGTHS = {"ragged": [9, 3, 14, 6, 11], "one_token": [1, 7, 4], "long": [40, 4]}
SEED = 2026


def sizes(draw, **least):
    """Sizes under the names that most families have."""
    heads = draw.choice([2, 3])
    return dict(
        hidden_size=heads * draw.choice([4, 6]),
        num_attention_heads=heads,
        num_hidden_layers=max(least.get("layers", 1), draw.choice([1, 2])),
        intermediate_size=draw.choice([10, 14, 18]),
        vocab_size=draw.randint(24, 40),
        max_position_embeddings=draw.randint(44, 52),
        hidden_act=draw.choice(["gelu", "gelu", "relu"]),
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        layer_norm_eps=draw.choice([1e-5, 1e-12]),
    )


def roberta(kind):
    def case(draw, _):
        settings = sizes(draw) | dict(pad_token_id=draw.choice([1, 3]), type_vocab_size=draw.choice([1, 2]))
        return getattr(t, f"{kind}Config")(**settings), getattr(t, f"{kind}ForSequenceClassification"), {}

    return case


def distilbert(draw, _):
    s = sizes(draw)
    config = t.DistilBertConfig(
        vocab_size=s["vocab_size"],
        max_position_embeddings=s["max_position_embeddings"],
        n_layers=s["num_hidden_layers"],
        n_heads=s["num_attention_heads"],
        dim=s["hidden_size"],
        hidden_dim=s["intermediate_size"],
        activation=s["hidden_act"],
        dropout=0.0,
        attention_dropout=0.0,
        seq_classif_dropout=0.0,
    )
    return config, t.DistilBertForSequenceClassification, {}


def electra(draw, _):
    settings = sizes(draw)
    width = draw.choice([6, settings["hidden_size"]])
    return t.ElectraConfig(**settings, embedding_size=width), t.ElectraForSequenceClassification, {}


def mpnet(draw, _):
    settings = sizes(draw, layers=2)
    return t.MPNetConfig(**settings, relative_attention_num_buckets=32), t.MPNetForSequenceClassification, {}


def albert(draw, number):
    settings = sizes(draw) | dict(
        num_hidden_layers=3,
        num_hidden_groups=number,
        inner_group_num=3 - number,
        embedding_size=draw.choice([5, 8]),
        hidden_act="gelu_new",
        classifier_dropout_prob=0.0,
    )
    return t.AlbertConfig(**settings), t.AlbertForSequenceClassification, {}


def deberta(draw, number):
    """In the first, `long` is longer than the relative positions reach."""
    settings = sizes(draw, layers=2) | dict(
        relative_attention=True,
        max_relative_positions=[16, -1][number - 1],
        pos_att_type=[["c2p", "p2c"], ["p2c"]][number - 1],
        position_biased_input=number == 1,
        type_vocab_size=[2, 0][number - 1],
        pooler_dropout=0.0,
        pooler_hidden_act="gelu",
        layer_norm_eps=1e-7,
    )
    rewritten = {"pos_att_type": "|".join(settings["pos_att_type"])}
    return t.DebertaConfig(**settings), t.DebertaForSequenceClassification, rewritten


def modernbert(draw, number):
    s = sizes(draw)
    layers = draw.choice([3, 4])
    every = draw.choice([2, 3])
    pooling = "cls" if number == 1 else "mean"
    config = t.ModernBertConfig(
        vocab_size=s["vocab_size"],
        hidden_size=s["hidden_size"],
        intermediate_size=s["intermediate_size"],
        num_hidden_layers=layers,
        num_attention_heads=s["num_attention_heads"],
        max_position_embeddings=64,
        hidden_activation="gelu",
        norm_bias=number == 2,
        attention_bias=number == 2,
        mlp_bias=number == 2,
        classifier_bias=number == 2,
        local_attention=draw.choice([6, 9]),
        global_attn_every_n_layers=every,
        classifier_pooling=pooling,
        pad_token_id=0,
        bos_token_id=1,
        cls_token_id=1,
        eos_token_id=2,
        sep_token_id=2,
    )
    return config, t.ModernBertForSequenceClassification, {}


def published(config):
    """The settings of a ModernBERT under the names of published checkpoints."""
    rope = config.pop("rope_parameters")
    types = config.pop("layer_types")
    return config | {
        "global_attn_every_n_layers": types.index("full_attention", 1),
        "global_rope_theta": rope["full_attention"]["rope_theta"],
        "local_rope_theta": rope["sliding_attention"]["rope_theta"],
    }


# family: (how a configuration is drawn, how many are)
FAMILIES = {
    "roberta": (roberta("Roberta"), 2),
    "xlm-roberta": (roberta("XLMRoberta"), 1),
    "camembert": (roberta("Camembert"), 1),
    "distilbert": (distilbert, 2),
    "electra": (electra, 2),
    "mpnet": (mpnet, 2),
    "albert": (albert, 2),
    "deberta": (deberta, 2),
    "modernbert": (modernbert, 2),
}


def turned(q, k, cos, sin, unsqueeze_dim=1):
    """ModernBERT's rotary positions in the precision of the queries, where the original rounds to float32."""
    cos, sin = cos.unsqueeze(unsqueeze_dim), sin.unsqueeze(unsqueeze_dim)
    return tuple(x * cos + modeling_modernbert.rotate_half(x) * sin for x in (q, k))


# Its eager attention takes the softmax in float32, where the mask of float64 is −∞ and padded rows become NaN.
modeling_modernbert.eager_attention_forward = modeling_bert.eager_attention_forward
modeling_modernbert.apply_rotary_pos_emb = turned


def undecayed(model):
    """Biases and the scales of layer norms, whatever a family calls them."""
    norms = {
        f"{name}.weight" for name, module in model.named_modules() if "layernorm" in type(module).__name__.lower()
    }
    return {name for name, _ in model.named_parameters() if name in norms or "bias" in name}


def randomise(model, seed):
    generator = torch.Generator().manual_seed(seed)
    plain = undecayed(model)
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if name in plain and name.endswith(".weight") and "bias" not in name:
            parameter.data = 1 + 0.2 * noise
        elif name in plain and parameter.dim() == 1:
            parameter.data = 0.1 * noise
        elif "embeddings" in name or "relative_attention_bias" in name:
            parameter.data = 0.5 * noise
        else:
            parameter.data = noise / parameter[0].numel() ** 0.5


def forward(padding):
    """Pads to the longest text with the family's padding id and gives (loss, logits)."""

    def run(model, batch, dtype):
        longest = max(len(text) for text in batch["tokens"])
        ids = torch.tensor([text + [padding] * (longest - len(text)) for text in batch["tokens"]])
        mask = torch.tensor([[1] * len(text) + [0] * (longest - len(text)) for text in batch["tokens"]])
        output = model(input_ids=ids, attention_mask=mask, labels=torch.tensor(batch["labels"], dtype=dtype))
        return output.loss, output.logits

    return run


def random_texts(lengths, vocabulary, padding, draw):
    """Token lists with repeated ids, never the padding id, whose gradient PyTorch drops."""
    known = [token for token in range(vocabulary) if token != padding]
    texts = []
    for length in lengths:
        text = [draw.choice(known) for _ in range(length)]
        if length > 4:
            text[-2] = text[1]
        texts.append(text)
    return texts


def generate_case(name, draw, drawn):
    folder = FOLDER / name
    shutil.rmtree(folder, ignore_errors=True)
    config, model_class, rewritten = drawn
    config.num_labels = LABELS
    config.problem_type = "multi_label_classification"
    config._attn_implementation = "eager"
    seed = draw.randrange(1 << 30)
    torch.manual_seed(seed)
    model = model_class(config)
    randomise(model, seed)
    model.save_pretrained(folder)
    path = folder / "config.json"
    saved = json.loads(path.read_text()) | rewritten
    if name == "modernbert-2":
        saved = published(saved)
    path.write_text(json.dumps(saved, indent=2) + "\n")

    padding = config.pad_token_id
    generate.forward = forward(padding)
    generate.undecayed = undecayed
    batches = {}
    for batch, lengths in LENGTHS.items():
        labels = [[draw.randint(0, 1) for _ in range(LABELS)] for _ in lengths]
        batches[batch] = {"tokens": random_texts(lengths, config.vocab_size, padding, draw), "labels": labels}
    cases = {n: expect(model, b, folder / f"gradients.{n}.safetensors") for n, b in batches.items()}
    inside = [[0, 5, padding, 6, 7, padding, padding, 8, 2], [0, 9, padding, 2]]
    with torch.no_grad():
        truth = model.double().eval()
        _, logits = generate.forward(truth, {"tokens": inside, "labels": [[0] * LABELS] * 2}, torch.float64)
    write(
        folder / "cases.json",
        {
            "generator": generate.GENERATOR,
            "seed": seed,
            "batches": cases,
            "padding": {"tokens": inside, "logits": logits.tolist()},
        },
    )
    write(folder / "curve.json", curve_of(model.float().train(), batches, folder))


def generate_buckets():
    """MPNet's bucket of each distance between query and key."""
    distances = torch.arange(-600, 601)
    values = MPNetEncoder.relative_position_bucket(-distances).tolist()
    write(FOLDER / "mpnet-buckets.json", {"generator": generate.GENERATOR, "first": -600, "values": values})


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    generate_buckets()
    for family, (make, count) in FAMILIES.items():
        draw = random.Random(f"{SEED} {family}")
        for i in range(1, count + 1):
            drawn = make(draw, i)
            if len(sys.argv) == 1 or family in sys.argv[1:]:
                generate_case(f"{family}-{i}", draw, drawn)
