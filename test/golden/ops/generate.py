"""Goldens of the ops: outputs and gradients from PyTorch in float64.

    python test/golden/ops/generate.py

Writes <op>.json beside this file; README.md gives the format. Values are drawn in float32, so that an engine of
float32 starts from the same numbers, and rounded to few digits, so that the files stay small.
"""

import functools
import json
from pathlib import Path

import torch
import torch.nn.functional as F

FOLDER = Path(__file__).resolve().parent
SEED = 20240


class Draw:
    """Random tensors of one op: float64 tensors whose values are exact in float32."""

    def __init__(self, op):
        self.generator = torch.Generator().manual_seed(SEED + sum(map(ord, op)))

    def normal(self, *shape, scale=1.0):
        return self._exact(scale * torch.randn(shape, generator=self.generator, dtype=torch.float64))

    def positive(self, *shape):
        """Between 0.25 and 2.25: away from the poles of 1/x, log and sqrt."""
        return self._exact(0.25 + 2 * torch.rand(shape, generator=self.generator, dtype=torch.float64))

    def away_from_zero(self, *shape):
        return self.positive(*shape) * self.sign(*shape)

    def sign(self, *shape):
        return torch.randint(0, 2, shape, generator=self.generator).double() * 2 - 1

    def ids(self, limit, *shape):
        return torch.randint(0, limit, shape, generator=self.generator)

    def bits(self, *shape):
        return torch.randint(0, 2, shape, generator=self.generator).double()

    @staticmethod
    def _exact(tensor):
        """To multiples of 2⁻¹⁰."""
        return torch.round(tensor * 1024) / 1024


def sample(op, function, inputs, constants=(), **attributes):
    """One sample. `constants` names float inputs without a gradient; integer inputs never have one."""
    variables = {
        name: tensor.clone().requires_grad_(tensor.is_floating_point() and name not in constants)
        for name, tensor in inputs.items()
    }
    output = function(*variables.values())
    upstream = Draw(op + str(list(output.shape))).normal(*output.shape)
    output.backward(upstream)
    return {
        "op": op,
        "attributes": attributes,
        "inputs": {name: plain(tensor) for name, tensor in inputs.items()},
        "output": plain(output.detach()),
        "upstream": plain(upstream),
        "gradients": {name: plain(v.grad) for name, v in variables.items() if v.requires_grad},
    }


def plain(tensor):
    dtype = "float" if tensor.is_floating_point() else "int64"
    return {"shape": list(tensor.shape), "dtype": dtype, "data": tensor.reshape(-1).tolist()}


def linear(draw):
    for leading, fan_in, fan_out in [((4,), 3, 5), ((1,), 1, 1), ((2, 3), 4, 2), ((1,), 6, 3), ((5,), 1, 4)]:
        inputs = {
            "x": draw.normal(*leading, fan_in),
            "weight": draw.normal(fan_out, fan_in),
            "bias": draw.normal(fan_out),
        }
        yield sample("linear", F.linear, inputs)
    yield sample("linear", F.linear, {"x": draw.normal(3, 4), "weight": draw.normal(2, 4)})


def matmul(draw):
    for a, b in [
        ((3, 4), (4, 2)),
        ((1, 1), (1, 1)),
        ((2, 3, 4), (2, 4, 5)),
        ((2, 2, 3, 4), (2, 2, 4, 1)),
        ((2, 3, 4), (4, 2)),
        ((3, 1, 2, 4), (2, 4, 3)),
        ((1, 3, 2), (4, 2, 3)),
    ]:
        yield sample("matMul", torch.matmul, {"a": draw.normal(*a), "b": draw.normal(*b)})


def broadcasting(op, function):
    def samples(draw):
        right = draw.away_from_zero if op == "divide" else draw.normal
        for a, b in [
            ((2, 3), (2, 3)),
            ((2, 3), (3,)),
            ((3,), (2, 3)),
            ((2, 1, 3), (4, 1)),
            ((1,), (2, 2)),
            ((2, 3), ()),
            ((1, 1), (1,)),
        ]:
            yield sample(op, function, {"a": draw.normal(*a), "b": right(*b)})

    return samples


def elementwise(op, function, kind="normal"):
    def samples(draw):
        for shape in [(5, 3), (1,), (2, 1, 4)]:
            yield sample(op, function, {"x": getattr(draw, kind)(*shape)})
        if kind == "normal":
            tails = torch.tensor([-30.0, -9.0, -5.5, -1e-3, 1e-3, 5.5, 9.0, 30.0], dtype=torch.float32).double()
            if op != "exp":
                yield sample(op, function, {"x": tails})

    return samples


def softmax(draw):
    for shape, scale in [((3, 5), 1), ((2, 2, 4), 3), ((4, 1), 1), ((1, 1), 1), ((2, 6), 40)]:
        yield sample("softmax", lambda x: torch.softmax(x, -1), {"x": draw.normal(*shape, scale=scale)}, axis=-1)
    masked = draw.normal(2, 4)
    masked[0, 2:] += -3.0e38
    yield sample("softmax", lambda x: torch.softmax(x, -1), {"x": masked.float().double()}, axis=-1)


def layer_norm(draw):
    for shape, epsilon in [((4, 8), 1e-7), ((2, 3, 5), 1e-12), ((1, 2), 1e-5), ((3, 1), 1e-5)]:
        inputs = {"x": draw.normal(*shape, scale=2), "scale": draw.normal(shape[-1]), "bias": draw.normal(shape[-1])}
        yield sample(
            "layerNorm",
            lambda x, s, b, e=epsilon: F.layer_norm(x, x.shape[-1:], s, b, e),
            inputs,
            axis=-1,
            epsilon=epsilon,
        )


def gather_rows(op, names):
    def samples(draw):
        def lookup(table, ids):
            return table[ids]

        for rows, width, ids in [
            (6, 3, torch.tensor([[0, 5, 5], [2, 0, 5]])),
            (4, 2, torch.tensor([3, 3, 3, 3, 1])),
            (1, 1, torch.tensor([0])),
            (5, 4, torch.tensor([2])),
            (3, 2, torch.tensor([2, 0, 1])),
        ]:
            yield sample(op, lookup, dict(zip(names, [draw.normal(rows, width), ids])))

    return samples


def transpose(draw):
    for shape, permutation in [
        ((2, 3), [1, 0]),
        ((2, 3, 2, 4), [0, 2, 1, 3]),
        ((3, 1, 2), [2, 0, 1]),
        ((1, 1), [1, 0]),
    ]:
        yield sample(
            "transpose", lambda x, p=permutation: x.permute(*p), {"x": draw.normal(*shape)}, permutation=permutation
        )


def reshape(draw):
    for shape, target in [((2, 6), [3, 4]), ((2, 3, 4), [6, 4]), ((1,), [1, 1, 1]), ((4, 2), [8])]:
        yield sample("reshape", lambda x, t=target: x.reshape(t), {"x": draw.normal(*shape)}, shape=target)


def expand(draw):
    for shape, target in [((3, 1), (3, 4)), ((2,), (3, 2)), ((1, 2, 1), (3, 2, 2)), ((1,), (1,)), ((2, 3), (2, 3))]:
        yield sample("expand", lambda x, t=target: x.broadcast_to(t), {"x": draw.normal(*shape)}, shape=list(target))


def rotary(draw):
    """As transformers' apply_rotary_pos_emb: cos and sin of the half width, repeated."""

    def turn(x, cos, sin):
        a, b = x.chunk(2, -1)
        return x * torch.cat([cos, cos], -1) + torch.cat([-b, a], -1) * torch.cat([sin, sin], -1)

    for rows, heads, half in [(3, 2, 4), (1, 1, 1), (5, 1, 3)]:
        angles = draw.normal(rows, 1, half)
        inputs = {"x": draw.normal(rows, heads, 2 * half), "cos": angles.cos(), "sin": angles.sin()}
        inputs = {name: tensor.float().double() for name, tensor in inputs.items()}
        yield sample("rotary", turn, inputs, constants=["cos", "sin"])


def slice_(draw):
    for shape, axis, start, end in [((5, 3), 0, 1, 4), ((2, 6), 1, 0, 1), ((2, 3, 4), -1, 2, 4), ((1, 2), 0, 0, 1)]:
        yield sample(
            "slice",
            lambda x, a=axis, s=start, e=end: x.narrow(a, s, e - s),
            {"x": draw.normal(*shape)},
            axis=axis,
            start=start,
            end=end,
        )


def concat(draw):
    for a, b, axis in [((2, 3), (2, 1), 1), ((1, 4), (3, 4), 0), ((2, 1, 2), (2, 1, 3), -1), ((1,), (1,), 0)]:
        inputs = {"a": draw.normal(*a), "b": draw.normal(*b)}
        yield sample("concat", lambda a, b, along=axis: torch.cat([a, b], along), inputs, axis=axis)


def reduction(op, function):
    def samples(draw):
        for shape, axes, keep in [
            ((3, 4), [1], False),
            ((3, 4), [0], True),
            ((2, 3, 4), [0, 2], False),
            ((2, 3, 4), [-1], True),
            ((2, 3), [0, 1], False),
            ((1, 1), [1], False),
        ]:
            yield sample(
                op,
                lambda x, a=axes, k=keep: function(x, a, keepdim=k),
                {"x": draw.normal(*shape)},
                axes=axes,
                keepDims=keep,
            )

    return samples


def bce_with_logits(draw):
    for batch, labels, scale in [(4, 5, 2), (1, 1, 1), (3, 1, 1), (2, 5, 30)]:
        inputs = {"logits": draw.normal(batch, labels, scale=scale), "labels": draw.bits(batch, labels)}
        yield sample("bceWithLogits", F.binary_cross_entropy_with_logits, inputs, constants=["labels"])


def weighted_bce(draw):
    """torch's pos_weight, smoothed targets, and torchvision's sigmoid_focal_loss without alpha."""
    weights = [0.5, 3.0, 1.25, 2.0, 1.0]
    cases = [(0.0, weights, 0.0), (0.1, None, 0.0), (0.25, weights, 0.0), (0.0, None, 2.0), (0.0, weights, 0.5)]
    for smoothing, weight, gamma in cases:
        for batch, scale in [(4, 2), (2, 30)]:
            inputs = {"logits": draw.normal(batch, 5, scale=scale), "targets": draw.bits(batch, 5)}

            def loss(z, y):
                factor = None if weight is None else torch.tensor(weight, dtype=z.dtype)
                smoothed = y * (1 - smoothing) + smoothing / 2
                if gamma == 0:
                    return F.binary_cross_entropy_with_logits(z, smoothed, pos_weight=factor)
                plain = F.binary_cross_entropy_with_logits(z, y, pos_weight=factor, reduction="none")
                wrong = torch.where(y == 1, (-z).sigmoid(), z.sigmoid())
                return (plain * wrong**gamma).mean()

            attributes = {"labelSmoothing": smoothing, "weights": weight, "focalGamma": gamma}
            yield sample("weightedBinaryCrossEntropy", loss, inputs, constants=["targets"], **attributes)


def weighted_softmax(draw):
    """torch's weight and label_smoothing, and the focal loss of the softmax with the same weights."""
    weights = [0.5, 3.0, 1.25, 2.0, 1.0]
    cases = [(0.0, weights, 0.0), (0.1, None, 0.0), (0.25, weights, 0.0), (0.0, None, 2.0), (0.0, weights, 0.5)]
    for smoothing, weight, gamma in cases:
        for batch, scale in [(4, 2), (2, 8)]:
            targets = F.one_hot(draw.ids(5, batch), 5).double()
            inputs = {"logits": draw.normal(batch, 5, scale=scale), "targets": targets}

            def loss(z, y):
                classes = y.argmax(dim=1)
                factor = None if weight is None else torch.tensor(weight, dtype=z.dtype)
                if gamma == 0:
                    return F.cross_entropy(z, classes, weight=factor, label_smoothing=smoothing)
                likelihood = z.log_softmax(dim=1).gather(1, classes[:, None])[:, 0]
                each = torch.ones_like(likelihood) if factor is None else factor[classes]
                return (each * (1 - likelihood.exp()) ** gamma * -likelihood).sum() / each.sum()

            attributes = {"labelSmoothing": smoothing, "weights": weight, "focalGamma": gamma}
            yield sample("weightedSoftmaxCrossEntropy", loss, inputs, constants=["targets"], **attributes)


def asymmetric(draw):
    """Ridnik et al. 2021, equations 4 to 7, as the mean over all entries."""
    for negative, positive, margin in [(4, 0, 0.05), (4, 1, 0.05), (2, 0.5, 0.0), (1, 0, 0.25), (0, 0, 0.1)]:
        for batch, scale in [(4, 2), (2, 8)]:
            inputs = {"logits": draw.normal(batch, 5, scale=scale), "targets": draw.bits(batch, 5)}

            def loss(z, y):
                shifted = (z.sigmoid() - margin).clamp(min=0)
                of_positive = (-z).sigmoid() ** positive * F.logsigmoid(z)
                of_negative = shifted**negative * (1 - shifted).log()
                return -(y * of_positive + (1 - y) * of_negative).mean()

            attributes = {"gammaNegative": negative, "gammaPositive": positive, "margin": margin}
            yield sample("asymmetricLoss", loss, inputs, constants=["targets"], **attributes)


def bernoulli_divergence(draw):
    """The mean of both Kullback-Leibler divergences of yes and no per label, as torch has them."""
    kl = torch.distributions.kl_divergence
    for batch, scale in [(4, 2), (1, 1), (2, 8)]:
        inputs = {"a": draw.normal(batch, 5, scale=scale), "b": draw.normal(batch, 5, scale=scale)}

        def divergence(a, b):
            p, q = torch.distributions.Bernoulli(logits=a), torch.distributions.Bernoulli(logits=b)
            return (kl(p, q) + kl(q, p)).mean() / 2

        yield sample("bernoulliDivergence", divergence, inputs)


def softmax_divergence(draw):
    for batch, scale in [(4, 2), (1, 1), (2, 8)]:
        inputs = {"a": draw.normal(batch, 5, scale=scale), "b": draw.normal(batch, 5, scale=scale)}

        def divergence(a, b):
            p, q = a.log_softmax(dim=1), b.log_softmax(dim=1)
            kl = functools.partial(F.kl_div, log_target=True, reduction="batchmean")
            return (kl(p, q) + kl(q, p)) / 2

        yield sample("softmaxDivergence", divergence, inputs)


def softmax_cross_entropy(draw):
    """Targets that sum to 1: classes in the first two samples, shares of 1/4 in the last two."""
    for batch, classes, scale in [(4, 5, 2), (1, 1, 1), (3, 2, 1), (2, 5, 30)]:
        logits = draw.normal(batch, classes, scale=scale)
        picks = draw.ids(classes, 4, batch)
        if scale == 2 or classes == 1:
            picks = picks[:1].expand(4, batch)
        targets = F.one_hot(picks, classes).double().mean(dim=0)
        yield sample("softmaxCrossEntropy", F.cross_entropy, {"logits": logits, "targets": targets}, constants=["targets"])


def dropout(draw):
    """The given mask holds 0 where dropped and 1/(1 − rate), rounded to float32, where kept."""
    for shape, rate in [((3, 4), 0.1), ((2, 3, 2), 0.5), ((1,), 0.25)]:
        mask = (draw.bits(*shape) / (1 - rate)).float().double()
        yield sample("dropout", torch.mul, {"x": draw.normal(*shape), "mask": mask}, constants=["mask"], rate=rate)


def skew(draw):
    """out[b,h,i,j] = x[b,h,i,j−i+T−1] for x [b,h,T,2T]; the last column is unused and gets the gradient 0."""
    for batch, heads, length in [(1, 1, 1), (2, 2, 2), (1, 2, 5), (3, 1, 1)]:
        rows = torch.arange(length)[:, None]
        columns = torch.arange(length)[None, :] - rows + length - 1
        inputs = {"x": draw.normal(batch, heads, length, 2 * length)}
        yield sample("skew", lambda x, r=rows, c=columns: x[:, :, r, c], inputs)


def conv1d(draw):
    """x [batch, length, in], weight [out, in/groups, kernel] as in checkpoints; zeros beyond the ends."""
    for batch, length, fan_in, fan_out, kernel, groups in [
        (2, 5, 3, 4, 3, 1),
        (1, 1, 2, 2, 3, 1),
        (2, 4, 2, 2, 1, 1),
        (1, 6, 4, 4, 5, 2),
        (2, 2, 3, 3, 3, 1),
    ]:
        padding = (kernel - 1) // 2
        inputs = {
            "x": draw.normal(batch, length, fan_in),
            "weight": draw.normal(fan_out, fan_in // groups, kernel),
            "bias": draw.normal(fan_out),
        }
        yield sample(
            "conv1d",
            lambda x, w, b, p=padding, g=groups: F.conv1d(x.transpose(1, 2), w, b, padding=p, groups=g).transpose(1, 2),
            inputs,
            padding=padding,
            groups=groups,
        )


OPS = {
    "linear": linear,
    "matMul": matmul,
    "add": broadcasting("add", torch.add),
    "subtract": broadcasting("subtract", torch.sub),
    "multiply": broadcasting("multiply", torch.mul),
    "divide": broadcasting("divide", torch.div),
    "gelu": elementwise("gelu", F.gelu),
    "geluTanh": elementwise("geluTanh", lambda x: F.gelu(x, approximate="tanh")),
    "tanh": elementwise("tanh", torch.tanh),
    "relu": elementwise("relu", torch.relu),
    "sigmoid": elementwise("sigmoid", torch.sigmoid),
    "sqrt": elementwise("sqrt", torch.sqrt, "positive"),
    "exp": elementwise("exp", torch.exp),
    "log": elementwise("log", torch.log, "positive"),
    "softmax": softmax,
    "layerNorm": layer_norm,
    "lookup": gather_rows("lookup", ["table", "ids"]),
    "gatherRows": gather_rows("gatherRows", ["x", "index"]),
    "transpose": transpose,
    "reshape": reshape,
    "expand": expand,
    "rotary": rotary,
    "slice": slice_,
    "concat": concat,
    "reduceSum": reduction("reduceSum", torch.sum),
    "reduceMean": reduction("reduceMean", torch.mean),
    "bceWithLogits": bce_with_logits,
    "softmaxCrossEntropy": softmax_cross_entropy,
    "weightedBinaryCrossEntropy": weighted_bce,
    "weightedSoftmaxCrossEntropy": weighted_softmax,
    "asymmetricLoss": asymmetric,
    "bernoulliDivergence": bernoulli_divergence,
    "softmaxDivergence": softmax_divergence,
    "dropout": dropout,
    "skew": skew,
    "conv1d": conv1d,
}

if __name__ == "__main__":
    torch.set_num_threads(1)
    generator = {"torch": torch.__version__.split("+")[0], "seed": SEED}
    for op, samples in OPS.items():
        content = {"generator": generator, "samples": list(samples(Draw(op)))}
        (FOLDER / f"{op}.json").write_text(json.dumps(content, separators=(",", ":"), allow_nan=False) + "\n")
