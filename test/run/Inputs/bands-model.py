"""Writes DIR/{banded,apart}.onnx, a network of inverted residuals whose inner tensors are more than a second cache holds, and the same with those tensors as
outputs, so that every convolution is a call of its own; and DIR/in.npz."""
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

rng = np.random.default_rng(11)
nodes, weights, inner = [], [], []


def op(kind, *inputs, **attributes):
    nodes.append(helper.make_node(kind, list(inputs), [f"t{len(nodes)}"], **attributes))
    return nodes[-1].output[0]


def constant(value):
    weights.append(numpy_helper.from_array(np.asarray(value, np.float32), f"w{len(weights)}"))
    return weights[-1].name


def conv(x, channels, inputs, size, stride=1, groups=1, dilation=1, act=None, bias=True):
    w = constant(rng.standard_normal((channels, inputs // groups, size, size)) / np.sqrt(inputs // groups * size * size))
    b = [constant(rng.standard_normal(channels) * 0.1)] if bias else []
    pad = size // 2 * dilation
    y = op("Conv", x, w, *b, strides=[stride] * 2, pads=[pad] * 4, group=groups, dilations=[dilation] * 2)
    if act == "clip":
        y = op("Clip", y, constant(0), constant(6))
    if act == "relu":
        y = op("Relu", y)
    if act == "silu":
        y = op("Mul", y, op("Sigmoid", y))
    return y


def chain(x, inputs, wide, outputs, size=3, stride=1, dilation=1, act="clip", first=1, first_stride=1, bias=True):
    a = conv(x, wide, inputs, first, first_stride, act=act)
    b = conv(a, wide, wide, size, stride, groups=wide, dilation=dilation, act=act, bias=bias)
    inner.extend([a, b])
    return conv(b, outputs, wide, 1, bias=bias)


x = chain("x", 3, 56, 12, first=3, first_stride=2, act="relu")
x = op("Add", chain(x, 12, 48, 12, size=5, act="silu"), x)
x = chain(x, 12, 80, 20, stride=2, bias=False)
y = op("Relu", op("Add", x, chain(x, 20, 160, 20, dilation=2)))
info = lambda name, shape=None: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
for name, outputs in (("banded", [y]), ("apart", [y, *inner])):
    graph = helper.make_graph(nodes, name, [info("x", [1, 3, 193, 190])], [info(output) for output in outputs], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(onnx.shape_inference.infer_shapes(model), f"{sys.argv[1]}/{name}.onnx")
np.savez(f"{sys.argv[1]}/in.npz", **{"in|x": rng.standard_normal((1, 3, 193, 190)).astype(np.float32)})
