"""A model of QuantizeLinear nodes of one scale each, and what they must give for values on and near all ties, past both ends, infinite and tiny.

    quantize.py OUT   writes OUT/{model.onnx,golden.npz}

The results follow the operator's definition: saturate(round half to even of f32(x / scale) + zero), the quotient rounded to f32.
"""
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

out = pathlib.Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(3)
nodes, weights, inputs, outputs, golden = [], [], [], [], {}
for i in range(80):
    kind = (np.uint8, np.int8, np.uint16, np.int16)[i % 2 + i // 40 * 2]
    most = 600 if i < 40 else 140000
    # Significands of all sizes, of all ones and of few bits; two scales too far out for the fast way.
    mantissa = np.float32(1 + rng.random()) if i % 40 < 30 else np.float32([2 - 2**-23, 2 - 2**-22, 1, 1 + 2**-23, 1.5][i % 5])
    scale = np.float32(mantissa * np.float32(2.0) ** (rng.integers(-30, 30) if i % 40 < 38 else (-70, 70)[i % 2]))
    zero = kind(rng.integers(np.iinfo(kind).min, np.iinfo(kind).max + 1))
    ties = ((np.linspace(-most, most, 1201, dtype=np.float64).astype(np.int64) + 0.5) * np.float64(scale)).astype(np.float32)
    x = np.concatenate([ties, np.nextafter(ties, np.float32(np.inf)), np.nextafter(ties, np.float32(-np.inf)),
                        (rng.uniform(-most, most, 2000) * scale).astype(np.float32), np.float32([np.inf, -np.inf, 0, -0.0, 1e-45, -1e-45, 3e38, -3e38])])
    with np.errstate(over="ignore", under="ignore"):
        y = np.clip(np.rint(x / scale) + np.float32(zero), np.iinfo(kind).min, np.iinfo(kind).max).astype(kind)
    weights += [numpy_helper.from_array(np.array(scale), f"s{i}"), numpy_helper.from_array(np.array(zero), f"z{i}")]
    nodes.append(helper.make_node("QuantizeLinear", [f"x{i}", f"s{i}", f"z{i}"], [f"y{i}"]))
    inputs.append(helper.make_tensor_value_info(f"x{i}", TensorProto.FLOAT, x.shape))
    outputs.append(helper.make_tensor_value_info(f"y{i}", helper.np_dtype_to_tensor_dtype(np.dtype(kind)), x.shape))
    golden[f"in|x{i}"], golden[f"out|y{i}"] = x, y
graph = helper.make_graph(nodes, "quantize", inputs, outputs, weights)
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), out / "model.onnx")
np.savez(out / "golden.npz", **golden)
