"""Writes one ONNX model per operator into this folder, and models.json with what to feed them.

Run: python test/golden/runtime/generate.py   (needs onnx; only the models are its output, the
expected values come from the package's own binding when the tests run)
"""

import json
import pathlib

import onnx
from onnx import TensorProto, helper

here = pathlib.Path(__file__).parent
types = {
    "float32": TensorProto.FLOAT,
    "int64": TensorProto.INT64,
    "int32": TensorProto.INT32,
    "bool": TensorProto.BOOL,
    "float16": TensorProto.FLOAT16,
}
models = {}


def write(name, nodes, inputs, outputs, declared=None):
    """inputs: name -> (type, shape fed); outputs: name -> (type, rank); all extents stay open."""

    def port(key, kind, rank):
        shape = (declared or {}).get(key, [f"{key}_{axis}" for axis in range(rank)])
        return helper.make_tensor_value_info(key, types[kind], shape)

    graph = helper.make_graph(
        nodes,
        name,
        [port(key, kind, len(shape)) for key, (kind, shape) in inputs.items()],
        [port(key, kind, rank) for key, (kind, rank) in outputs.items()],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets, producer_name="foldwise", ir_version=9)
    onnx.save(model, here / f"{name}.onnx")
    models[name] = {
        "inputs": {key: {"type": kind, "shape": shape} for key, (kind, shape) in inputs.items()},
        "outputs": list(outputs),
    }


def single(name, op, inputs, outputs, **attributes):
    node = helper.make_node(op, list(inputs), list(outputs), name=f"the_{name}", **attributes)
    write(name, [node], inputs, outputs)


f = lambda *shape: ("float32", list(shape))
single("matmul", "MatMul", {"a": f(2, 3, 4), "b": f(2, 4, 5)}, {"y": ("float32", 3)})
single("gemm", "Gemm", {"a": f(4, 3), "b": f(5, 4), "c": f(5)}, {"y": ("float32", 2)}, transA=1, transB=1, alpha=0.5)
single("softmax", "Softmax", {"x": f(3, 7)}, {"y": ("float32", 2)}, axis=-1)
single(
    "layer_normalization",
    "LayerNormalization",
    {"x": f(3, 8), "scale": f(8), "bias": f(8)},
    {"y": ("float32", 2), "mean": ("float32", 2), "deviation": ("float32", 2)},
    axis=-1,
    epsilon=1e-7,
)
single("gather", "Gather", {"x": f(6, 4), "rows": ("int64", [5])}, {"y": ("float32", 2)}, axis=0)
single("erf", "Erf", {"x": f(11)}, {"y": ("float32", 1)})
single("where", "Where", {"mask": ("bool", [3, 4]), "a": f(3, 4), "b": f()}, {"y": ("float32", 2)})
single("transpose", "Transpose", {"x": f(2, 3, 4)}, {"y": ("float32", 3)}, perm=[2, 0, 1])
single(
    "slice",
    "Slice",
    {"x": f(5, 4), "from": ("int64", [1]), "to": ("int64", [1]), "axes": ("int64", [1])},
    {"y": ("float32", 2)},
)
single("concat", "Concat", {"a": f(2, 3), "b": f(4, 3)}, {"y": ("float32", 2)}, axis=0)
single("cast_to_float16", "Cast", {"x": f(9)}, {"y": ("float16", 1)}, to=TensorProto.FLOAT16)
single("cast_from_int32", "Cast", {"x": ("int32", [5])}, {"y": ("int64", 1)}, to=TensorProto.INT64)
single("reduce_sum", "ReduceSum", {"x": f(4, 6), "axes": ("int64", [1])}, {"y": ("float32", 2)}, keepdims=0)
single("gelu", "Gelu", {"x": f(13)}, {"y": ("float32", 1)}, domain="com.microsoft")
single("scalar", "Mul", {"a": f(), "b": f()}, {"y": ("float32", 0)})
single("identity", "Identity", {"x": f(3, 5)}, {"y": ("float32", 2)})

# Runs for a second or so: a chain of square products.
chain = [helper.make_node("MatMul", [f"x{i}" if i else "x", "w"], [f"x{i + 1}" if i < 39 else "y"]) for i in range(40)]
write("slow", chain, {"x": f(512, 512), "w": f(512, 512)}, {"y": ("float32", 2)})

# As many inputs and outputs as a model of 150 parameters has, each of one element.
many = [helper.make_node("Neg", [f"in.{i}"], [f"out.{i}"]) for i in range(300)]
write("many", many, {f"in.{i}": f(1) for i in range(300)}, {f"out.{i}": ("float32", 1) for i in range(300)})

fixed = [helper.make_node("Neg", ["x"], ["y"])]
write("fixed", fixed, {"x": f(2, 3)}, {"y": ("float32", 2)}, {"x": ["rows", 3], "y": ["rows", 3]})

# Valid as a graph; fails when it runs with extents that do not fit.
single("failing", "Add", {"a": f(2), "b": f(3)}, {"y": ("float32", 1)})

(here / "models.json").write_text(json.dumps({"onnx": onnx.__version__, "models": models}, indent=1) + "\n")
