"""Models of one MatMulNBits or GatherBlockQuantized node for every number of bits, block size and form of zero points, and what they must give.

    nbits.py OUT   writes OUT/<case>/{model.onnx,golden.npz} and OUT/cases.txt

Products are asked for exactly (A is a selection of unit vectors, so the results are dequantised values, which must come out bit for bit), with activations
in f32 (accuracy_level 1) and in 8 bits (4). The values follow ONNX Runtime's definition: f32(f32(q - zero) * scale).
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


def save(folder, node, constants, feeds, results):
    folder.mkdir(parents=True)
    info = lambda name, a: helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape)
    graph = helper.make_graph([node], "g", [info(k, a) for k, a in feeds.items()], [info(k, a) for k, a in results.items()], constants)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), folder / "model.onnx")
    np.savez(folder / "golden.npz", **{f"in|{k}": a for k, a in feeds.items()}, **{f"out|{k}": a for k, a in results.items()})


def product(folder, weights, level, a, bias=None):
    names = ["a"] + [c.name for c in weights.constants()]
    constants = weights.constants()
    if bias is not None:
        names += [""] * (5 - len(names)) + ["bias"]
        constants.append(numpy_helper.from_array(bias, "bias"))
    node = helper.make_node("MatMulNBits", names, ["y"], domain="com.microsoft", K=weights.k, N=weights.n, bits=weights.bits, block_size=weights.block,
                            accuracy_level=level)
    y = a.astype(np.float64) @ weights.values().T.astype(np.float64) + (0 if bias is None else bias)
    save(folder, node, constants, {"a": a}, {"y": y.astype(a.dtype)})


def lookup(folder, weights, ids):
    names = ["b", "ids", "s"] + (["z"] if weights.zeros is not None else [])
    constants = weights.constants()
    blocks = weights.scales.shape[1]
    constants[0] = numpy_helper.from_array(packed(weights.q[:, : weights.k], weights.bits), "b")
    constants[1] = numpy_helper.from_array(weights.scales, "s")
    if weights.zeros is not None:
        constants[2] = numpy_helper.from_array(packed(weights.zeros, weights.bits).reshape(weights.n, -1), "z")
    node = helper.make_node("GatherBlockQuantized", names, ["y"], domain="com.microsoft", bits=weights.bits, block_size=weights.block, gather_axis=0,
                            quantize_axis=1)
    save(folder, node, constants, {"ids": ids}, {"y": weights.values()[ids]})


def signed_lookup(folder, axis, gather):
    """An int4 table [5, 34, 20] quantised along `axis`, gathered along `gather`."""
    shape, block = [5, 34, 20], 16
    blocks = shape[:axis] + [-(-shape[axis] // block)] + shape[axis + 1 :]
    q, zeros = RNG.integers(-8, 8, shape), RNG.integers(-8, 8, blocks)
    scales, ids = RNG.uniform(0.01, 0.1, blocks).astype(np.float32), RNG.integers(0, shape[gather], (3, 2))
    spread = lambda a: np.repeat(a.astype(np.float32), block, axis).take(range(shape[axis]), axis)
    tensor = lambda name, a: helper.make_tensor(name, TensorProto.INT4, a.shape, a.ravel().tolist())
    node = helper.make_node("GatherBlockQuantized", ["b", "ids", "s", "z"], ["y"], domain="com.microsoft", block_size=block, gather_axis=gather,
                            quantize_axis=axis)
    constants = [tensor("b", q), numpy_helper.from_array(scales, "s"), tensor("z", zeros)]
    save(folder, node, constants, {"ids": ids}, {"y": np.take((q.astype(np.float32) - spread(zeros)) * spread(scales), ids, gather)})


def main(out):
    cases = {"exact": [], "float": [], "int8": []}
    for bits in (2, 4, 8):
        for block in (16, 32, 64, 128, 256):
            for form in ("none", "packed", "float"):
                name = f"{bits}-{block}-{form}"
                k = int(RNG.integers(block + 1, 3 * block + 30))
                weights = Weights(int(RNG.integers(17, 50)), k, bits, block, form)
                product(out / f"exact-{name}", weights, 1, np.eye(k, dtype=np.float32)[RNG.permutation(k)[:9]])
                product(out / f"float-{name}", weights, 2, RNG.normal(0, 1, (5, k)).astype(np.float32), RNG.normal(0, 1, weights.n).astype(np.float32))
                product(out / f"int8-{name}", weights, 4, RNG.normal(0, 1, (2, 7, k)).astype(np.float32), RNG.normal(0, 1, weights.n).astype(np.float32))
                for kind in cases:
                    cases[kind].append(f"{kind}-{name}")
                if form != "float":
                    whole = Weights(weights.n, k - k % 4, bits, block, form)  # rows of whole bytes
                    lookup(out / f"exact-rows-{name}", whole, RNG.integers(-weights.n, weights.n, (2, 6)))
                    cases["exact"].append(f"exact-rows-{name}")
    for axis, gather in ((2, 0), (0, 1), (1, 2)):
        signed_lookup(out / f"exact-signed-{axis}{gather}", axis, gather)
        cases["exact"].append(f"exact-signed-{axis}{gather}")
    half = Weights(33, 96, 4, 32, "packed", np.float16)
    product(out / "int8-half", half, 0, RNG.normal(0, 1, (3, 96)).astype(np.float16))
    cases["int8"].append("int8-half")
    for kind, names in cases.items():
        (out / f"{kind}.txt").write_text("\n".join(names) + "\n")


main(pathlib.Path(sys.argv[1]))
