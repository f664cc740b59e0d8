"""Ten steps of transformers' fine-tuning with one class per text (problem_type single_label_classification).

    python test/golden/models/generate_single_label.py

Starts from the weights and the tokens that generate.py wrote; writes single-label.json and
final.single-label.safetensors beside them. Targets are one-hot, as a training table holds them.
"""

import json

import generate
import torch

MODELS = ["bert", "deberta-v3"]


def forward(model, batch, dtype):
    longest = max(len(text) for text in batch["tokens"])
    ids = torch.tensor([text + [0] * (longest - len(text)) for text in batch["tokens"]])
    mask = torch.tensor([[1] * len(text) + [0] * (longest - len(text)) for text in batch["tokens"]])
    classes = torch.tensor(batch["labels"]).argmax(dim=1)
    output = model(input_ids=ids, attention_mask=mask, labels=classes)
    return output.loss, output.logits


def one_hot(labels):
    """The class of a text is the number of its labels, so that classes differ in how often they occur."""
    return [[int(sum(row) % generate.LABELS == index) for index in range(generate.LABELS)] for row in labels]


def generate_case(name):
    folder = generate.FOLDER / name
    cases = json.loads((folder / "cases.json").read_text())["batches"]
    batches = {n: {"tokens": b["tokens"], "labels": one_hot(b["labels"])} for n, b in cases.items()}
    model_class = generate.CASES[name][0]
    model = model_class.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32)
    model.config.problem_type = "single_label_classification"
    truth, final = generate.train(model, batches, torch.float64)
    file = "final.single-label.safetensors"
    generate.save_file({n: t.float().contiguous() for n, t in final.items()}, folder / file)
    probabilities = {}
    for batch_name, batch in batches.items():
        with torch.no_grad():
            _, logits = forward(model.double().eval(), batch, torch.float64)
        probabilities[batch_name] = logits.softmax(dim=1).tolist()
    generate.write(
        folder / "single-label.json",
        {
            "generator": generate.GENERATOR,
            "steps": generate.STEPS,
            "warmupSteps": int(generate.WARMUP_RATIO * generate.STEPS),
            "adamW": {"learningRate": generate.LEARNING_RATE},
            "weightDecay": generate.WEIGHT_DECAY,
            "maxGradNorm": generate.MAX_GRAD_NORM,
            "labels": {n: b["labels"] for n, b in batches.items()},
            "float64": truth,
            "probabilities": probabilities,
            "final": file,
        },
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    generate.forward = forward
    for case in MODELS:
        generate_case(case)
