"""Writes DIR/recurrent.onnx, recurrent layers whose steps the workers share (an LSTM of both directions, a GRU that resets behind its product, two that
reset before it, an RNN for two sequences) and one GRU whose steps they do not, with a symbolic number of steps; and DIR/in<steps>.npz."""
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

INPUTS = 150
rng = np.random.default_rng(12)
weights, nodes, outputs = [], [], []


def constant(*shape):
    weights.append(numpy_helper.from_array((rng.standard_normal(shape) / np.sqrt(shape[-1])).astype(np.float32), f"w{len(weights)}"))
    return weights[-1].name


def layer(kind, x, gates, direction, results, hidden=171, **attributes):
    directions = 2 if direction == "bidirectional" else 1
    w = [constant(directions, gates * hidden, depth) for depth in (INPUTS, hidden)] + [constant(directions, 2 * gates * hidden)]
    names = [f"{kind}{len(nodes)}_{i}" for i in range(results)]
    nodes.append(helper.make_node(kind, [x, *w], names, hidden_size=hidden, direction=direction, **attributes))
    outputs.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names)


layer("LSTM", "x", 4, "bidirectional", 3)
layer("GRU", "x", 3, "reverse", 2, linear_before_reset=1)
layer("GRU", "x", 3, "forward", 2, hidden=150)
layer("GRU", "x", 3, "bidirectional", 2, hidden=275)
layer("GRU", "two", 3, "reverse", 2, hidden=200)
layer("RNN", "two", 1, "bidirectional", 2, hidden=250)
inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["T", batch, INPUTS]) for name, batch in (("x", 1), ("two", 2))]
model = helper.make_model(helper.make_graph(nodes, "recurrent", inputs, outputs, weights), opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
onnx.save(onnx.shape_inference.infer_shapes(model), f"{sys.argv[1]}/recurrent.onnx")
for steps in (1, 13):
    values = {f"in|{name}": rng.standard_normal((steps, batch, INPUTS)).astype(np.float32) for name, batch in (("x", 1), ("two", 2))}
    np.savez(f"{sys.argv[1]}/in{steps}.npz", **values)
