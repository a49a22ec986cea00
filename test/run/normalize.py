"""Layer normalisation of the channels of [N, C, T] between two transposes, of widths around the 16 places that a kernel takes at once,
with results from their definition in float64.

    normalize.py OUT   writes OUT/{model.onnx,golden.npz}
"""
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

out = pathlib.Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(11)
nodes, weights, inputs, outputs, golden = [], [], [], [], {}
for i, shape in enumerate([(2, 20, 5), (1, 33, 16), (1, 24, 147)]):
    x = rng.standard_normal(shape).astype(np.float32)
    scale, bias = rng.standard_normal((2, shape[1])).astype(np.float32)
    wide = x.astype(np.float64)
    normal = (wide - wide.mean(1, keepdims=True)) / np.sqrt(wide.var(1, keepdims=True) + np.float32(1e-5))
    golden[f"in|x{i}"], golden[f"out|y{i}"] = x, (normal * scale[:, None] + bias[:, None]).astype(np.float32)
    weights += [numpy_helper.from_array(scale, f"s{i}"), numpy_helper.from_array(bias, f"b{i}")]
    nodes.append(helper.make_node("Transpose", [f"x{i}"], [f"t{i}"], perm=[0, 2, 1]))
    nodes.append(helper.make_node("LayerNormalization", [f"t{i}", f"s{i}", f"b{i}"], [f"n{i}"]))
    nodes.append(helper.make_node("Transpose", [f"n{i}"], [f"y{i}"], perm=[0, 2, 1]))
    inputs.append(helper.make_tensor_value_info(f"x{i}", TensorProto.FLOAT, shape))
    outputs.append(helper.make_tensor_value_info(f"y{i}", TensorProto.FLOAT, shape))
graph = helper.make_graph(nodes, "normalize", inputs, outputs, weights)
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), out / "model.onnx")
np.savez(out / "golden.npz", **golden)
