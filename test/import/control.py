"""Writes models with If, Loop and Scan and their golden.npz: control.py OUT. Results are computed here, in numpy."""
import pathlib
import sys

import numpy as np
import onnx
from onnx import parser

HEAD = '<ir_version: 8, opset_import: ["" : 17]>'
X = np.array([3, -1, 4, 2], "f4")

# Small branches of one shape: chosen at run time, so both values of the condition are right in one program.
CHEAP = """g (float[4] x, bool c) => (float[4] y) {
  y = If(c) <then_branch = t () => (float[4] a) { a = Neg(x) }, else_branch = e () => (float[4] b) { b = Abs(x) }>
}"""
# Branches of two shapes: the condition is bound.
SHAPES = """g (float[4] x, bool c) => (float[n] y) {
  y = If(c) <then_branch = t () => (float[4] a) { a = Neg(x) }, else_branch = e () => (float[1] b) { b = ReduceMax<axes = [0]>(x) }>
}"""
# A Loop with a constant trip count, an early end that data decide, and a captured value.
MASKED = """g (float[4] x) => (float[4] y, int64 n) <int64 most = {6}, bool go = {1}, int64 none = {0}, float limit = {20}, float[4] zeros = {0, 0, 0, 0}> {
  y, n = Loop(most, go, zeros, none) <body = b (int64 i, bool on, float[4] a, int64 k) => (bool more, float[4] s, int64 l) <int64 one = {1}> {
    s = Add(a, x)
    top = ReduceMax<keepdims = 0>(s)
    more = Less(top, limit)
    l = Add(k, one)
  }>
}"""
# A Loop whose trip count is an input, with a scan output.
ROWS = """g (int64 trips, float[4] x) => (float[4] last, float[n, 4] rows) {
  last, rows = Loop(trips, , x) <body = b (int64 i, bool on, float[4] a) => (bool more, float[4] s, float[4] row) {
    more = Identity(on)
    s = Add(a, a)
    row = Identity(a)
  }>
}"""
# A Scan backwards, with a nested If on the state.
SCAN = """g (float[3, 2] x, float[2] start) => (float[2] last, float[2, 3] sums) {
  last, sums = Scan <num_scan_inputs = 1, scan_input_directions = [1], scan_output_axes = [1], body = b (float[2] a, float[2] row) => (float[2] s, float[2] t) {
    sum = Add(a, row)
    top = ReduceMax<keepdims = 0>(sum)
    zero = Constant<value_float = 0.0>()
    high = Greater(top, zero)
    s = If(high) <then_branch = p () => (float[2] u) { u = Identity(sum) }, else_branch = q () => (float[2] v) { v = Neg(sum) }>
    t = Identity(s)
  }>(start, x)
}"""
# A Loop that appends to a sequence, and a known If of sequences: what scripted modules write.
LISTS = """g (float[3, 2] x, float[2] h) => (float[3, 2] rows, float[2] last, int64 n) <int64 most = {3}, bool go = {1}> {
  none = SequenceEmpty()
  last, all = Loop(most, go, h, none) <body = b (int64 i, bool on, float[2] a, seq(float[2]) s) => (bool more, float[2] t, seq(float[2]) u) {
    more = Identity(on)
    row = Gather(x, i)
    t = Add(a, row)
    u = SequenceInsert(s, t)
  }>
  list = If(go) <then_branch = p () => (seq(float[2]) v) { v = Identity(all) }, else_branch = q () => (seq(float[2]) w) { w = SequenceEmpty() }>
  n = SequenceLength(list)
  rows = ConcatFromSequence<axis = 0, new_axis = 1>(list)
}"""


def masked(x):
    a, n = np.zeros(4, "f4"), 0
    while n < 6 and (n == 0 or a.max() < 20):
        a, n = a + x, n + 1
    return dict(y=a, n=np.int64(n))


def scan(x, a):
    rows = []
    for row in x[::-1]:
        a = a + row
        a = a if a.max() > 0 else -a
        rows.append(a)
    return dict(last=a, sums=np.stack(rows, 1))


ROW = np.array([[1, 2], [-9, -8], [3, 1]], "f4")
CASES = {
    "cheap-1": (CHEAP, dict(x=X, c=np.bool_(1)), dict(y=-X)), "cheap-0": (CHEAP, dict(x=X, c=np.bool_(0)), dict(y=abs(X))),
    "shapes-1": (SHAPES, dict(x=X, c=np.bool_(1)), dict(y=-X)), "shapes-0": (SHAPES, dict(x=X, c=np.bool_(0)), dict(y=X.max(keepdims=True))),
    "masked-6": (MASKED, dict(x=X * 0.5), masked(X * 0.5)), "masked-3": (MASKED, dict(x=X * 2), masked(X * 2)),
    "rows": (ROWS, dict(trips=np.int64(3), x=X), dict(last=X * 8, rows=np.stack([X, X * 2, X * 4]))),
    "lists": (LISTS, dict(x=ROW, h=X[:2]), dict(rows=X[:2] + np.cumsum(ROW, 0, dtype="f4"), last=X[:2] + ROW.sum(0), n=np.int64(3))),
    "scan": (SCAN, dict(x=ROW, start=np.zeros(2, "f4")), scan(ROW, np.zeros(2, "f4"))),
}
for name, (text, inputs, outputs) in CASES.items():
    folder = pathlib.Path(sys.argv[1]) / name
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(parser.parse_model(HEAD + text), folder / "model.onnx")
    np.savez(folder / "golden.npz", **{"in|" + n: v for n, v in inputs.items()}, **{"out|" + n: v for n, v in outputs.items()})
