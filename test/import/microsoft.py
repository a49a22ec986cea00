"""Writes a model of one com.microsoft operator and its golden.npz for every operator below, with attributes drawn by a seed: microsoft.py OUT SEED.
The results are computed here, in numpy, from the operators' descriptions."""
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

R = np.random.default_rng(int(sys.argv[2]) if len(sys.argv) > 2 else 0)


def f32(*shape):
    return R.normal(size=shape).astype("f4")


def coin():
    return int(R.integers(2))


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def norm(x, gamma, beta, epsilon):
    mean = x.mean(-1, keepdims=True)
    return (x - mean) / np.sqrt(((x - mean) ** 2).mean(-1, keepdims=True) + epsilon) * gamma + beta


def split(x, heads):
    return x.reshape(x.shape[0], x.shape[1], heads, -1).transpose(0, 2, 1, 3)


def join(x):
    return x.transpose(0, 2, 1, 3).reshape(x.shape[0], x.shape[2], -1)


def attend(q, k, v, bias, scale=0.0, softcap=0.0):
    scores = q.astype("f8") @ k.astype("f8").swapaxes(-1, -2) * (scale or 1 / np.sqrt(q.shape[-1]))
    if softcap:
        scores = softcap * np.tanh(scores / softcap)
    return join(softmax(scores + bias) @ v.astype("f8"))


def causal(queries, keys):
    return np.where(np.arange(keys) <= np.arange(queries)[:, None] + keys - queries, 0, -np.inf)


def rotate(x, cos, sin, interleaved):
    half = cos.shape[-1]
    y = x.astype("f8").copy()
    a, b = (slice(0, 2 * half, 2), slice(1, 2 * half, 2)) if interleaved else (slice(0, half), slice(half, 2 * half))
    y[..., a], y[..., b] = x[..., a] * cos - x[..., b] * sin, x[..., b] * cos + x[..., a] * sin
    return y


def angles(count, half):
    angle = np.arange(count)[:, None] * 10000.0 ** (-np.arange(half) / half)
    return np.cos(angle).astype("f4"), np.sin(angle).astype("f4")


# Each case: operands by name (None: left out), those that are initialisers, attributes, results (None: not asked for).


def embed():
    batch, tokens, width = 2, 5, 8
    ids, segments = R.integers(11, size=(batch, tokens)).astype("i4"), R.integers(2, size=(batch, tokens)).astype("i4")
    word, place, segment, gamma, beta = f32(11, width), f32(7, width), f32(2, width), f32(width), f32(width)
    mask, positions = (R.random((batch, tokens)) < 0.6).astype("i4"), R.integers(7, size=(batch, tokens)).astype("i4")
    has_segment, has_mask, has_positions = coin(), coin(), coin()
    total = word[ids] + (place[positions] if has_positions else place[:tokens]) + (segment[segments] if has_segment else 0)
    inputs = dict(ids=ids, segments=segments if has_segment else None, word=word, place=place, segment=segment if has_segment else None, gamma=gamma, beta=beta,
                  mask=mask if has_mask else None, positions=positions if has_positions else None)
    index = mask.sum(1).astype("i4") if has_mask else np.zeros(batch, "i4")
    return inputs, ["word", "place", "segment", "gamma", "beta"], dict(epsilon=1e-5), [norm(total, gamma, beta, 1e-5), index, total]


def attention_inputs(heads, size):
    batch, tokens, width, past = 2, 4, 6, 3 * coin()
    cache = f32(2, batch, heads, past, size) if past else None
    form = int(R.integers(3))
    keys = past + tokens
    mask = [None, (R.random((batch, keys)) < 0.7).astype("i4"), (R.random((batch, tokens, keys)) < 0.7).astype("i4")][form]
    wide = 0 if mask is None else mask[:, None, None, :] if form == 1 else mask[:, None]
    return batch, tokens, width, keys, cache, mask, 0 if mask is None else np.where(wide > 0, 0, -10000.0)


def finish_attention(x, heads, size, cache, bias, extra, one_way, keys):
    q, k, v = (split(part, heads) for part in np.split(x, 3, -1))
    if cache is not None:
        k, v = np.concatenate([cache[0], k], 2), np.concatenate([cache[1], v], 2)
    bias = bias + (causal(q.shape[2], keys) if one_way else 0) + (0 if extra is None else extra)
    return attend(q, k, v, bias), np.stack([k, v])


def attention():
    heads, size = 2, 4
    batch, tokens, width, keys, cache, mask, bias = attention_inputs(heads, size)
    x, weights, shift = f32(batch, tokens, width), f32(width, 3 * heads * size), f32(3 * heads * size)
    extra = f32(batch, heads, tokens, keys) if coin() else None
    one_way = coin()
    y, present = finish_attention(x @ weights + shift, heads, size, cache, bias, extra, one_way, keys)
    return (dict(x=x, weights=weights, shift=shift, mask=mask, past=cache, extra=extra), ["weights", "shift"], dict(num_heads=heads, unidirectional=one_way),
            [y, present if cache is not None else None])


def q_attention():
    heads, size = 2, 4
    batch, tokens, width, keys, cache, mask, bias = attention_inputs(heads, size)
    if mask is not None and mask.ndim == 3:
        mask, bias = None, 0
    x, weights, shift = R.integers(256, size=(batch, tokens, width)).astype("u1"), R.integers(-128, 128, size=(width, 24)).astype("i1"), f32(24)
    xs, ws, xz, wz = np.float32(0.02), np.float32(0.01), np.uint8(120), np.int8(3 if coin() else 0)
    real = (x.astype("f8") - xz) @ (weights.astype("f8") - wz) * float(xs) * float(ws) + shift
    one_way = coin()
    y, present = finish_attention(real, heads, size, cache, bias, None, one_way, keys)
    inputs = dict(x=x, weights=weights, shift=shift, xs=xs, ws=ws, mask=mask, xz=xz, wz=wz, past=cache)
    return inputs, ["weights", "shift", "xs", "ws", "xz", "wz"], dict(num_heads=heads, unidirectional=one_way), [y, present if cache is not None else None]


def multi_head():
    heads, size, batch, tokens, others = 2, 4, 2, 3, 5
    width, form = heads * size, int(R.integers(4))
    q, k, v = f32(batch, tokens, width), f32(batch, others, width), f32(batch, others, width)
    shift = f32(3 * width) if coin() else np.zeros(3 * width, "f4")
    given = dict(query=q, key=k, value=v)
    if form == 1:  # packed query, key and value
        others, packed = tokens, f32(batch, tokens, heads, 3, size)
        q, k, v = (packed[:, :, :, i].reshape(batch, tokens, width) for i in range(3))
        given = dict(query=packed, key=None, value=None)
    elif form == 2:  # packed key and value
        packed = f32(batch, others, heads, 2, size)
        k, v = (packed[:, :, :, i].reshape(batch, others, width) for i in range(2))
        given = dict(query=q, key=packed, value=None)
    has_shift = form != 1 and form != 2 and bool(shift.any())
    shifts = np.split(shift if has_shift else 0 * shift, 3)
    q, k, v = (split(x + s, heads) for x, s in zip((q, k, v), shifts))
    past = form == 3 and coin()
    cache = [f32(batch, heads, 2, size) for _ in range(2)] if past else [None, None]
    if past:
        k, v = np.concatenate([cache[0], k], 2), np.concatenate([cache[1], v], 2)
    keys = k.shape[2]
    mask = (R.random((batch, keys)) < 0.7).astype("i4") if coin() and not past else None
    extra = f32(1, heads, tokens, keys) if coin() else None
    bias = (0 if mask is None else np.where(mask[:, None, None] > 0, 0, -10000.0)) + (0 if extra is None else extra)
    inputs = dict(given, shift=shift if has_shift else None, mask=mask, extra=extra, past_key=cache[0], past_value=cache[1])
    return inputs, ["shift"], dict(num_heads=heads, scale=0.4), [attend(q, k, v, bias, 0.4)] + ([k, v] if past else [])


def group_query():
    heads, groups, size, batch = 4, 2, 16, 2
    prompt, packed, rope, interleaved, window = coin(), coin(), coin(), coin(), 3 if coin() else -1
    tokens, room = (4, 0) if prompt else (1, 9)
    lengths = np.array([tokens, tokens] if prompt else [7, 5])  # of the sequences, new tokens included
    q, k, v = f32(batch, tokens, heads * size), f32(batch, tokens, groups * size), f32(batch, tokens, groups * size)
    past = [f32(batch, groups, room, size) for _ in range(2)] if room else [None, None]
    cos, sin = angles(16, size // 2)
    parts = [split(q, heads).astype("f8"), split(k, groups).astype("f8")]
    starts = lengths - tokens
    places = starts[:, None] + np.arange(tokens)
    if rope:
        parts = [rotate(x, cos[places][:, None], sin[places][:, None], interleaved) for x in parts]
    total = max(int(lengths.max()), room)
    keys, values = (np.zeros((batch, groups, total, size)) if c is None else c.astype("f8").copy() for c in past)
    for b in range(batch):
        keys[b, :, lengths[b]:], values[b, :, lengths[b]:] = 0, 0
        keys[b, :, starts[b]:lengths[b]], values[b, :, starts[b]:lengths[b]] = parts[1][b], split(v, groups)[b]
    allowed = (np.arange(total) <= places[:, :, None]) & ((np.arange(total) > places[:, :, None] - window) if window > 0 else True)
    y = attend(parts[0], keys.repeat(heads // groups, 1), values.repeat(heads // groups, 1), np.where(allowed, 0, -np.inf)[:, None])
    given = dict(query=np.concatenate([q, k, v], -1), key=None, value=None) if packed else dict(query=q, key=k, value=v)
    inputs = dict(given, past_key=past[0], past_value=past[1], last=(lengths - 1).astype("i4"), total=np.int32(lengths.max()), cos=cos if rope else None,
                  sin=sin if rope else None)
    attributes = dict(num_heads=heads, kv_num_heads=groups, do_rotary=rope, rotary_interleaved=interleaved, local_window_size=window)
    return inputs, ["total", "cos", "sin"], attributes, [y, keys, values]


def rotary():
    batch, tokens, heads, size = 2, 3, 2, 8
    cos, sin = angles(20, size // 2)
    flat, interleaved = coin(), coin()
    x, ids = f32(batch, heads, tokens, size), R.integers(17, size=(1,) if coin() else (batch, tokens)).astype("i8")
    places = ids[0] + np.arange(tokens)[None] if ids.ndim == 1 else ids
    y = rotate(x, cos[places][:, None], sin[places][:, None], interleaved)
    return dict(x=join(x) if flat else x, ids=ids, cos=cos, sin=sin), ["cos", "sin"], dict(interleaved=interleaved), [join(y) if flat else y]


def skip_norm(rms):
    x, skip, gamma, beta, shift = f32(2, 3, 8), f32(2, 3, 8), f32(8), f32(8), f32(8)
    total = x + skip + shift
    if rms:
        return (dict(x=x, skip=skip, gamma=gamma, shift=shift), [], dict(epsilon=1e-5),
                [total / np.sqrt((total ** 2).mean(-1, keepdims=True) + 1e-5) * gamma, None, None, total])
    return dict(x=x, skip=skip, gamma=gamma, beta=beta, shift=shift), [], dict(epsilon=1e-5), [norm(total, gamma, beta, 1e-5), None, None, total]


def gelu_tanh(x):
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x ** 3)))


def fast_gelu():
    x, shift = f32(3, 8), f32(8)
    return dict(x=x, shift=shift), [], {}, [gelu_tanh(x + shift)]


def quick_gelu():
    x, alpha = f32(3, 8), float(R.random() + 0.5)
    return dict(x=x), [], dict(alpha=alpha), [x / (1 + np.exp(-alpha * x))]


def fused_matmul():
    ta, tb, ba, bb = coin(), coin(), coin(), coin()
    a, b = f32(2, 3, 4, 5), f32(2, 3, 5, 6)
    given_a, given_b = a.swapaxes(-1, -2) if ta else a, b.swapaxes(-1, -2) if tb else b
    given_a, given_b = np.moveaxis(given_a, -2, 0) if ba else given_a, np.moveaxis(given_b, -2, 0) if bb else given_b
    return dict(a=given_a, b=given_b), [], dict(transA=ta, transB=tb, transBatchA=ba, transBatchB=bb, alpha=0.5), [0.5 * (a @ b)]


def fused_conv():
    x, w, shift = f32(1, 3, 5, 5), f32(4, 3, 1, 1), f32(4)
    other = f32(1, 4, 5, 5) if coin() else None
    y = np.einsum("bchw,oc->bohw", x, w[:, :, 0, 0]) + shift[:, None, None] + (0 if other is None else other)
    return dict(x=x, w=w, shift=shift, other=other), ["w", "shift"], dict(activation="Relu"), [np.maximum(y, 0)]


def scale_zero(signed):
    kind = np.int8 if signed else np.uint8
    return np.float32(R.random() * 0.05 + 0.01), kind(R.integers(-20, 20) if signed else R.integers(100, 150))


def quantise(x, scale, zero):
    info = np.iinfo(zero.dtype)
    return np.clip(np.rint((x.astype("f4") / scale).astype("f4")) + float(zero), info.min, info.max).astype(zero.dtype)


def bytes_of(signed, *shape):
    return R.integers(-128, 128, size=shape).astype("i1") if signed else R.integers(256, size=shape).astype("u1")


def real(x, scale, zero):
    return (x.astype("f4") - np.float32(zero)) * scale


def linear_pair(function):
    signed = coin()
    a, b = bytes_of(signed, 2, 5), bytes_of(signed, 5)
    (sa, za), (sb, zb), (sy, zy) = (scale_zero(signed) for _ in range(3))
    inputs = dict(a=a, sa=sa, za=za, b=b, sb=sb, zb=zb, sy=sy, zy=zy)
    return inputs, ["sa", "za", "sb", "zb", "sy", "zy"], {}, [quantise(function(real(a, sa, za), real(b, sb, zb)), sy, zy)]


def linear_single(function, attributes, *shape):
    signed = coin()
    x, (sx, zx), (sy, zy) = bytes_of(signed, *shape), scale_zero(signed), scale_zero(signed)
    return dict(x=x, sx=sx, zx=zx, sy=sy, zy=zy), ["sx", "zx", "sy", "zy"], attributes, [quantise(function(real(x, sx, zx)), sy, zy)]


def mean_of_windows(x):
    return (x[..., ::2, ::2] + x[..., 1::2, ::2] + x[..., ::2, 1::2] + x[..., 1::2, 1::2]) / np.float32(4)


def linear_where():
    x, (sx, zx), y, (sy, zy), (sr, zr) = bytes_of(False, 3, 5), scale_zero(False), bytes_of(False, 3, 5), scale_zero(False), scale_zero(False)
    taken = bytes_of(False, 3, 1) > 99
    inputs = dict(taken=taken, x=x, sx=sx, zx=zx, y=y, sy=sy, zy=zy, sr=sr, zr=zr)
    return inputs, ["sx", "zx", "sy", "zy", "sr", "zr"], {}, [quantise(np.where(taken, real(x, sx, zx), real(y, sy, zy)), sr, zr)]


def linear_concat():
    parts, (sy, zy) = [], scale_zero(False)
    inputs, fixed = dict(sy=sy, zy=zy), ["sy", "zy"]
    for i in range(2):
        x, (s, z) = bytes_of(False, 2, 3 + i), scale_zero(False)
        inputs.update({f"x{i}": x, f"s{i}": s, f"z{i}": z})
        fixed += [f"s{i}", f"z{i}"]
        parts.append(real(x, s, z))
    return inputs, fixed, dict(axis=1), [quantise(np.concatenate(parts, 1), sy, zy)]


def integer_to_float():
    a, b = bytes_of(False, 3, 8), bytes_of(coin(), 8, 5)
    sa, za, sb = np.float32(0.02), np.uint8(99), (R.random(5) * 0.1).astype("f4")
    zb, shift = b.dtype.type(7), f32(5)
    y = (a.astype("i8") - int(za)) @ (b.astype("i8") - int(zb)) * (sa * sb) + shift
    return dict(a=a, b=b, sa=sa, sb=sb, za=za, zb=zb, shift=shift), ["b", "sa", "sb", "za", "zb", "shift"], {}, [y]


def q_gemm():
    """8 bits with a bias a column, or f32 with one scale a column."""
    whole, across = coin(), coin()
    a, b = bytes_of(False, 3, 8), bytes_of(True, 8, 5)
    sa, za, sb, zb = np.float32(0.02), np.uint8(99), (np.full(5, 0.03) if whole else R.random(5) * 0.1).astype("f4"), np.zeros(5, "i1")
    shift = R.integers(-500, 500, 5).astype("i4")
    y = (a.astype("i8") - int(za)) @ b.astype("i8") + shift
    y = y * (sa * sb).astype("f8") * 0.5
    sy, zy = (np.float32(0.25), np.uint8(120)) if whole else (None, None)
    result = np.clip(np.rint(y / 0.25) + 120, 0, 255).astype("u1") if whole else y
    given = dict(a=a.T.copy() if across else a, sa=sa, za=za, b=b.T.copy(), sb=sb, zb=zb, shift=shift, sy=sy, zy=zy)
    return given, ["sa", "za", "b", "sb", "zb", "shift", "sy", "zy"], dict(alpha=0.5, transA=across, transB=1), [result]


def dynamic(x):
    """x in 8 bits less its zero point, and the scale."""
    low, high = min(x.min(), np.float32(0)), max(x.max(), np.float32(0))
    scale = np.float32((high - low) / np.float32(255))
    if scale == 0:
        return 0 * x, scale
    zero = np.rint(np.clip(-low / scale, 0, 255))
    return np.clip(np.rint(x / scale) + zero, 0, 255) - zero, scale


def dynamic_matmul():
    a, b, sb, zb, shift = f32(3, 8), bytes_of(False, 8, 5), np.float32(0.03), np.uint8(100), f32(5)
    whole, scale = dynamic(a)
    return dict(a=a, b=b, sb=sb, zb=zb, shift=shift), ["b", "sb", "zb", "shift"], {}, [whole @ (b.astype("f8") - int(zb)) * scale * sb + shift]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm(x, weights, recurrent, shift, h, c, peephole, coupled):
    """One direction of an LSTM; weights and recurrent are (bytes less their zero point, scale)."""
    product = lambda v, part: dynamic(v.astype("f4"))[0] @ part[0] * (dynamic(v.astype("f4"))[1] * part[1])
    given, rows = product(x, weights), []
    for step in given:
        i, o, f, g = np.split(step + product(h, recurrent) + shift[:shift.size // 2] + shift[shift.size // 2:], 4, -1)
        i, f = sigmoid(i + peephole[0] * c), sigmoid(f + peephole[2] * c)
        c = (1 - i if coupled else f) * c + i * np.tanh(g)
        h = sigmoid(o + peephole[1] * c) * np.tanh(c)
        rows.append(h)
    return np.stack(rows), h, c


def dynamic_lstm():
    steps, batch, width, hidden, directions = 5, 2, 6, 18, 1 + coin()
    signed, columns, coupled, has_states, backwards = coin(), coin(), coin(), coin(), coin()
    x, shift, peephole = f32(steps, batch, width), f32(directions, 8 * hidden), f32(directions, 3, hidden)
    w, r = bytes_of(signed, directions, width, 4 * hidden), bytes_of(signed, directions, hidden, 4 * hidden)
    shape = (directions, 4 * hidden) if columns else (directions,)
    scales = [(R.random(shape) * 0.005 + 0.002).astype("f4") for _ in range(2)]
    zeros = [np.full(shape, 0 if signed else R.integers(100, 150), w.dtype) for _ in range(2)]
    h, c = (f32(directions, batch, hidden) * has_states for _ in range(2))
    results = []
    for d in range(directions):
        turn = slice(None, None, -1 if d or (directions == 1 and backwards) else 1)
        part = lambda i, all_bytes: (all_bytes[d].astype("f8") - zeros[i][d].astype("f8"), scales[i][d])
        y, last_h, last_c = lstm(x[turn], part(0, w), part(1, r), shift[d], h[d], c[d], peephole[d], coupled)
        results.append((y[turn], last_h, last_c))
    inputs = dict(x=x, w=w, r=r, shift=shift, lengths=None, h=h if has_states else None, c=c if has_states else None, peephole=peephole.reshape(directions, -1),
                  ws=scales[0], wz=zeros[0], rs=scales[1], rz=zeros[1])
    attributes = dict(hidden_size=hidden, input_forget=coupled, direction="bidirectional" if directions == 2 else "reverse" if backwards else "forward")
    return inputs, ["w", "r", "shift", "peephole", "ws", "wz", "rs", "rz"], attributes, [np.stack(parts, i == 0) for i, parts in enumerate(zip(*results))]


def leaky(x):
    return np.where(x < 0, np.float32(0.1) * x, x)


CASES = {
    "EmbedLayerNormalization": embed, "Attention": attention, "QAttention": q_attention, "MultiHeadAttention": multi_head, "GroupQueryAttention": group_query,
    "RotaryEmbedding": rotary, "SkipLayerNormalization": lambda: skip_norm(False), "SkipSimplifiedLayerNormalization": lambda: skip_norm(True),
    "FastGelu": fast_gelu, "QuickGelu": quick_gelu, "FusedMatMul": fused_matmul, "FusedConv": fused_conv, "QLinearAdd": lambda: linear_pair(np.add),
    "QLinearMul": lambda: linear_pair(np.multiply), "QLinearSigmoid": lambda: linear_single(sigmoid, {}, 3, 7),
    "QLinearLeakyRelu": lambda: linear_single(leaky, dict(alpha=0.1), 3, 7),
    "QLinearGlobalAveragePool": lambda: linear_single(lambda x: x.mean((2, 3), keepdims=True), {}, 2, 3, 4, 4),
    "QLinearAveragePool": lambda: linear_single(mean_of_windows, dict(kernel_shape=[2, 2], strides=[2, 2]), 2, 3, 4, 6), "QLinearWhere": linear_where,
    "QLinearSoftmax": lambda: linear_single(softmax, dict(opset=13, axis=-1), 3, 7), "QLinearConcat": linear_concat, "MatMulIntegerToFloat": integer_to_float, "QGemm": q_gemm,
    "DynamicQuantizeMatMul": dynamic_matmul, "DynamicQuantizeLSTM": dynamic_lstm,
}


def write(out, op):
    inputs, fixed, attributes, results = CASES[op]()
    present = {name: np.asarray(value) for name, value in inputs.items() if value is not None}
    names = [name if value is not None else "" for name, value in inputs.items()]
    while not names[-1]:
        names.pop()
    outputs = [f"y{i}" if value is not None else "" for i, value in enumerate(results)]
    while not outputs[-1]:
        outputs.pop()
    integers = {"f": np.float32}
    results = {f"y{i}": np.asarray(value).astype(integers.get(np.asarray(value).dtype.kind, np.asarray(value).dtype)) for i, value in enumerate(results)
               if value is not None}
    info = lambda name, value: helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
    node = helper.make_node(op, names, outputs, domain="com.microsoft", **attributes)
    graph = helper.make_graph([node], op, [info(n, v) for n, v in present.items() if n not in fixed], [info(n, v) for n, v in results.items()],
                              [numpy_helper.from_array(v, n) for n, v in present.items() if n in fixed])
    folder = out / op
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)], ir_version=8), folder / "model.onnx")
    np.savez(folder / "golden.npz", **{"in|" + n: v for n, v in present.items() if n not in fixed}, **{"out|" + n: v for n, v in results.items()})


for name in CASES:
    write(pathlib.Path(sys.argv[1]), name)
