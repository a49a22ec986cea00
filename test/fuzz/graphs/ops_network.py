"""Operators of the random graphs that networks are made of: convolutions, pooling, products, normalisation, recurrence, resizing, 8-bit chains."""
import numpy as np

from graph import F32, Refused
from ops_pointwise import OPERATORS, is_f32, of_rank, operator


def image(g):
    """A value of shape [n, c, h, w]; at times made from another by a reshape."""
    value = g.pick(lambda v: is_f32(v) and v.array.ndim >= 3 and v.array.shape[-1] > 1)
    if value.array.ndim == 4:
        return value
    shape = (1,) * (4 - value.array.ndim) + value.array.shape if value.array.ndim < 4 else (-1,) + value.array.shape[-3:]
    return g.add("Reshape", [value, g.constant(np.array(shape, np.int64))])


def window(g, array, most=3):
    """Attributes of a window over the last two axes that fits."""
    kernel = [int(g.rng.integers(1, min(most, d) + 1)) for d in array.shape[2:]]
    attributes = {"kernel_shape": kernel, "strides": [int(g.choose([1, 1, 2])) for _ in kernel]}
    if g.chance(0.5):
        attributes["pads"] = [int(g.rng.integers(k)) for k in kernel + kernel]
    elif g.chance(0.3):
        attributes["auto_pad"] = g.choose(["SAME_UPPER", "SAME_LOWER", "VALID"])
    return attributes


@operator("Conv")
def conv(g, op):
    value = image(g)
    channels = value.array.shape[1]
    attributes = window(g, value.array)
    if "auto_pad" not in attributes and g.chance(0.2) and all(d > 2 * (k - 1) for d, k in zip(value.array.shape[2:], attributes["kernel_shape"])):
        attributes["dilations"] = [2, 2]
    group = int(g.choose([1, 1, channels] + [d for d in (2, 3, 4) if channels % d == 0]))
    out = group * int(g.choose([1, 1, 2, 3])) if group > 1 else g.dim()
    weights = g.numbers([out, channels // group] + attributes["kernel_shape"], low=-1, high=1) / np.float32(np.sqrt(channels // group * 4))
    inputs = [value, g.constant(weights, F32)] + ([g.constant(g.numbers([out]))] if g.chance(0.6) else [])
    g.add(op, inputs, group=group, **attributes)


@operator("ConvTranspose")
def conv_transpose(g, op):
    value = image(g)
    channels, out = value.array.shape[1], int(g.choose([1, 2, 3]))
    kernel = [int(g.choose([1, 2, 3])) for _ in range(2)]
    attributes = {"kernel_shape": kernel, "strides": [int(g.choose([1, 2])) for _ in kernel]}
    if g.chance(0.4) and all(d > 1 for d in value.array.shape[2:]):
        attributes["pads"] = [int(g.rng.integers(k)) for k in kernel + kernel]
    if g.chance(0.3):
        attributes["output_padding"] = [s - 1 for s in attributes["strides"]]
    weights = g.numbers([channels, out] + kernel, low=-1, high=1) / np.float32(np.sqrt(channels))
    g.add(op, [value, g.constant(weights, F32)] + ([g.constant(g.numbers([out]))] if g.chance(0.5) else []), **attributes)


@operator("MaxPool", "AveragePool", "LpPool")
def pool(g, op):
    value = image(g)
    attributes = window(g, value.array)
    if op == "AveragePool":
        attributes["count_include_pad"] = int(g.chance(0.5))
    if op == "LpPool":
        attributes["p"] = 2
        attributes.pop("auto_pad", None)
    g.add(op, [value], **attributes)


@operator("GlobalAveragePool", "GlobalMaxPool")
def global_pool(g, op):
    g.add(op, [image(g)])


@operator("BatchNormalization")
def batch_norm(g, op):
    value = g.pick(lambda v: is_f32(v) and v.array.ndim > 1)
    channels = [value.array.shape[1]]
    g.add(op, [value] + [g.constant(g.numbers(channels, low=low, high=2)) for low in (-2, -2, -2, 0.3)], epsilon=1e-3)


@operator("InstanceNormalization")
def instance_norm(g, op):
    value = image(g)
    g.add(op, [value, g.constant(g.numbers([value.array.shape[1]])), g.constant(g.numbers([value.array.shape[1]]))], epsilon=0.1)


@operator("GroupNormalization")
def group_norm(g, op):
    value = image(g)
    channels = value.array.shape[1]
    groups = int(g.choose([d for d in range(1, channels + 1) if channels % d == 0]))
    g.add(op, [value, g.constant(g.numbers([channels])), g.constant(g.numbers([channels]))], num_groups=groups, epsilon=0.1)


@operator("LayerNormalization")
def layer_norm(g, op):
    value = g.pick(lambda v: is_f32(v) and v.array.ndim > 1 and v.array.shape[-1] > 1)
    axis = int(g.choose([-1, value.array.ndim - 1, -2]))
    shape = value.array.shape[axis:]
    g.add(op, [value, g.constant(g.numbers(shape))] + ([g.constant(g.numbers(shape))] if g.chance(0.6) else []), axis=axis, epsilon=0.1)


@operator("LRN")
def lrn(g, op):
    g.add(op, [image(g)], size=int(g.choose([1, 3, 5])), alpha=0.1, beta=0.75, bias=1.0)


@operator("Softmax", "LogSoftmax", "Hardmax")
def softmax(g, op):
    value = g.pick(lambda v: is_f32(v) and v.array.ndim > 0)
    g.add(op, [value], axis=int(g.rng.integers(-value.array.ndim, value.array.ndim)))


@operator("LpNormalization")
def lp_norm(g, op):
    value = g.pick(lambda v: is_f32(v) and v.array.ndim > 0)
    g.add(op, [g.add("Add", [value, g.constant(np.float32(3))])], axis=int(g.rng.integers(value.array.ndim)), p=int(g.choose([1, 2])))


@operator("MatMul")
def matmul(g, op):
    value = g.pick(lambda v: is_f32(v) and v.array.ndim > 1)
    k = value.array.shape[-1]
    if g.chance(0.3):
        try:
            other = g.pick(lambda v: is_f32(v) and v.array.ndim == 2 and v.array.shape[0] == k)
            return g.add(op, [value, other])
        except Refused:
            pass
    batch = list(value.array.shape[:-2]) if g.chance(0.3) else []
    g.add(op, [value, g.operand(g.numbers(batch + [k, g.dim()], low=-1, high=1) / np.float32(np.sqrt(k)))])


@operator("Gemm")
def gemm(g, op):
    value = g.pick(of_rank(2))
    trans_a, trans_b, n = int(g.chance(0.3)), int(g.chance(0.5)), g.dim()
    m, k = value.array.shape[::-1] if trans_a else value.array.shape
    inputs = [value, g.operand(g.numbers([n, k] if trans_b else [k, n], low=-1, high=1))]
    if g.chance(0.7):
        inputs.append(g.operand(g.numbers(g.choose([[n], [1, n], [m, n], [m, 1], []]))))
    g.add(op, inputs, transA=trans_a, transB=trans_b, alpha=g.choose([1.0, 0.5]), beta=g.choose([1.0, 2.0]))


@operator("DepthToSpace", "SpaceToDepth")
def block_moves(g, op):
    value = image(g)
    n, c, h, w = value.array.shape
    if op == "DepthToSpace":
        value = value if c % 4 == 0 else g.add("Concat", [value] * 4, axis=1)
        return g.add(op, [value], blocksize=2, mode=g.choose(["DCR", "CRD"]))
    value = value if h % 2 == 0 and w % 2 == 0 else g.add("Tile", [value, g.constant(np.array([1, 1, 2, 2], np.int64))])
    g.add(op, [value], blocksize=2)


@operator("Resize")
def resize(g, op):
    value = image(g)
    mode = g.choose(["nearest", "linear", "cubic"])
    how = g.choose(["half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"])
    attributes = {"mode": mode, "coordinate_transformation_mode": how}
    if mode == "nearest":
        attributes["nearest_mode"] = g.choose(["floor", "ceil", "round_prefer_floor", "round_prefer_ceil"])
    n, c, h, w = value.array.shape
    if g.chance(0.5):
        if w == 2 and how == "pytorch_half_pixel":
            raise Refused  # an extent of 1: the evaluator reads -0.5 where the specification has 0
        return g.add(op, [value, None, g.constant(np.array([1, 1, 2, g.choose([0.5, 1.5, 2])], F32))], **attributes)
    g.add(op, [value, None, None, g.constant(np.array([n, c, h + 1, max(2, w * 2 - 1)], np.int64))], **attributes)


@operator("TopK")
def top_k(g, op):
    value = g.pick(lambda v: is_f32(v) and v.array.ndim > 0 and np.unique(v.array).size == v.array.size)
    axis = int(g.rng.integers(value.array.ndim))
    k = int(g.rng.integers(1, value.array.shape[axis] + 1))
    g.add(op, [value, g.constant(np.array([k], np.int64))], outputs=2, axis=axis, largest=int(g.chance(0.6)))


@operator("LSTM", "GRU", "RNN")
def recurrent(g, op):
    value = g.pick(of_rank(3))
    steps, batch, size = value.array.shape
    gates, hidden = {"LSTM": 4, "GRU": 3, "RNN": 1}[op], int(g.choose([1, 3, 8]))
    direction = g.choose(["forward", "reverse", "bidirectional"])
    ways = 2 if direction == "bidirectional" else 1
    small = lambda *shape: g.constant(g.numbers(shape, low=-0.6, high=0.6))
    inputs = [value, small(ways, gates * hidden, size), small(ways, gates * hidden, hidden)]
    if g.chance(0.6):
        inputs.append(small(ways, 2 * gates * hidden))
        if g.chance(0.5):
            inputs += [None, small(ways, batch, hidden)] + ([small(ways, batch, hidden)] if op == "LSTM" else [])
    attributes = {"linear_before_reset": int(g.chance(0.5))} if op == "GRU" else {}
    g.add(op, inputs, outputs=2, direction=direction, hidden_size=hidden, **attributes)


@operator("QDQ")
def quantised_chain(g, op):
    """Quantise, dequantise: at times around a convolution or a product, as exporters write it. Scales are powers of two, so that nothing lies near a step's
    edge but exact halves, for which the rule is one."""
    value = g.pick(lambda v: is_f32(v) and v.array.ndim > 1)
    dtype = g.choose([np.uint8, np.int8])
    zero = g.constant(np.array(g.choose([0, 3, 100]), dtype))
    peak = max(float(np.abs(value.array).max()), 1e-2)
    scale = g.constant(np.float32(2.0 ** np.ceil(np.log2(peak / 60))))
    quantised = g.add("QuantizeLinear", [value, scale, zero], exact=True)
    real = g.add("DequantizeLinear", [quantised, scale, zero], exact=True)
    if real.array.ndim == 2 and g.chance(0.7):
        n = g.dim()
        weights = g.constant(g.numbers([real.array.shape[1], n], np.int8, -100, 100))
        product = g.add("MatMul", [real, g.add("DequantizeLinear", [weights, g.constant(np.float32(2.0**-8))], exact=True)])
        g.add("DequantizeLinear", [g.add("QuantizeLinear", [product, scale, zero], exact=True), scale, zero], exact=True)


@operator("MatMulInteger")
def matmul_integer(g, op):
    value = g.pick(lambda v: v.array.dtype in (np.uint8, np.int8) and v.array.ndim > 1)
    g.add(op, [value, g.constant(g.numbers([value.array.shape[-1], g.dim()], np.int8, -100, 100)), g.constant(np.array(2, value.array.dtype))])


__all__ = ["OPERATORS"]
