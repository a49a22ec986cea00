"""Models of MatMulNBits and GatherBlockQuantized nodes for every number of bits, block size and form of zero points, and what they must give.

    nbits.py OUT   writes OUT/{exact,float,int8}.{onnx,npz}

Products are asked for exactly (A is a selection of unit vectors, so the results are dequantised values, which must come out bit for bit), with activations
in f32 (accuracy_level 1) and in 8 bits (4). The values follow the operators' definition: f32(f32(q - zero) * scale).
"""
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

RNG = np.random.default_rng(5)


def packed(q, bits):
    """Integers [..., n] as bytes [..., ceil(n * bits / 8)], low bits first."""
    per = 8 // bits
    q = np.concatenate([q, np.zeros(q.shape[:-1] + (-q.shape[-1] % per,), np.uint8)], -1).reshape(*q.shape[:-1], -1, per)
    return sum(q[..., i].astype(np.uint16) << (bits * i) for i in range(per)).astype(np.uint8)


class Weights:
    """N x K integers with scales [N, blocks] and zero points of one form: "none", "packed" or "float"."""

    def __init__(self, n, k, bits, block, form, dtype=np.float32):
        blocks = -(-k // block)
        self.n, self.k, self.bits, self.block, self.form = n, k, bits, block, form
        self.q = RNG.integers(0, 2**bits, (n, blocks * block)).astype(np.uint8)
        self.scales = RNG.uniform(0.01, 0.1, (n, blocks)).astype(dtype)
        self.zeros = None
        if form == "packed":
            self.zeros = RNG.integers(0, 2**bits, (n, blocks)).astype(np.uint8)
        if form == "float":
            self.zeros = RNG.uniform(0, 2**bits - 1, (n, blocks)).astype(dtype)

    def values(self):
        zeros = np.full(self.scales.shape, 2 ** (self.bits - 1)) if self.zeros is None else self.zeros
        spread = lambda a: np.repeat(a.astype(np.float32), self.block, 1)
        return ((self.q.astype(np.float32) - spread(zeros)) * spread(self.scales))[:, : self.k]

    def constants(self):
        blocks = self.scales.shape[1]
        b = packed(self.q, self.bits).reshape(self.n, blocks, -1)
        out = [numpy_helper.from_array(b, "b"), numpy_helper.from_array(self.scales.reshape(-1), "s")]
        if self.zeros is not None:
            out.append(numpy_helper.from_array((packed(self.zeros, self.bits) if self.form == "packed" else self.zeros).reshape(-1), "z"))
        return out


class Model:
    """Nodes side by side, each with inputs, constants and a result of its own."""

    def __init__(self):
        self.nodes, self.constants, self.feeds, self.results = [], [], {}, {}

    def add(self, name, op, inputs, constants, feeds, result, **attributes):
        """`inputs`: short names, empty where absent; constants and feeds are named by them."""
        self.nodes.append(helper.make_node(op, [f"{name}.{i}" if i else "" for i in inputs], [name], domain="com.microsoft", **attributes))
        for tensor in constants:
            tensor.name = f"{name}.{tensor.name}"
        self.constants += constants
        self.feeds.update({f"{name}.{k}": a for k, a in feeds.items()})
        self.results[name] = result

    def save(self, path):
        info = lambda name, a: helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape)
        ends = [[info(k, a) for k, a in values.items()] for values in (self.feeds, self.results)]
        opsets = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)]
        onnx.save(helper.make_model(helper.make_graph(self.nodes, "g", *ends, self.constants), opset_imports=opsets, ir_version=10), path.with_suffix(".onnx"))
        np.savez(path.with_suffix(".npz"), **{f"in|{k}": a for k, a in self.feeds.items()}, **{f"out|{k}": a for k, a in self.results.items()})


def product(model, name, weights, level, a, bias=None):
    constants = weights.constants()
    inputs = ["a"] + [c.name for c in constants]
    if bias is not None:
        inputs += [""] * (5 - len(inputs)) + ["bias"]
        constants.append(numpy_helper.from_array(bias, "bias"))
    y = a.astype(np.float64) @ weights.values().T.astype(np.float64) + (0 if bias is None else bias)
    model.add(name, "MatMulNBits", inputs, constants, {"a": a}, y.astype(a.dtype), K=weights.k, N=weights.n, bits=weights.bits, block_size=weights.block,
              accuracy_level=level)


def lookup(model, name, weights, ids):
    constants = weights.constants()
    constants[0] = numpy_helper.from_array(packed(weights.q[:, : weights.k], weights.bits), "b")
    constants[1] = numpy_helper.from_array(weights.scales, "s")
    if weights.zeros is not None:
        constants[2] = numpy_helper.from_array(packed(weights.zeros, weights.bits).reshape(weights.n, -1), "z")
    inputs = ["b", "ids", "s"] + (["z"] if weights.zeros is not None else [])
    model.add(name, "GatherBlockQuantized", inputs, constants, {"ids": ids}, weights.values()[ids], bits=weights.bits, block_size=weights.block,
              gather_axis=0, quantize_axis=1)


def signed_lookup(model, name, axis, gather):
    """An int4 table [5, 34, 20] quantised along `axis`, gathered along `gather`."""
    shape, block = [5, 34, 20], 16
    blocks = shape[:axis] + [-(-shape[axis] // block)] + shape[axis + 1 :]
    q, zeros = RNG.integers(-8, 8, shape), RNG.integers(-8, 8, blocks)
    scales, ids = RNG.uniform(0.01, 0.1, blocks).astype(np.float32), RNG.integers(0, shape[gather], (3, 2))
    spread = lambda a: np.repeat(a.astype(np.float32), block, axis).take(range(shape[axis]), axis)
    tensor = lambda name, a: helper.make_tensor(name, TensorProto.INT4, a.shape, a.ravel().tolist())
    constants = [tensor("b", q), numpy_helper.from_array(scales, "s"), tensor("z", zeros)]
    model.add(name, "GatherBlockQuantized", ["b", "ids", "s", "z"], constants, {"ids": ids},
              np.take((q.astype(np.float32) - spread(zeros)) * spread(scales), ids, gather), block_size=block, gather_axis=gather, quantize_axis=axis)


def main(out):
    exact, floats, int8 = Model(), Model(), Model()
    for bits in (2, 4, 8):
        for block in (16, 32, 64, 128, 256):
            for form in ("none", "packed", "float"):
                name, k = f"{bits}_{block}_{form}", int(RNG.integers(block + 1, 3 * block + 30))
                weights = Weights(int(RNG.integers(17, 50)), k, bits, block, form)
                bias = RNG.normal(0, 1, weights.n).astype(np.float32)
                product(exact, name, weights, 1, np.eye(k, dtype=np.float32)[RNG.permutation(k)[:9]])
                product(floats, name, weights, 2, RNG.normal(0, 1, (5, k)).astype(np.float32), bias)
                product(int8, name, weights, 4, RNG.normal(0, 1, (2, 7, k)).astype(np.float32), bias)
                if form != "float":  # rows of whole bytes
                    lookup(exact, "rows_" + name, Weights(weights.n, k - k % 4, bits, block, form), RNG.integers(-weights.n, weights.n, (2, 6)))
    for axis, gather in ((2, 0), (0, 1), (1, 2)):
        signed_lookup(exact, f"signed_{axis}{gather}", axis, gather)
    product(int8, "half", Weights(33, 96, 4, 32, "packed", np.float16), 0, RNG.normal(0, 1, (3, 96)).astype(np.float16))
    product(int8, "odd", Weights(33, 96, 4, 32, "none"), 0, RNG.normal(0, 1, 96).astype(np.float32))
    out.mkdir(parents=True, exist_ok=True)
    for name, model in (("exact", exact), ("float", floats), ("int8", int8)):
        model.save(out / name)


main(pathlib.Path(sys.argv[1]))
