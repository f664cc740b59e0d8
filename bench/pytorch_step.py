"""Training steps in PyTorch, as a user of the reference notebook gets them: the other side of the benchmark.

    python bench/pytorch_step.py train --model deberta-v3-base --batches batches.json --mode padded128 --threads 2
    python bench/pytorch_step.py matmul 2048 768 3072 --threads 2

README.md beside this file gives the set-up, the format of the batches and the protocol of --interleave.
Every answer is one line of JSON on stdout.
"""

import argparse
import contextlib
import json
import os
import resource
import sys
import time

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
import transformers
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    DebertaV2Config,
    get_linear_schedule_with_warmup,
)

LEARNING_RATE, WEIGHT_DECAY, MAX_GRAD_NORM, WARMUP_RATIO = 1.5e-5, 0.01, 1.0, 0.1
PADDED_LENGTH = 128

# The published shape; its weights are not needed for timing.
DEBERTA_V3_BASE = dict(
    vocab_size=128100,
    hidden_size=768,
    num_hidden_layers=12,
    num_attention_heads=12,
    intermediate_size=3072,
    hidden_act="gelu",
    hidden_dropout_prob=0.1,
    attention_probs_dropout_prob=0.1,
    max_position_embeddings=512,
    type_vocab_size=0,
    layer_norm_eps=1e-7,
    relative_attention=True,
    position_buckets=256,
    max_relative_positions=-1,
    norm_rel_ebd="layer_norm",
    share_att_key=True,
    pos_att_type=["p2c", "c2p"],
    position_biased_input=False,
    pooler_dropout=0.0,
    pooler_hidden_act="gelu",
)


def build_model(source, labels):
    """`deberta-v3-base`, or a local folder: with its weights where it has them, else random by its config.json."""
    head = {"num_labels": labels, "problem_type": "multi_label_classification"}
    if source == "deberta-v3-base":
        model = AutoModelForSequenceClassification.from_config(DebertaV2Config(**DEBERTA_V3_BASE, **head))
    elif not os.path.isdir(source):
        sys.exit(f"--model {source}: expected deberta-v3-base or an existing folder with a config.json")
    elif any(name.startswith(("model.safetensors", "pytorch_model.bin")) for name in os.listdir(source)):
        model = AutoModelForSequenceClassification.from_pretrained(source, dtype=torch.float32, **head)
    else:
        model = AutoModelForSequenceClassification.from_config(AutoConfig.from_pretrained(source, **head))
    return model.float().train()


class Trainer:
    """The notebook's loop, one step at a time."""

    def __init__(self, model, batches, mode, steps, device, half):
        self.model, self.batches, self.mode, self.device = model, batches, mode, device
        # The notebook's mixed precision: float16 where autocast has it so, and a loss scale.
        self.scaler = torch.amp.GradScaler(device.type) if half else None
        named = list(model.named_parameters())
        plain = [p for n, p in named if "bias" in n or "LayerNorm.weight" in n]
        decayed = [p for n, p in named if not ("bias" in n or "LayerNorm.weight" in n)]
        self.optimizer = torch.optim.AdamW(
            [{"params": decayed, "weight_decay": WEIGHT_DECAY}, {"params": plain, "weight_decay": 0.0}],
            lr=LEARNING_RATE,
        )
        self.schedule = get_linear_schedule_with_warmup(self.optimizer, int(WARMUP_RATIO * steps), steps)

    def tensors(self, batch):
        texts = batch["tokens"]
        longest = max(len(text) for text in texts)
        length = PADDED_LENGTH if self.mode == "padded128" else longest
        if longest > length:
            sys.exit(f"--mode {self.mode}: expected texts of at most {length} tokens, found one of {longest}")
        pad = self.model.config.pad_token_id or 0
        return {
            name: tensor.to(self.device)
            for name, tensor in {
                "input_ids": torch.tensor([text + [pad] * (length - len(text)) for text in texts]),
                "attention_mask": torch.tensor([[1] * len(text) + [0] * (length - len(text)) for text in texts]),
                "labels": torch.tensor(batch["labels"], dtype=torch.float32),
            }.items()
        }

    def step(self, index):
        """Trains on batch `index`, counted round and round."""
        batch = self.batches[index % len(self.batches)]
        start = time.perf_counter()
        self.optimizer.zero_grad()
        with torch.autocast(self.device.type, torch.float16) if self.scaler else contextlib.nullcontext():
            loss = self.model(**self.tensors(batch)).loss
        (self.scaler.scale(loss) if self.scaler else loss).backward()
        if self.scaler:
            self.scaler.unscale_(self.optimizer)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), MAX_GRAD_NORM)
        waited = time.perf_counter()
        if self.scaler:
            # Reads whether the gradients are finite, and so waits for them.
            self.scaler.step(self.optimizer)
            waiting = time.perf_counter() - waited
            self.scaler.update()
        else:
            self.optimizer.step()
            waiting = 0
        self.schedule.step()
        asked = time.perf_counter()
        value = loss.item()
        end = time.perf_counter()
        return {"seconds": end - start, "loss": value, "waiting": waiting + end - asked}

    def run(self, first, count):
        """Trains on so many batches, one after the other."""
        steps = [self.step(index) for index in range(first, first + count)]
        return {
            "seconds": sum(step["seconds"] for step in steps),
            "losses": [step["loss"] for step in steps],
            "waiting": sum(step["waiting"] for step in steps),
        }

    def facts(self):
        """What is known of the device and of a step on it; of a processor nothing."""
        if self.device.type != "cuda":
            return {"card": None, "driver": None, "launches": None, "kernelSeconds": None, "deviceBytes": None}
        most = torch.cuda.max_memory_allocated(self.device)
        launches, kernels = self.profile()
        return {
            "card": torch.cuda.get_device_name(self.device),
            "driver": f"CUDA {torch.version.cuda}",
            "launches": launches,
            "kernelSeconds": kernels,
            "deviceBytes": most,
        }

    def profile(self):
        """Kernels that a step launches, and for how long they compute together."""
        from torch.profiler import ProfilerActivity, profile

        with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as trace:
            self.step(0)
            torch.cuda.synchronize(self.device)
        events = trace.events()
        launches = sum(event.name.startswith(("cudaLaunchKernel", "cuLaunchKernel")) for event in events)
        on_card = [
            event
            for event in events
            if event.device_type == torch.autograd.DeviceType.CUDA and not getattr(event, "is_user_annotation", False)
        ]
        return launches, sum(event.time_range.elapsed_us() for event in on_card) / 1e6


def peak():
    """The largest resident size of this process so far, in bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return {"peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit}


def matmul(m, k, n, repetitions=10):
    """The best of several float32 products [m,k]·[k,n], in GFLOP/s."""
    a, b = torch.randn(m, k), torch.randn(k, n)
    best = float("inf")
    for _ in range(repetitions + 1):
        start = time.perf_counter()
        torch.mm(a, b)
        best = min(best, time.perf_counter() - start)
    return {"gflops": 2 * m * k * n / best / 1e9, "seconds": best}


def say(answer):
    print(json.dumps(answer), flush=True)


def serve(trainer):
    """Answers one line of stdin after the other until `exit` or the end of the input."""
    for line in sys.stdin:
        match line.split():
            case ["step", index]:
                say(trainer.step(int(index)))
            case ["run", first, count]:
                say(trainer.run(int(first), int(count)))
            case ["facts"]:
                say(trainer.facts())
            case ["peak"]:
                say(peak())
            case ["matmul", m, k, n]:
                say(matmul(int(m), int(k), int(n)))
            case ["exit"]:
                return
            case _:
                sys.exit(f"stdin: expected step <i>, run <i> <n>, facts, peak, matmul <m> <k> <n> or exit, found {line.strip()!r}")


def train(arguments):
    with open(arguments.batches, encoding="utf-8") as file:
        batches = json.load(file)["batches"]
    steps = arguments.steps or len(batches)
    torch.manual_seed(arguments.seed)
    device = torch.device(arguments.device)
    model = build_model(arguments.model, len(batches[0]["labels"][0])).to(device)
    trainer = Trainer(model, batches, arguments.mode, steps, device, arguments.precision == "float16")
    say(
        {
            "ready": True,
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            "threads": torch.get_num_threads(),
            "parameters": sum(p.numel() for p in model.parameters()),
            "mode": arguments.mode,
            "batches": len(batches),
        }
    )
    if arguments.interleave:
        return serve(trainer)
    for index in range(steps):
        say(trainer.step(index))
    say(peak())


def parse():
    parser = argparse.ArgumentParser(description="Times training steps in PyTorch.")
    commands = parser.add_subparsers(dest="command", required=True)
    training = commands.add_parser("train")
    training.add_argument("--model", required=True, help="deberta-v3-base, or a folder with a config.json")
    training.add_argument("--batches", required=True, help="JSON file of batches")
    training.add_argument("--mode", required=True, choices=["padded128", "longest"])
    training.add_argument("--steps", type=int, help="length of the schedule, and of the run; default: one per batch")
    training.add_argument("--device", default="cpu", help="cpu, or cuda and a number: cuda:0")
    training.add_argument("--precision", default="float32", choices=["float32", "float16"])
    training.add_argument("--seed", type=int, default=42)
    training.add_argument("--interleave", action="store_true", help="take steps from stdin")
    product = commands.add_parser("matmul")
    product.add_argument("sizes", type=int, nargs=3, metavar=("m", "k", "n"))
    for command in (training, product):
        command.add_argument("--threads", type=int, required=True)
    return parser.parse_args()


def main():
    arguments = parse()
    torch.set_num_threads(arguments.threads)
    if arguments.command == "matmul":
        say(matmul(*arguments.sizes))
    else:
        train(arguments)


if __name__ == "__main__":
    main()
