"""Writes models of one operator each, with forms drawn by a seed, and what ONNX's reference evaluator gives for them: operators.py OUT SEED.

Operators that the random graphs (test/fuzz/graphs) do not have: they sample images, count n-grams, transform signals, take determinants, hold graphs,
have zero points."""
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

rng = np.random.default_rng(int(sys.argv[2]))
OPSET = 22


def choose(*options):
    return options[int(rng.integers(len(options)))]


def numbers(*shape, low=-1.0, high=1.0, dtype="f4"):
    return rng.uniform(low, high, shape).astype(dtype)


def roi_align():
    images, channels, rows = choose(1, 3), choose(1, 4), 5
    x = numbers(images, channels, choose(6, 9), choose(5, 8), dtype=choose("f4", "f8"))
    corners = numbers(rows, 2, low=-2, high=8, dtype=x.dtype)
    boxes = np.concatenate([corners, corners + numbers(rows, 2, low=-0.5, high=7, dtype=x.dtype)], 1)
    # max: the evaluator starts each bin with its first sample, as the operator's examples do
    attributes = dict(mode=choose("avg", "max"), output_height=choose(1, 3), output_width=choose(2, 4), sampling_ratio=choose(0, 1, 2, 3), spatial_scale=choose(1.0, 0.5),
                      coordinate_transformation_mode=choose("half_pixel", "output_half_pixel"))
    return "RoiAlign", [x, boxes, rng.integers(0, images, rows)], attributes


def deform_conv():
    groups, offset_groups, taps = choose(1, 2), choose(1, 2), (choose(1, 2, 3), choose(2, 3))
    n, channels, out = choose(1, 2), 4, 2 * choose(1, 2)
    strides, pads, dilations = choose([1, 1], [2, 1]), choose([0, 0, 0, 0], [1, 1, 1, 1]), choose([1, 1], [2, 1])
    h, w = 8, 7
    place = [(d + pads[k] + pads[k + 2] - dilations[k] * (taps[k] - 1) - 1) // strides[k] + 1 for k, d in enumerate((h, w))]
    inputs = [numbers(n, channels, h, w), numbers(out, channels // groups, *taps), numbers(n, offset_groups * taps[0] * taps[1] * 2, *place, low=-2, high=2)]
    inputs.append(numbers(out))
    if choose(0, 1):
        inputs.append(numbers(n, offset_groups * taps[0] * taps[1], *place, low=0, high=1))
    return "DeformConv", inputs, dict(group=groups, offset_group=offset_groups, strides=strides, pads=pads, dilations=dilations, kernel_shape=list(taps))


def det():
    x = numbers(*choose((), (3,), (2, 2)), *[choose(1, 2, 3, 5, 8)] * 2, dtype=choose("f4", "f8"))
    if choose(0, 1) and x.shape[-1] > 2:
        x[..., 0, :] = 0  # singular
    return "Det", [x], {}


def stft():
    size, step, batch, half = choose(8, 12, 15), choose(3, 8), choose(1, 2), choose(0, 1)
    signal = numbers(batch, 61, 1 if half else choose(1, 2))
    window = numbers(size, low=0, high=1)
    return "STFT", [signal, np.array(step, "i8"), window, np.array(size, "i8")], dict(onesided=half)


def mel_weights():
    return "MelWeightMatrix", [np.array(v, t) for v, t in ((choose(4, 9, 20), "i8"), (choose(64, 400), "i8"), (8000, "i8"), (choose(0, 125), "f4"), (3800, "f4"))], {}


def tf_idf():
    mode, dtype = choose("TF", "IDF", "TFIDF"), choose("i4", "i8")
    # three single items, four pairs, two triples; columns in another order, one shared, one empty
    pool = [2, 3, 5, 5, 4, 5, 6, 7, 8, 6, 7, 2, 3, 5, 7, 8, 2]
    attributes = dict(mode=mode, min_gram_length=choose(1, 2), max_gram_length=choose(2, 3), max_skip_count=choose(0, 1, 5), ngram_counts=[0, 3, 11],
                      ngram_indexes=[3, 0, 1, 2, 5, 5, 6, 8, 7], pool_int64s=pool)
    attributes["weights"] = [round(float(v), 2) for v in numbers(9, low=0.1, high=3)]
    return "TfIdfVectorizer", [rng.integers(2, 9, choose((20,), (3, 15))).astype(dtype)], attributes


def flex_attention():
    keys, heads = choose(1, 2), 4
    q, k, v = numbers(2, heads, 5, 8), numbers(2, keys, 6, 8), numbers(2, keys, 6, 3)
    scores = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [2, heads, 5, 6]) for n in ("s", "t")]
    bias = onnx.numpy_helper.from_array(numbers(5, 6), "bias")
    modify = helper.make_graph([helper.make_node("Add", ["s", "bias"], ["t"])], "modify", scores[:1], scores[1:], initializer=[bias])
    halve = helper.make_graph([helper.make_node("Mul", ["s", "s"], ["t"])], "halve", scores[:1], scores[1:])
    return "FlexAttention", [q, k, v], choose(dict(score_mod=modify), dict(score_mod=modify, prob_mod=halve), dict(scale=0.3))


def conv_integer():
    groups, channels, out = choose(1, 2, 4), 4, 4 * choose(1, 3)
    low, kind = choose((0, "u1"), (-128, "i1"))
    x, w = rng.integers(0, 256, (choose(1, 2), channels, 9, 7)).astype("u1"), rng.integers(low, low + 256, (out, channels // groups, 3, 2)).astype(kind)
    zeros = [np.array(choose(0, 117), "u1"), np.array(choose(0, 3), kind) + np.array(low + 128, kind)]
    return "ConvInteger", [x, w, *zeros], dict(group=groups, strides=choose([1, 1], [2, 1]), pads=choose([0, 0, 0, 0], [1, 1, 1, 0]))


BOUND = {"MelWeightMatrix": range(5), "STFT": (1, 3), "ConvInteger": (1, 2, 3)}  # inputs that decide the program, or its kernels
for number, make in enumerate([roi_align, deform_conv, det, stft, mel_weights, tf_idf, flex_attention, conv_integer] * 3):
    op, arrays, attributes = make()
    names = [f"i{k}" for k in range(len(arrays))]
    domain = "ai.onnx.preview" if op == "FlexAttention" else ""
    node = helper.make_node(op, names, ["y"], domain=domain, **attributes)
    info = [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape) for n, a in zip(names, arrays)]
    kind = TensorProto.INT32 if op == "ConvInteger" else TensorProto.FLOAT if arrays[0].dtype.kind == "i" else helper.np_dtype_to_tensor_dtype(arrays[0].dtype)
    fixed = [onnx.numpy_helper.from_array(arrays[k], names[k]) for k in BOUND.get(op, ())]
    free = [v for k, v in enumerate(info) if k not in BOUND.get(op, ())]
    graph = helper.make_graph([node], "one", free, [helper.make_tensor_value_info("y", kind, None)], initializer=fixed)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.preview", 1)], ir_version=10)
    feeds = {v.name: arrays[names.index(v.name)] for v in free}
    (want,) = ReferenceEvaluator(model).run(None, feeds)
    folder = pathlib.Path(sys.argv[1]) / f"{op}-{number}"
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(model, folder / "model.onnx")
    np.savez(folder / "golden.npz", **{"in|" + k: v for k, v in feeds.items()}, **{"out|y": np.asarray(want)})
