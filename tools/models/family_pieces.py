"""Norms, products and activations that families.py computes with, in double precision. Not a tool by itself."""
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


def gated(gate, up, f):
    if f.activation != "oai":
        return activate(gate, f.activation) * up
    gate, up = np.minimum(gate, 7), np.clip(up, -7, 7)
    return gate / (1 + np.exp(-1.702 * gate)) * (up + 1)


def opened(gate, up, f):
    return activate(up, f.activation) if f.feed == "plain" else gated(gate(), up, f)


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
