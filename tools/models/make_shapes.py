"""Trains and writes the project's own model: which shape is in a 16 x 16 picture (disc, square, triangle, cross)?

    make_shapes.py OUT      writes OUT/shapes/{model.onnx,golden.npz} (f32) and OUT/shapes-qdq/{...} (int8 QDQ)

Pictures are drawn by this script, training is plain numpy (f64, fixed seed), so the same files come out every time. The goldens are
computed here, not by a runtime: f32 in double precision, int8 by the exact requantisation rules (f32 multiplier
inputScale * filterScale / outputScale, clamp, round half to even).
"""
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIZE, CLASSES = 16, ("disc", "square", "triangle", "cross")
LAYERS = (  # name, output channels, kernel, groups, max pool after it
    ("conv1", 8, 3, 1, True), ("depthwise", 8, 3, 8, False), ("pointwise", 16, 1, 1, True))


def draw(rng, count):
    """count noisy pictures [count, 1, SIZE, SIZE] in [0, 1] and their classes."""
    labels = rng.integers(0, len(CLASSES), count)
    y, x = np.mgrid[0:SIZE, 0:SIZE]
    pictures = np.zeros((count, 1, SIZE, SIZE))
    for i, label in enumerate(labels):
        radius, cy, cx = rng.uniform(3, 6), *rng.uniform(6, 10, 2)
        dy, dx = y - cy, x - cx
        inside = (dy ** 2 + dx ** 2 <= radius ** 2, np.maximum(abs(dy), abs(dx)) <= radius * 0.85,
                  (dy <= radius * 0.7) & (dy >= -radius + 2 * abs(dx)),
                  (np.minimum(abs(dy), abs(dx)) <= radius * 0.3) & (np.maximum(abs(dy), abs(dx)) <= radius))[label]
        pictures[i, 0] = np.clip(inside * rng.uniform(0.5, 1) + rng.normal(0, 0.08, inside.shape), 0, 1)
    return pictures, labels


def windows(x, kernel):
    """[N, C, H, W] -> [N, C, kernel * kernel, H, W], zero padded so that H and W stay."""
    pad = kernel // 2
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    h, w = x.shape[2:]
    return np.stack([padded[:, :, i:i + h, j:j + w] for i in range(kernel) for j in range(kernel)], 2)


def unwindows(g, kernel):
    """The transpose of windows()."""
    pad, (h, w) = kernel // 2, g.shape[3:]
    padded = np.zeros((*g.shape[:2], h + 2 * pad, w + 2 * pad))
    for k in range(kernel * kernel):
        padded[:, :, k // kernel:k // kernel + h, k % kernel:k % kernel + w] += g[:, :, k]
    return padded[:, :, pad:pad + h, pad:pad + w]


def grouped(x, groups):
    return x.reshape(x.shape[0], groups, x.shape[1] // groups, *x.shape[2:])


def convolve(x, w, groups):
    """x [N, C, H, W], w [O, C / groups, k, k] -> y [N, O, H, W] and the windows used."""
    cols = grouped(windows(x, w.shape[2]), groups)
    ws = w.reshape(groups, w.shape[0] // groups, w.shape[1], -1)
    y = np.einsum("ngckhw,gock->ngohw", cols, ws, optimize=True)
    return y.reshape(x.shape[0], w.shape[0], *x.shape[2:]), cols


def pool(x):
    return x.reshape(*x.shape[:2], x.shape[2] // 2, 2, x.shape[3] // 2, 2).max((3, 5))


def forward(params, x):
    """Class scores [N, classes] and what the backward pass needs."""
    kept = []
    for name, _, _, groups, pooled in LAYERS:
        y, cols = convolve(x, params[name], groups)
        y = np.maximum(y + params[name + ".bias"][:, None, None], 0)
        out = pool(y) if pooled else y
        kept.append((cols, y, out))
        x = out
    features = x.mean((2, 3))
    return features @ params["dense"] + params["dense.bias"], kept, features


def backward(params, kept, features, g):
    """Gradients of every parameter, given the scores' gradient g [N, classes]."""
    grads = {"dense": features.T @ g, "dense.bias": g.sum(0)}
    last = kept[-1][2]
    gx = np.broadcast_to((g @ params["dense"].T)[:, :, None, None] / last[0, 0].size, last.shape)
    for (name, _, kernel, groups, pooled), (cols, y, out) in reversed(list(zip(LAYERS, kept))):
        if pooled:
            up = lambda a: a.repeat(2, 2).repeat(2, 3)
            gx = up(gx) * (y == up(out))
        gx = gx * (y > 0)
        grads[name + ".bias"] = gx.sum((0, 2, 3))
        gg = grouped(gx, groups)
        w = params[name].reshape(groups, -1, params[name].shape[1], kernel * kernel)
        grads[name] = np.einsum("ngohw,ngckhw->gock", gg, cols, optimize=True).reshape(params[name].shape)
        gcols = np.einsum("ngohw,gock->ngckhw", gg, w, optimize=True)
        gx = unwindows(gcols.reshape(gcols.shape[0], -1, *gcols.shape[3:]), kernel)
    return grads


def train():
    rng = np.random.default_rng(7)
    params, channels = {}, 1
    for name, out, kernel, groups, _ in LAYERS:
        fan_in = channels // groups * kernel * kernel
        params[name] = rng.normal(0, (2 / fan_in) ** 0.5, (out, channels // groups, kernel, kernel))
        params[name + ".bias"] = np.zeros(out)
        channels = out
    params["dense"] = rng.normal(0, (1 / channels) ** 0.5, (channels, len(CLASSES)))
    params["dense.bias"] = np.zeros(len(CLASSES))
    moments = {k: (np.zeros_like(v), np.zeros_like(v)) for k, v in params.items()}
    for step in range(1, 1501):
        x, labels = draw(rng, 64)
        scores, kept, features = forward(params, x)
        p = np.exp(scores - scores.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        p[np.arange(64), labels] -= 1
        for key, grad in backward(params, kept, features, p / 64).items():
            m, v = moments[key]
            m += 0.1 * (grad - m)
            v += 0.001 * (grad ** 2 - v)
            params[key] -= 0.01 * (m / (1 - 0.9 ** step)) / ((v / (1 - 0.999 ** step)) ** 0.5 + 1e-8)
    return {k: v.astype(np.float32) for k, v in params.items()}


def softmax(x):
    e = np.exp(x - x.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def save(folder, nodes, params, golden_in, golden_out):
    folder.mkdir(parents=True, exist_ok=True)
    shape = ["batch", 1, SIZE, SIZE]
    graph = helper.make_graph(
        nodes, "shapes", [helper.make_tensor_value_info("picture", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", len(CLASSES)])],
        [numpy_helper.from_array(np.ascontiguousarray(v), k) for k, v in params.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="make_shapes")
    onnx.checker.check_model(model)
    onnx.save(model, folder / "model.onnx")
    np.savez(folder / "golden.npz", **{"in|picture": golden_in, "out|probabilities": golden_out.astype(np.float32)})


def save_float(folder, params, x):
    nodes, value = [], "picture"
    for name, _, kernel, groups, pooled in LAYERS:
        nodes.append(helper.make_node("Conv", [value, name, name + ".bias"], [name + ".y"], name=name, pads=[kernel // 2] * 4, group=groups))
        nodes.append(helper.make_node("Relu", [name + ".y"], [name + ".r"], name=name + ".relu"))
        value = name + ".r"
        if pooled:
            nodes.append(helper.make_node("MaxPool", [value], [name + ".p"], name=name + ".pool", kernel_shape=[2, 2], strides=[2, 2]))
            value = name + ".p"
    nodes += [helper.make_node("GlobalAveragePool", [value], ["gap"], name="gap"), helper.make_node("Flatten", ["gap"], ["features"], name="flatten"),
              helper.make_node("MatMul", ["features", "dense"], ["scores0"], name="dense"),
              helper.make_node("Add", ["scores0", "dense.bias"], ["scores"], name="dense.add"),
              helper.make_node("Softmax", ["scores"], ["probabilities"], name="softmax", axis=1)]
    golden = softmax(forward({k: v.astype(np.float64) for k, v in params.items()}, x.astype(np.float64))[0])
    save(folder, nodes, params, x, golden)
    return golden


def scale_of(low, high):
    """f32 scale and zero point of an unsigned byte that covers [low, high] and 0."""
    low, high = min(0.0, low), max(0.0, high)
    scale = np.float32((high - low) / 255)
    return scale, np.uint8(np.clip(np.rint(-low / scale), 0, 255))


def quantise(x, scale, zero):
    return np.clip(np.rint(x.astype(np.float32) / scale) + np.float32(zero), 0, 255).astype(np.uint8)


def save_int8(folder, params, x, calibration):
    """QDQ form: u8 activations per tensor (min-max over calibration), s8 filters per output channel, s32 bias."""
    _, kept, _ = forward(params, calibration)
    ranges = [(calibration.min(), calibration.max())] + [(y.min(), y.max()) for _, y, _ in kept]
    scales = [scale_of(low, high) for low, high in ranges]
    nodes, tensors = [], {}

    def pair(value, index):
        s, z = scales[index]
        tensors[f"s{index}"], tensors[f"z{index}"] = np.array(s), np.array(z)
        nodes.append(helper.make_node("QuantizeLinear", [value, f"s{index}", f"z{index}"], [f"{value}.q"], name=f"{value}.q"))
        nodes.append(helper.make_node("DequantizeLinear", [f"{value}.q", f"s{index}", f"z{index}"], [f"{value}.dq"], name=f"{value}.dq"))
        return f"{value}.dq"

    value, q = pair("picture", 0), quantise(x, *scales[0])
    for index, (name, _, kernel, groups, pooled) in enumerate(LAYERS):
        (xs, xz), (ys, yz) = scales[index], scales[index + 1]
        w = params[name]
        ws = (abs(w).max((1, 2, 3)) / np.float32(127)).astype(np.float32)
        wq = np.clip(np.rint(w / ws[:, None, None, None]), -127, 127).astype(np.int8)
        bq = np.rint(params[name + ".bias"] / (xs * ws)).astype(np.int32)
        tensors.update({name: wq, name + ".s": ws, name + ".z": np.zeros(len(ws), np.int8), name + ".b": bq, name + ".bs": xs * ws,
                        name + ".bz": np.zeros(len(ws), np.int32)})
        nodes.append(helper.make_node("DequantizeLinear", [name, name + ".s", name + ".z"], [name + ".wdq"], name=name + ".wdq", axis=0))
        nodes.append(helper.make_node("DequantizeLinear", [name + ".b", name + ".bs", name + ".bz"], [name + ".bdq"], name=name + ".bdq", axis=0))
        nodes.append(helper.make_node("Conv", [value, name + ".wdq", name + ".bdq"], [name + ".y"], name=name, pads=[kernel // 2] * 4, group=groups))
        nodes.append(helper.make_node("Relu", [name + ".y"], [name + ".r"], name=name + ".relu"))
        value = pair(name + ".r", index + 1)
        acc = convolve(q.astype(np.int64) - int(xz), wq.astype(np.int64), groups)[0] + bq[:, None, None]
        multiplier = ((xs * ws).astype(np.float32) / ys).astype(np.float32)
        scaled = np.clip(acc.astype(np.float32) * multiplier[:, None, None], np.float32(-float(yz)), np.float32(255 - float(yz)))
        q = np.maximum(np.rint(scaled) + np.float32(yz), np.float32(yz)).astype(np.uint8)
        if pooled:
            nodes.append(helper.make_node("MaxPool", [value], [name + ".p"], name=name + ".pool", kernel_shape=[2, 2], strides=[2, 2]))
            value, q = name + ".p", pool(q)
    nodes += [helper.make_node("GlobalAveragePool", [value], ["gap"], name="gap"), helper.make_node("Flatten", ["gap"], ["features"], name="flatten"),
              helper.make_node("Gemm", ["features", "dense", "dense.bias"], ["scores"], name="dense"),
              helper.make_node("Softmax", ["scores"], ["probabilities"], name="softmax", axis=1)]
    tensors.update({"dense": params["dense"], "dense.bias": params["dense.bias"]})
    features = ((q.astype(np.float64) - float(scales[-1][1])) * float(scales[-1][0])).mean((2, 3))
    save(folder, nodes, tensors, x, softmax(features @ params["dense"].astype(np.float64) + params["dense.bias"]))


def main():
    out = pathlib.Path(sys.argv[1])
    params = train()
    rng = np.random.default_rng(99)
    test, labels = draw(rng, 1000)
    accuracy = (forward(params, test)[0].argmax(1) == labels).mean()
    print(f"accuracy on 1000 new pictures: {accuracy:.3f}")
    sure = softmax(forward(params, test)[0]).max(1) > 0.99
    x = test[sure.argmax()][None].astype(np.float32)
    golden = save_float(out / "shapes", params, x)
    save_int8(out / "shapes-qdq", params, x, test[:256])
    print(f"golden picture: {CLASSES[labels[sure.argmax()]]}, probabilities {np.round(golden[0], 3)}")
    (out / "shapes" / "picture.txt").write_text("\n".join(" ".join(f"{v:.6f}" for v in row) for row in x[0, 0]) + "\n")


if __name__ == "__main__":
    main()
