"""Writes deberta-v3-tiny: a small random DeBERTa-v3 in the four-file layout of microsoft/deberta-v3-base.

pytorch_model.bin holds float16 tensors under the names of a pretraining checkpoint (prefix `deberta.`,
`lm_predictions.*`, `mask_predictions.*`), spm.model is the nmt_nfkc golden of ../tokenizers. expected.json
has, for each tensor of transformers' model loaded in float32, shape, first values and sums. Also writes the
files of formats/: the same few tensors as torch stores them in several ways.

    python generate.py

Needs torch, transformers and safetensors.
"""

import json
import shutil
from collections import OrderedDict
from pathlib import Path

import safetensors.torch
import torch
import transformers

HERE = Path(__file__).parent
SEED = 20260102
SPM = HERE.parent / "tokenizers" / "nmt_nfkc" / "spm.model"
ROWS = 432  # more than the tokens, as in the published checkpoint

CONFIG = {
    "model_type": "deberta-v2", "attention_probs_dropout_prob": 0.1, "hidden_act": "gelu", "hidden_dropout_prob": 0.1,
    "hidden_size": 32, "initializer_range": 0.02, "intermediate_size": 64, "max_position_embeddings": 512,
    "relative_attention": True, "position_buckets": 256, "norm_rel_ebd": "layer_norm", "share_att_key": True,
    "pos_att_type": "p2c|c2p", "layer_norm_eps": 1e-7, "max_relative_positions": -1, "position_biased_input": False,
    "num_attention_heads": 4, "num_hidden_layers": 2, "type_vocab_size": 0, "vocab_size": ROWS,
}


def summary(tensor):
    flat = tensor.detach().double().flatten()
    return {"shape": list(tensor.shape), "first": flat[:4].tolist(), "sum": flat.sum().item(), "squares": (flat * flat).sum().item()}


def write(path, value):
    path.write_text(json.dumps(value, indent=1) + "\n")


def tiny():
    folder = HERE / "deberta-v3-tiny"
    folder.mkdir(exist_ok=True)
    write(folder / "config.json", CONFIG)
    (folder / "tokenizer_config.json").write_text('{\n  "do_lower_case": false,\n  "vocab_type": "spm"\n}\n')
    shutil.copyfile(SPM, folder / "spm.model")
    torch.manual_seed(SEED)
    model = transformers.DebertaV2Model(transformers.DebertaV2Config(**{k: v for k, v in CONFIG.items() if k != "model_type"}))
    state = OrderedDict()
    for name, tensor in model.state_dict().items():
        noise = torch.randn_like(tensor) * 0.05 if tensor.is_floating_point() else 0
        state[f"deberta.{name}"] = (tensor + noise).half()
    hidden = CONFIG["hidden_size"]
    for head in ["lm_predictions.lm_head", "mask_predictions"]:
        state[f"{head}.dense.weight"] = torch.randn(hidden, hidden).half()
        state[f"{head}.dense.bias"] = torch.zeros(hidden).half()
        state[f"{head}.LayerNorm.weight"] = torch.ones(hidden).half()
        state[f"{head}.LayerNorm.bias"] = torch.zeros(hidden).half()
    state["lm_predictions.lm_head.bias"] = torch.zeros(ROWS).half()
    state["mask_predictions.classifier.weight"] = torch.randn(1, hidden).half()
    state["mask_predictions.classifier.bias"] = torch.zeros(1).half()
    torch.save(state, folder / "pytorch_model.bin")
    loaded = transformers.DebertaV2Model.from_pretrained(folder, dtype=torch.float32)
    return {name: summary(tensor) for name, tensor in loaded.state_dict().items()}


def formats():
    folder = HERE / "formats"
    folder.mkdir(exist_ok=True)
    torch.manual_seed(SEED + 1)
    base = torch.randn(6, 5)
    tensors = OrderedDict(
        F64=base.double(), F32=base.clone(), F16=base.half(), BF16=base.bfloat16(), I64=(base * 100).long(), I32=(base * 100).int(),
        I16=(base * 100).short(), I8=(base * 10).to(torch.int8), U8=(base.abs() * 10).to(torch.uint8), BOOL=base > 0,
        extremes=torch.tensor([0.0, -0.0, 5.9604644775390625e-08, 6.097555160522461e-05, 65504.0, float("inf"), float("-inf")]).half(),
        scalar=torch.tensor(2.5), empty=torch.empty(0, 4))
    safetensors.torch.save_file(dict(tensors), folder / "every-format.safetensors", metadata={"format": "pt"})
    tensors["transposed"] = base.t()
    tensors["slice"] = base[1:5:2, 1:4]
    tensors["shared"] = base.view(30)[7:11]
    tensors["permuted"] = torch.arange(24.0).reshape(2, 3, 4).permute(2, 0, 1)
    tensors["parameter"] = torch.nn.Parameter(base[2])
    for protocol in [2, 4]:
        torch.save(tensors, folder / f"every-format.protocol{protocol}.bin", pickle_protocol=protocol)
    torch.save(tensors, folder / "not-a-zip.bin", _use_new_zipfile_serialization=False)
    torch.save({"epoch": 3, "state": tensors}, folder / "nested.bin")
    torch.save({"weight": torch.zeros(1).expand(1000, 1000)}, folder / "expanded.bin")
    module = torch.nn.Linear(2, 2)
    torch.save(module, folder / "module.bin")
    torch.save(module.state_dict(), folder / "module-state.bin")
    return {name: {"shape": list(t.shape), "values": [str(v) for v in t.detach().double().flatten().tolist()]} for name, t in tensors.items()}


write(HERE / "expected.json", {
    "torch": torch.__version__, "transformers": transformers.__version__, "safetensors": safetensors.__version__, "seed": SEED,
    "deberta-v3-tiny": tiny(), "formats": formats(),
})
