#!/usr/bin/env python3
# Makes an integer product whose weights have zeros: QLinearMatMul [M, K] x [K, N], or with --conv QLinearConv 1x1 over an image of M pixels, and an
# input for it. For tests and measurements of the sparse forms of weights.
#   make_sparse.py FOLDER --rows M [--outputs N --depth K --blocks SHARE | --single SHARE] [--conv] [--signed]
import argparse
import os

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def weights(args, rng):
    w = rng.integers(-127, 128, (args.outputs, args.depth)).astype(np.int8)
    quads = (args.depth + 3) // 4
    keep = rng.random((args.outputs, quads)) >= args.blocks
    w *= np.repeat(keep, 4, axis=1)[:, :args.depth].astype(np.int8)
    return w * (rng.random(w.shape) >= args.single).astype(np.int8)


def model(args, rng):
    w = weights(args, rng)
    kind = np.int8 if args.signed else np.uint8
    scales = (rng.random(args.outputs) * 0.002 + 0.001).astype(np.float32)
    constants = {"xs": np.float32(0.05), "xz": kind(-9 if args.signed else 119), "wz": np.zeros(args.outputs, np.int8), "ws": scales,
                 "ys": np.float32(0.9), "yz": kind(3 if args.signed else 131)}
    if args.conv:
        shape, result = (1, args.depth, 1, args.rows), (1, args.outputs, 1, args.rows)
        constants["w"] = w.reshape(args.outputs, args.depth, 1, 1)
        constants["bias"] = rng.integers(-2000, 2000, args.outputs).astype(np.int32)
        node = helper.make_node("QLinearConv", ["x", "xs", "xz", "w", "ws", "wz", "ys", "yz", "bias"], ["y"], name="product")
    else:
        shape, result = (args.rows, args.depth), (args.rows, args.outputs)
        constants["w"] = np.ascontiguousarray(w.T)
        node = helper.make_node("QLinearMatMul", ["x", "xs", "xz", "w", "ws", "wz", "ys", "yz"], ["y"], name="product")
    element = TensorProto.INT8 if args.signed else TensorProto.UINT8
    graph = helper.make_graph([node], "sparse", [helper.make_tensor_value_info("x", element, shape)], [helper.make_tensor_value_info("y", element, result)],
                              [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()])
    x = rng.integers(-128 if args.signed else 0, 128 if args.signed else 256, shape).astype(kind)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), x


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--outputs", type=int, default=1024)
    parser.add_argument("--depth", type=int, default=1024)
    parser.add_argument("--blocks", type=float, default=0.0)
    parser.add_argument("--single", type=float, default=0.0)
    parser.add_argument("--conv", action="store_true")
    parser.add_argument("--signed", action="store_true")
    args = parser.parse_args()
    os.makedirs(args.folder, exist_ok=True)
    made, x = model(args, np.random.default_rng(5))
    onnx.save(made, os.path.join(args.folder, "model.onnx"))
    np.savez(os.path.join(args.folder, "in.npz"), **{"in|x": x})


if __name__ == "__main__":
    main()
