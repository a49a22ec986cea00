"""Calibration data for the project's own model, good and bad, and a small model of matrix products: samples.py OUT."""
import pathlib
import sys

import numpy as np
import onnx
from onnx import parser

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "tools" / "models"))
import make_shapes

GEMM = """<ir_version: 8, opset_import: ["" : 17]>
agraph (float[n, 64] x) => (float[n, 8] y) <float[64, 64] v, float[64] c, float[8, 64] w, float[8] b>
{ h = MatMul(x, v) i = Add(h, c) r = Relu(i) y = Gemm<transB = 1>(r, w, b) }"""


def save_products(out, rng):
    model = parser.parse_model(GEMM)
    shapes = {"v": (64, 64), "c": (64,), "w": (8, 64), "b": (8,)}
    del model.graph.initializer[:]
    arrays = {name: (rng.standard_normal(shape) / 8).astype("f4") for name, shape in shapes.items()}
    model.graph.initializer.extend(onnx.numpy_helper.from_array(array, name) for name, array in arrays.items())
    onnx.save(model, out / "products.onnx")
    x = rng.standard_normal((16, 64)).astype("f4")
    hidden = np.maximum(x.astype("f8") @ arrays["v"] + arrays["c"], 0)
    np.savez(out / "products.npz", **{"in|x": x, "out|y": (hidden @ arrays["w"].T.astype("f8") + arrays["b"]).astype("f4")})


def main(out):
    rng = np.random.default_rng(3)
    (out / "folder").mkdir(parents=True, exist_ok=True)
    (out / "none").mkdir(exist_ok=True)
    pictures = make_shapes.draw(rng, 32)[0].astype("f4")
    np.savez(out / "samples.npz", **{"in|picture": pictures})
    np.savez(out / "axis.npz", picture=pictures[:, None])
    for i, picture in enumerate(pictures):
        np.savez(out / "folder" / f"{i:02}.npz", picture=picture[None])
    np.savez(out / "shape.npz", picture=pictures[:, :, :8])
    np.savez(out / "type.npz", picture=pictures.astype("f8"))
    np.savez(out / "name.npz", image=pictures)
    np.savez(out / "nan.npz", picture=np.full([1, 1, 16, 16], np.nan, "f4"))
    np.savez(out / "empty.npz", picture=pictures[:0])
    (out / "cut.npz").write_bytes((out / "samples.npz").read_bytes()[:3000])
    save_products(out, rng)


main(pathlib.Path(sys.argv[1]))
