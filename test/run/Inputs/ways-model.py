"""Writes DIR/{f32,f16,qdq}.onnx, small networks with convolutions of every kind that a lock file may decide on, and DIR/NAME.npz with an input."""
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

rng = np.random.default_rng(7)


def write(folder, name, dtype, onnx_type):
    nodes, weights = [], []

    def weight(*shape):
        values = rng.standard_normal(shape) / np.sqrt(np.prod(shape[1:]) if len(shape) > 1 else 1)
        weights.append(numpy_helper.from_array(values.astype(dtype), f"w{len(weights)}"))
        return weights[-1].name

    def op(kind, *inputs, **attributes):
        nodes.append(helper.make_node(kind, list(inputs), [f"t{len(nodes)}"], **attributes))
        return nodes[-1].output[0]

    x = op("Relu", op("Conv", "x", weight(24, 3, 3, 3), weight(24), strides=[2, 2], pads=[1, 1, 1, 1]))
    x = op("Add", x, op("Conv", x, weight(24, 24, 3, 3), weight(24), pads=[1, 1, 1, 1]))
    x = op("Relu", op("Conv", x, weight(24, 1, 3, 3), weight(24), pads=[1, 1, 1, 1], group=24))
    x = op("Conv", x, weight(24, 1, 3, 3), pads=[2, 2, 2, 2], dilations=[2, 2], group=24)
    x = op("Conv", x, weight(30, 12, 3, 3), weight(30), group=2)
    x = op("Conv", x, weight(30, 1, 5, 5), pads=[2, 2, 2, 2], strides=[2, 2], group=30)
    x = op("Conv", x, weight(70, 30, 1, 1), weight(70))
    x = op("Conv", x, weight(20, 70, 5, 5), pads=[2, 2, 2, 2])
    y = op("Sigmoid", x)
    graph = helper.make_graph(nodes, name, [helper.make_tensor_value_info("x", onnx_type, [2, 3, 96, 122])],
                              [helper.make_tensor_value_info(y, onnx_type, None)], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(onnx.shape_inference.infer_shapes(model), f"{folder}/{name}.onnx")
    np.savez(f"{folder}/{name}.npz", **{"in|x": rng.standard_normal((2, 3, 96, 122)).astype(dtype)})


def write_quantised(folder):
    """The same with bytes: convolutions between QuantizeLinear and DequantizeLinear."""
    nodes, weights = [], []

    def constant(value):
        weights.append(numpy_helper.from_array(value, f"w{len(weights)}"))
        return weights[-1].name

    def op(kind, *inputs, **attributes):
        nodes.append(helper.make_node(kind, list(inputs), [f"t{len(nodes)}"], **attributes))
        return nodes[-1].output[0]

    def byte(value):
        scale, zero = constant(np.float32(0.04)), constant(np.uint8(120))
        return op("DequantizeLinear", op("QuantizeLinear", value, scale, zero), scale, zero)

    def conv(value, *shape, **attributes):
        filter = constant(rng.integers(-127, 128, shape, np.int8))
        real = op("DequantizeLinear", filter, constant(np.float32(0.02 / np.sqrt(np.prod(shape[1:])))), constant(np.int8(0)))
        return byte(op("Conv", value, real, **attributes))

    x = conv(byte("x"), 24, 3, 3, 3, strides=[2, 2], pads=[1, 1, 1, 1])
    x = conv(x, 24, 24, 3, 3, pads=[1, 1, 1, 1])
    x = conv(x, 24, 1, 3, 3, pads=[1, 1, 1, 1], group=24)
    x = conv(x, 30, 12, 3, 3, group=2)
    x = conv(x, 36, 30, 1, 1, strides=[2, 2])
    y = conv(x, 20, 36, 5, 5, pads=[2, 2, 2, 2])
    graph = helper.make_graph(nodes, "qdq", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 3, 96, 122])],
                              [helper.make_tensor_value_info(y, TensorProto.FLOAT, None)], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(onnx.shape_inference.infer_shapes(model), f"{folder}/qdq.onnx")
    np.savez(f"{folder}/qdq.npz", **{"in|x": rng.standard_normal((2, 3, 96, 122)).astype(np.float32)})


write(sys.argv[1], "f32", np.float32, TensorProto.FLOAT)
write(sys.argv[1], "f16", np.float16, TensorProto.FLOAT16)
write_quantised(sys.argv[1])
