"""Functions between a DequantizeLinear and a QuantizeLinear over all bytes, signed and not, of a size that is no whole vector; results from their definitions in
float64, none of them within 1e-5 of a tie.

    lookup.py OUT   writes OUT/{model.onnx,golden.npz}
"""
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

out = pathlib.Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(7)
nodes, weights, inputs, outputs, golden = [], [], [], [], {}
CASES = [("Tanh", np.tanh, 0.03), ("Sigmoid", lambda x: 1 / (1 + np.exp(-x)), 0.05), ("Exp", np.exp, 0.02), ("Sqrt", lambda x: np.sqrt(np.maximum(x, 0)), 0.5)]
for i, (kind, function, scale) in enumerate(CASES):
    types = [(np.uint8, np.int8)[i % 2], (np.uint8, np.int8)[i // 2 % 2]]
    elements = [TensorProto.UINT8 if t is np.uint8 else TensorProto.INT8 for t in types]
    zeros = [types[0](0 if kind == "Sqrt" else rng.integers(20, 100)), types[1](rng.integers(0, 100))]
    if kind == "Sqrt":
        zeros[0] = np.iinfo(types[0]).min + types[0](0)
    x = np.concatenate([np.arange(np.iinfo(types[0]).min, np.iinfo(types[0]).max + 1), rng.integers(np.iinfo(types[0]).min, np.iinfo(types[0]).max + 1, 99)]).astype(types[0])
    steps = function((x.astype(np.float64) - float(zeros[0])) * np.float32(scale)) / np.float32(0.013)
    assert np.abs(np.abs(steps - np.floor(steps)) - 0.5).min() > 1e-5
    golden[f"in|x{i}"] = x.reshape(5, 71)
    golden[f"out|y{i}"] = np.clip(np.rint(steps) + float(zeros[1]), np.iinfo(types[1]).min, np.iinfo(types[1]).max).astype(types[1]).reshape(5, 71)
    for name, value in ((f"xs{i}", np.float32(scale)), (f"xz{i}", zeros[0]), (f"ys{i}", np.float32(0.013)), (f"yz{i}", zeros[1])):
        weights.append(numpy_helper.from_array(np.array(value), name))
    nodes.append(helper.make_node("DequantizeLinear", [f"x{i}", f"xs{i}", f"xz{i}"], [f"d{i}"]))
    nodes.append(helper.make_node(kind, [f"d{i}"], [f"f{i}"]))
    nodes.append(helper.make_node("QuantizeLinear", [f"f{i}", f"ys{i}", f"yz{i}"], [f"y{i}"]))
    inputs.append(helper.make_tensor_value_info(f"x{i}", elements[0], [5, 71]))
    outputs.append(helper.make_tensor_value_info(f"y{i}", elements[1], [5, 71]))
graph = helper.make_graph(nodes, "lookup", inputs, outputs, weights)
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), out / "model.onnx")
np.savez(out / "golden.npz", **golden)
