"""Writes DIR/model.onnx, a small network with every kind of product that --precision rounds or keeps, and DIR/samples.npz with three inputs."""
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

rng = np.random.default_rng(16)
nodes, weights = [], []


def weight(*shape):
    depth = np.prod(shape[1:]) if len(shape) > 2 else shape[0]
    weights.append(numpy_helper.from_array((rng.standard_normal(shape) / np.sqrt(depth)).astype(np.float32), f"w{len(weights)}"))
    return weights[-1].name


def op(kind, *inputs, **attributes):
    nodes.append(helper.make_node(kind, list(inputs), [f"t{len(nodes)}"], **attributes))
    return nodes[-1].output[0]


x = op("Relu", op("Conv", "x", weight(45, 3, 3, 3), weight(45), strides=[2, 2], pads=[1, 1, 1, 1]))
x = op("Relu", op("Conv", x, weight(45, 45, 3, 3), pads=[1, 1, 1, 1]))
x = op("Relu", op("Conv", x, weight(45, 1, 3, 3), pads=[1, 1, 1, 1], group=45))
x = op("Conv", op("Conv", x, weight(70, 45, 1, 1), weight(70)), weight(64, 70, 5, 5), strides=[3, 3])
x = op("Flatten", op("Relu", x))
x = op("Tanh", op("MatMul", x, weight(64 * 9, 33)))
y = op("MatMul", x, weight(33, 50))
graph = helper.make_graph(nodes, "precision", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 24, 26])],
                          [helper.make_tensor_value_info(y, TensorProto.FLOAT, [1, 50])], weights)
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), sys.argv[1] + "/model.onnx")
np.savez(sys.argv[1] + "/samples.npz", **{"in|x": rng.standard_normal((3, 3, 24, 26)).astype(np.float32)})
np.savez(sys.argv[1] + "/input.npz", **{"in|x": rng.standard_normal((1, 3, 24, 26)).astype(np.float32)})
