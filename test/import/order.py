"""Writes models whose nodes are not in the order of their uses, and their golden.npz: order.py OUT."""
import pathlib
import sys

import numpy as np
import onnx
from onnx import parser

HEAD = '<ir_version: 8, opset_import: ["" : 17]>'
X = np.array([3, -1, 4, 2], "f4")
# As tools leave it that put casts around a graph: what the first node reads comes last.
APPENDED = """g (float[4] x) => (float[4] y) {
  a = Neg(h)
  b = Add(a, h)
  c = Sub(b, a)
  y = Cast<to = 1>(c)
  h = Cast<to = 10>(x)
}"""
# A branch reads what comes behind the If, and is unsorted itself.
CAPTURED = """g (float[4] x, bool c) => (float[4] y) {
  y = If(c) <then_branch = t () => (float[4] a) { a = Neg(n) n = Abs(late) }, else_branch = e () => (float[4] b) { b = Identity(late) }>
  late = Add(x, x)
}"""
CYCLE = "g (float[4] x) => (float[4] y) { a = Add(x, b) b = Neg(a) y = Neg(b) }"

CASES = {"appended": (APPENDED, dict(x=X), dict(y=X)), "captured": (CAPTURED, dict(x=X, c=np.bool_(1)), dict(y=-2 * abs(X))),
         "cycle": (CYCLE, dict(x=X), dict(y=X))}
for name, (text, inputs, outputs) in CASES.items():
    folder = pathlib.Path(sys.argv[1]) / name
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(parser.parse_model(HEAD + text), folder / "model.onnx")
    np.savez(folder / "golden.npz", **{"in|" + n: v for n, v in inputs.items()}, **{"out|" + n: v for n, v in outputs.items()})
