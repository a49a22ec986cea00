"""Sums of quantised tensors: every pair of bytes for scales and zeros of many kinds, with what the definition gives for them; with --conv, sums of two
convolutions of one input.

    add-bytes.py OUT [--conv]   writes OUT/{model.onnx,golden.npz}
"""
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

out = pathlib.Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(5)
F32 = np.float32
nodes, weights, inputs, outputs, golden = [], [], [], [], {}


def constant(name, value):
    weights.append(numpy_helper.from_array(np.array(value), name))
    return name


def add(i, a, b, kinds, scales, zeros):
    """y = a + b as QLinearAdd, or as what tools write, with a relu; the names of a and b are theirs."""
    names = [(constant(f"{t}s{i}", scales[j]), constant(f"{t}z{i}", kinds[j](zeros[j]))) for j, t in enumerate("aby")]
    if i % 2:
        nodes.append(helper.make_node("QLinearAdd", [a, *names[0], b, *names[1], *names[2]], [f"y{i}"], domain="com.microsoft"))
        return
    nodes.append(helper.make_node("DequantizeLinear", [a, *names[0]], [f"af{i}"]))
    nodes.append(helper.make_node("DequantizeLinear", [b, *names[1]], [f"bf{i}"]))
    nodes.append(helper.make_node("Add", [f"af{i}", f"bf{i}"], [f"sum{i}"]))
    nodes.append(helper.make_node("Relu", [f"sum{i}"], [f"relu{i}"]))
    nodes.append(helper.make_node("QuantizeLinear", [f"relu{i}", *names[2]], [f"y{i}"]))


def pairs():
    for i in range(24):
        kinds = [np.int8 if i >> j & 2 else np.uint8 for j in range(3)]
        kinds[2] = kinds[0] if i % 2 else kinds[2]
        result = F32(2.0 ** rng.integers(-12, 6) * (1 + rng.random()))
        # Of any ratio; equal; sums on ties, of numbers that round; far too small, and far too large.
        scales = [F32(result * F32(0.2 + rng.random())), F32(result * F32(0.2 + rng.random())), result]
        if i >= 16:
            scales = [[F32(0.1), F32(0.1), F32(0.2)], [F32(0.3)] * 3, [F32(1e-30), F32(1e-30), F32(2e-30)], [F32(1e20), F32(1), F32(1)],
                      [F32(0.25), F32(0.5), F32(1)], [F32(1e-3), F32(1), F32(1)], [F32(1e-25), F32(1), F32(1)], [F32(0.07), F32(0.07), F32(0.14)]][i - 16]
        zeros = [int(rng.integers(np.iinfo(k).min, np.iinfo(k).max + 1)) if rng.integers(0, 2) else np.iinfo(k).min if i % 4 else 0 for k in kinds]
        a, b = (np.broadcast_to(np.arange(np.iinfo(k).min, np.iinfo(k).max + 1).astype(k), (256, 256)) for k in kinds[:2])
        a = np.ascontiguousarray(a.T)
        sums = (a.astype(F32) - F32(zeros[0])) * scales[0] + (b.astype(F32) - F32(zeros[1])) * scales[1]
        sums = sums if i % 2 else np.maximum(sums, F32(0))
        y = np.clip(np.rint(sums / scales[2]) + F32(zeros[2]), np.iinfo(kinds[2]).min, np.iinfo(kinds[2]).max).astype(kinds[2])
        add(i, f"a{i}", f"b{i}", kinds, scales, zeros)
        element = [TensorProto.INT8 if k is np.int8 else TensorProto.UINT8 for k in kinds]
        inputs.extend(helper.make_tensor_value_info(f"{t}{i}", element[j], [256, 256]) for j, t in enumerate("ab"))
        outputs.append(helper.make_tensor_value_info(f"y{i}", element[2], [256, 256]))
        golden.update({f"in|a{i}": a, f"in|b{i}": np.ascontiguousarray(b), f"out|y{i}": y})


def convolutions():
    inputs.append(helper.make_tensor_value_info("x", TensorProto.UINT8, [1, 64, 11, 13]))
    golden["in|x"] = rng.integers(0, 256, (1, 64, 11, 13), dtype=np.uint8)
    for i, (kernel, kinds) in enumerate([(1, [np.uint8, np.int8, np.uint8]), (3, [np.uint8] * 3), (1, [np.int8, np.uint8, np.int8]), (3, [np.int8] * 3)]):
        zeros = [int(rng.integers(np.iinfo(k).min, np.iinfo(k).max + 1)) for k in kinds]
        scales = [F32(0.9), F32(1.3), F32(1.7)]
        for j, t in enumerate("ab"):
            names = [constant(f"{t}xs{i}", F32(0.02)), constant(f"{t}xz{i}", np.uint8(100)),
                     constant(f"{t}w{i}", rng.integers(-127, 128, (45, 64, kernel, kernel), dtype=np.int8)), constant(f"{t}ws{i}", (rng.random(45) * 0.3 + 0.01).astype(F32)),
                     constant(f"{t}wz{i}", np.zeros(45, np.int8)), constant(f"{t}ys{i}", scales[j]), constant(f"{t}yz{i}", kinds[j](zeros[j]))]
            nodes.append(helper.make_node("QLinearConv", ["x", *names], [f"{t}{i}"], kernel_shape=[kernel] * 2, pads=[kernel // 2] * 4))
        add(i, f"a{i}", f"b{i}", kinds, scales, zeros)
        outputs.append(helper.make_tensor_value_info(f"y{i}", TensorProto.INT8 if kinds[2] is np.int8 else TensorProto.UINT8, [1, 45, 11, 13]))


convolutions() if "--conv" in sys.argv else pairs()
graph = helper.make_graph(nodes, "add", inputs, outputs, weights)
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)], ir_version=8), out / "model.onnx")
np.savez(out / "golden.npz", **golden)
