"""Writes networks of well-known shapes with seeded random weights: resnet50 and mobilenetv2-1.0 for 224x224 pictures, and an encoder of MiniLM-L6's
shape for 128 tokens. They are for measuring and are never kept in the repository.

    make_big_shapes.py OUT [--ingot INGOT] [--only NAME]

Writes OUT/NAME.onnx and OUT/NAME.npz (in|input and, as calibration, the same). With INGOT also OUT/NAME-int8.onnx, its 8-bit QDQ form, by
`ingot compress --quantize int8`. Batch normalisation is folded, as exporters do; weights keep each layer's variance, so that values stay of order one.
"""
import argparse
import pathlib
import subprocess

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


class Net:
    """Nodes and weights of a graph in the making."""

    def __init__(self, seed):
        self.rng, self.nodes, self.weights = np.random.default_rng(seed), [], []

    def weight(self, array):
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def random(self, *shape, scale=1.0):
        return self.weight((self.rng.standard_normal(shape) * scale).astype(np.float32))

    def op(self, kind, *inputs, **attributes):
        name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **attributes))
        return name

    def conv(self, x, channels, outputs, kernel, stride=1, group=1, gain=2.0):
        depth = channels // group * kernel * kernel
        w, b = self.random(outputs, channels // group, kernel, kernel, scale=(gain / depth) ** 0.5), self.random(outputs, scale=0.1)
        pad = kernel // 2
        return self.op("Conv", x, w, b, kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[pad] * 4, group=group)

    def linear(self, x, inputs, outputs):
        return self.op("Add", self.op("MatMul", x, self.random(inputs, outputs, scale=inputs ** -0.5)), self.random(outputs, scale=0.1))

    def save(self, path, x, shape, dtype, y, out_shape):
        graph = helper.make_graph(self.nodes, path.stem, [helper.make_tensor_value_info(x, dtype, shape)],
                                  [helper.make_tensor_value_info(y, TensorProto.FLOAT, out_shape)], self.weights)
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def classify(net, x, channels):
    flat = net.op("Flatten", net.op("GlobalAveragePool", x))
    return net.op("Gemm", flat, net.random(channels, 1000, scale=channels ** -0.5), net.random(1000, scale=0.1))


def resnet50(path):
    net = Net(50)
    x = net.op("Relu", net.conv("input", 3, 64, 7, 2))
    x, channels = net.op("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]), 64
    for width, blocks, first in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for block in range(blocks):
            stride = first if block == 0 else 1
            y = net.op("Relu", net.conv(x, channels, width, 1))
            y = net.op("Relu", net.conv(y, width, width, 3, stride))
            y = net.conv(y, width, width * 4, 1, gain=0.5)
            x = net.conv(x, channels, width * 4, 1, stride, gain=1.0) if block == 0 else x
            x, channels = net.op("Relu", net.op("Add", y, x)), width * 4
    net.save(path, "input", [1, 3, 224, 224], TensorProto.FLOAT, classify(net, x, channels), [1, 1000])
    return net.rng.standard_normal((1, 3, 224, 224)).astype(np.float32)


def mobilenetv2(path):
    net = Net(2)
    low, high = net.weight(np.float32(0)), net.weight(np.float32(6))
    clip = lambda x: net.op("Clip", x, low, high)
    x, channels = clip(net.conv("input", 3, 32, 3, 2)), 32
    for expand, outputs, blocks, first in ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)):
        for block in range(blocks):
            stride, wide, y = first if block == 0 else 1, channels * expand, x
            if expand > 1:
                y = clip(net.conv(y, channels, wide, 1))
            y = clip(net.conv(y, wide, wide, 3, stride, group=wide))
            y = net.conv(y, wide, outputs, 1, gain=1.0)
            x, channels = (net.op("Add", x, y) if stride == 1 and channels == outputs else y), outputs
    x = clip(net.conv(x, channels, 1280, 1))
    net.save(path, "input", [1, 3, 224, 224], TensorProto.FLOAT, classify(net, x, 1280), [1, 1000])
    return net.rng.standard_normal((1, 3, 224, 224)).astype(np.float32)


def minilm(path, tokens=128, width=384, heads=12, layers=6, vocabulary=30522):
    net, each = Net(6), width // heads
    norm = lambda x: net.op("LayerNormalization", x, net.weight(np.ones(width, np.float32)), net.random(width, scale=0.1), axis=-1, epsilon=1e-12)
    split = lambda x, perm: net.op("Transpose", net.op("Reshape", x, net.weight(np.array([1, tokens, heads, each]))), perm=perm)
    x = net.op("Gather", net.random(vocabulary, width, scale=0.5), "input")
    x = norm(net.op("Add", x, net.random(1, tokens, width, scale=0.1)))
    for _ in range(layers):
        q, k, v = (net.linear(x, width, width) for _ in range(3))
        scores = net.op("MatMul", split(q, [0, 2, 1, 3]), split(k, [0, 2, 3, 1]))
        share = net.op("Softmax", net.op("Mul", scores, net.weight(np.float32(each ** -0.5))), axis=-1)
        mixed = net.op("Transpose", net.op("MatMul", share, split(v, [0, 2, 1, 3])), perm=[0, 2, 1, 3])
        mixed = net.op("Reshape", mixed, net.weight(np.array([1, tokens, width])))
        x = norm(net.op("Add", x, net.linear(mixed, width, width)))
        y = net.linear(x, width, 4 * width)
        gate = net.op("Add", net.op("Erf", net.op("Div", y, net.weight(np.float32(2 ** 0.5)))), net.weight(np.float32(1)))
        y = net.op("Mul", net.op("Mul", y, gate), net.weight(np.float32(0.5)))
        x = norm(net.op("Add", x, net.linear(y, 4 * width, width)))
    net.save(path, "input", [1, tokens], TensorProto.INT64, x, [1, tokens, width])
    return net.rng.integers(0, vocabulary, (1, tokens))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--ingot", help="also make 8-bit forms with this compiler")
    parser.add_argument("--only", help="one of resnet50, mobilenetv2-1.0, minilm-128")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for name, make in (("resnet50", resnet50), ("mobilenetv2-1.0", mobilenetv2), ("minilm-128", minilm)):
        if options.only not in (None, name):
            continue
        path = options.out / f"{name}.onnx"
        np.savez(options.out / f"{name}.npz", **{"in|input": make(path)})
        if options.ingot:
            subprocess.run([options.ingot, "compress", path, "-o", options.out / f"{name}-int8.onnx", "--quantize", "int8", "--calibrate",
                            options.out / f"{name}.npz"], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
