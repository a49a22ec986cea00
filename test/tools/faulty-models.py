"""Writes small ONNX models into a folder, each with the one fault (or feature) that a diagnostic code is about, and arrays for them."""
import pathlib
import sys

import numpy
import onnx
from onnx import parser

HEAD = '<ir_version: 8, opset_import: ["" : 17]>'
TEXTS = {
    "good": "agraph (float[n, 2] x) => (float[n, 2] y) { y = Relu(x) }",
    "branch": "agraph (float[2] x) => (float[2] y) <bool c = {1}> { y = If(c) }",  # neither branch is there
    "many-errors": "agraph (float[2] x) => (float[2] y) { " + " ".join(f"y{i} = Relu(z{i})" for i in range(30)) + " y = Relu(x) }",
    "no-kernel": "agraph (double[3, 1, 2] x, double[1, 8, 2] w, double[1, 8, 2] r) => (double[3, 1, 1, 2] y) { y = LSTM<hidden_size=2>(x, w, r) }",
    "reflect": "agraph (float[1, 1, 4, 4] x) => (float[1, 1, 4, 4] y) <int64[8] p = {0, 0, 1, 1, 0, 0, 1, 1}, float[1, 1, 3, 3] w = {1, 2, 3, 4, 5, 6, 7, 8, 9}>"
               ' { q = Pad<mode="reflect">(x, p) y = Conv(q, w) }',
}


def main(out):
    out.mkdir(parents=True, exist_ok=True)
    for name, text in TEXTS.items():
        onnx.save(parser.parse_model(HEAD + text), out / f"{name}.onnx")
    with open(out / "huge.onnx", "wb") as file:  # a hole: it takes no room on the disk
        file.truncate((2 << 30) + 1)
    numpy.savez(out / "rank.npz", x=numpy.zeros([2], "f4"))
    numpy.savez(out / "extent.npz", x=numpy.zeros([2, 3], "f4"))
    numpy.savez(out / "good.npz", x=numpy.zeros([2, 2], "f4"))


main(pathlib.Path(sys.argv[1]))
