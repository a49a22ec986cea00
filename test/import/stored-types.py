"""Writes models whose tensors have types of fewer than 8 bits or 8-bit floats, converted, quantised in blocks and by axis, with answers from ml_dtypes: stored-types.py OUT."""
import pathlib
import sys

import ml_dtypes
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOATS = {"FLOAT8E4M3FN": ml_dtypes.float8_e4m3fn, "FLOAT8E4M3FNUZ": ml_dtypes.float8_e4m3fnuz, "FLOAT8E5M2": ml_dtypes.float8_e5m2,
          "FLOAT8E5M2FNUZ": ml_dtypes.float8_e5m2fnuz, "FLOAT4E2M1": ml_dtypes.float4_e2m1fn}
INTEGERS = {"INT4": (-8, 7), "UINT4": (0, 15), "INT2": (-2, 1), "UINT2": (0, 3), "INT8": (-128, 127), "UINT8": (0, 255), "INT16": (-32768, 32767)}
rng = np.random.default_rng(5)
folder = pathlib.Path(sys.argv[1])


def save(name, nodes, inputs, want, constants=()):
    infos = [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape) for n, a in inputs.items()]
    out = helper.make_tensor_value_info("y", helper.np_dtype_to_tensor_dtype(want.dtype), want.shape)
    graph = helper.make_graph(nodes, "types", infos, [out], initializer=list(constants))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 25)], ir_version=12)
    (folder / name).mkdir(parents=True, exist_ok=True)
    onnx.save(model, folder / name / "model.onnx")
    np.savez(folder / name / "golden.npz", **{"in|" + k: v for k, v in inputs.items()}, **{"out|y": want})


def packed(name, kind, array):
    """A constant of a type that numpy does not have."""
    return helper.make_tensor(name, getattr(TensorProto, kind), array.shape, array.astype("f4").ravel().tolist())


def spread(scales, shape, axis):
    """Scales of blocks, of an axis or of all, one for each element."""
    if scales.ndim == 0:
        return np.broadcast_to(scales, shape)
    if scales.ndim == 1:
        return np.broadcast_to(scales.reshape([-1 if k == axis else 1 for k in range(len(shape))]), shape)
    return np.repeat(scales, -(-shape[axis] // scales.shape[axis]), axis)[tuple(slice(d) for d in shape)]


X = rng.uniform(-1, 1, (4, 6)).astype("f4")
for kind, dtype in FLOATS.items():
    peak = np.float32(ml_dtypes.finfo(dtype).max)
    x = X * np.float32(5)
    x.flat[:3] = [peak * 2, -peak * 3, 0]
    want = np.clip(x, -peak, peak).astype(dtype).astype("f4")  # casts saturate unless told otherwise
    save(f"cast-{kind}", [helper.make_node("Cast", ["x"], ["q"], to=getattr(TensorProto, kind)), helper.make_node("Cast", ["q"], ["y"], to=1)], dict(x=x), want)
    stored = X.astype(dtype)
    save(f"constant-{kind}", [helper.make_node("Cast", ["w"], ["f"], to=1), helper.make_node("Mul", ["f", "x"], ["y"])], dict(x=X), stored.astype("f4") * X,
         [packed("w", kind, stored.astype("f4"))])
for kind, (low, high) in INTEGERS.items():
    whole = rng.integers(low, high + 1, (4, 6))
    save(f"cast-{kind}", [helper.make_node("Cast", ["x"], ["q"], to=getattr(TensorProto, kind)), helper.make_node("Cast", ["q"], ["y"], to=1)],
         dict(x=whole.astype("f4")), whole.astype("f4"))
    for form, shape, axis in (("all", (), 1), ("axis", (6,), 1), ("rows", (4,), 0), ("blocks", (4, 3), 1), ("tall", (2, 6), 0)):
        scales = (2.0 ** rng.integers(-5, 2, shape)).astype("f4")
        zeros = rng.integers(low, high + 1, shape)
        attributes = dict(axis=axis, block_size=2) if len(shape) == 2 else dict(axis=axis)
        scale, zero = spread(scales, X.shape, axis), spread(np.asarray(zeros), X.shape, axis)
        real = np.clip(np.rint(X * 8 / scale) + zero, low, high) - zero
        constants = [numpy_helper.from_array(scales, "s"), packed("z", kind, np.asarray(zeros))]
        nodes = [helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"], **attributes), helper.make_node("DequantizeLinear", ["q", "s", "z"], ["y"], **attributes)]
        save(f"{form}-{kind}", nodes, dict(x=X * 8), (real * scale).astype("f4"), constants)
