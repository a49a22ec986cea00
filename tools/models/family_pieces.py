"""Norms, products, activations and what keeps a state, which families.py computes with, in double precision. Not a tool by itself."""
import math

import numpy as np


def norm(x, w, name, f):
    epsilon = np.float64(np.float32(f.epsilon))
    if f.layer_norm:
        x = x - x.mean(-1, keepdims=True)
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + epsilon) * w.get(name + ".weight", 1) + w.get(name + ".bias", 0)


def activate(x, kind):
    if kind == "silu":
        return x / (1 + np.exp(-x))
    if kind == "gelu":
        return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3)))
    if kind.startswith("relu"):
        return np.maximum(x, 0) ** (2 if kind == "relu2" else 1)
    return 0.5 * x * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


def gated(gate, up, f, bound=0):
    if bound:
        return np.minimum(activate(gate, f.activation), bound) * np.clip(up, -bound, bound)
    if f.activation != "oai":
        return activate(gate, f.activation) * up
    gate, up = np.minimum(gate, 7), np.clip(up, -7, 7)
    return gate / (1 + np.exp(-1.702 * gate)) * (up + 1)


def opened(gate, up, f, bound=0):
    return activate(up, f.activation) if f.feed == "plain" else gated(gate(), up, f, bound)


def linear(x, w, name):
    return x @ w[name + ".weight"].T * w.get(name + ".scale", 1) + w.get(name + ".bias", 0)


def softmax(x, sinks=None):
    top = x.max(-1, keepdims=True)
    if sinks is not None:
        top = np.maximum(top, sinks)
    e = np.exp(x - top)
    return e / (e.sum(-1, keepdims=True) + (0 if sinks is None else np.exp(sinks - top)))


def bent(x, above, below, slope, least):
    """xIELU, whose factors were trained before their softplus."""
    above, below = np.log1p(np.exp(above)), slope + np.log1p(np.exp(below))
    return np.where(x > 0, above * x * x, below * (np.expm1(np.minimum(x, least)) - x)) + slope * x


def sparse(gate, deviations):
    """What lies above the mean and so many standard deviations of a row."""
    if not deviations:
        return gate
    return np.maximum(gate - gate.mean(-1, keepdims=True) - deviations * gate.std(-1, keepdims=True, ddof=1), 0)


def as_large(others, first):
    return others * np.linalg.norm(first, axis=-1)[..., None] / np.linalg.norm(others, axis=-1)[..., None]


def alibi_slopes(heads, bias):
    """One a head: powers of 2^(-bias / n), n the largest power of 2 up to the heads, and behind these the ones between."""
    n = 2 ** int(math.log2(max(heads, 1)))
    return np.array([0 if not bias else 2.0 ** (-bias * (h + 1 if h < n else h - n + 0.5) / n) for h in range(heads)])


def short_conv(x, w, f, b):
    before, after, inner = np.split(linear(x, w, b + "shortconv.in_proj"), 3, -1)
    padded = np.concatenate([np.zeros((f.taps - 1, f.width)), before * inner])
    mixed = sum(w[b + "shortconv.conv.weight"][:, j] * padded[j:j + len(x)] for j in range(f.taps))
    return linear(after * mixed, w, b + "shortconv.out_proj")


def convolved(rows, w, b, taps):
    padded = np.concatenate([np.zeros((taps - 1, rows.shape[1])), rows])
    return activate(sum(w[b + "ssm_conv1d.weight"][:, j] * padded[j:j + len(rows)] for j in range(taps)) + w.get(b + "ssm_conv1d.bias", 0), "silu")


def delta_net(x, w, f, b):
    heads, width, length, groups, taps = f.delta
    n, keys = len(x), groups * length
    each = heads // groups
    if f.joined_rows:  # q, k, v and gate of each head of keys
        rows = np.split(linear(x, w, b + "ssm_in").reshape(n, groups, -1), [length, 2 * length, 2 * length + each * width], -1)
        *rows, gate = (t.reshape(n, -1) for t in rows)
        rows = np.concatenate(rows, -1)
    else:
        rows, gate = linear(x, w, b + "attn_qkv"), linear(x, w, b + "attn_gate")
    q, k, v = np.split(convolved(rows, w, b, taps), [keys, 2 * keys], -1)
    if f.joined_delta:
        beta, time = (t.reshape(n, heads) for t in np.split(linear(x, w, b + "ssm_ba").reshape(n, groups, -1), 2, -1))
    else:
        beta, time = linear(x, w, b + "ssm_beta"), linear(x, w, b + "ssm_alpha")
    which = [h % groups if f.in_turn else h // (heads // groups) for h in range(heads)]
    q, k = (t.reshape(n, groups, length)[:, which] for t in (q, k))
    q, k = (t / np.maximum(np.linalg.norm(t, axis=-1, keepdims=True), f.epsilon) for t in (q, k))
    v, beta = v.reshape(n, heads, width), 1 / (1 + np.exp(-beta))
    decay = np.exp(np.log1p(np.exp(time + w[b + "ssm_dt.bias"])) * w[b + "ssm_a"])
    state, y = np.zeros((heads, length, width)), np.zeros((n, heads, width))
    for t in range(n):
        state = state * decay[t][:, None, None]
        wrong = v[t] - np.einsum("hnp,hn->hp", state, k[t])
        state = state + np.einsum("hn,hp->hnp", k[t], beta[t][:, None] * wrong)
        y[t] = np.einsum("hnp,hn->hp", state, q[t] / length ** 0.5)
    return linear(norm(y, w, b + "ssm_norm", f).reshape(n, -1) * activate(gate, "silu"), w, b + "ssm_out")


def recurrence(x, w, f, b):
    heads, width, length, groups, taps = f.scan
    inner, n = heads * width, len(x)
    gate, rows, delta = np.split(linear(x, w, b + "ssm_in"), [inner, 2 * inner + 2 * groups * length], -1)
    rows = convolved(rows, w, b, taps)
    delta = np.log1p(np.exp(delta + w[b + "ssm_dt.bias"]))
    inputs, to, of = np.split(rows, [inner, inner + groups * length], -1)
    inputs = inputs.reshape(n, heads, width)
    to, of = (np.repeat(t.reshape(n, groups, length), heads // groups, 1) for t in (to, of))
    state, y = np.zeros((heads, length, width)), np.zeros((n, heads, width))
    for t in range(n):
        state = state * np.exp(delta[t] * w[b + "ssm_a"][:, 0])[:, None, None] + np.einsum("hn,hp->hnp", to[t], inputs[t] * delta[t][:, None])
        y[t] = np.einsum("hnp,hn->hp", state, of[t]) + w[b + "ssm_d"] * inputs[t]
    y = y.reshape(n, inner) * activate(gate, "silu")
    if f.scan_norm:
        y = norm(y.reshape(n, groups, -1), w, b + "ssm_norm", f).reshape(n, inner)
    return linear(y, w, b + "ssm_out")
