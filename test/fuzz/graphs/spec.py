"""Operators that ONNX's reference evaluator gets wrong or not at all, straight from their specification, in numpy.

LRN runs over the batch instead of the channels there, LpNormalization leaves out the absolute value for p = 1, pooling mistakes one-sided padding and
SAME_LOWER (all found by the random graphs, onnx 1.23).
"""
import itertools

import numpy as np


def lrn(x, size, alpha=1e-4, beta=0.75, bias=1.0):
    channels = x.shape[1]
    squares = np.zeros_like(x)
    for c in range(channels):
        low, high = max(0, c - (size - 1) // 2), min(channels - 1, c + size // 2)
        squares[:, c] = np.square(x[:, low : high + 1]).sum(axis=1)
    return (x / (bias + alpha / size * squares) ** beta).astype(x.dtype)


def lp_normalization(x, axis=-1, p=2):
    norm = np.abs(x).sum(axis, keepdims=True) if p == 1 else np.sqrt(np.square(x).sum(axis, keepdims=True))
    return (x / norm).astype(x.dtype)


def paddings(shape, kernel, strides, pads, auto_pad):
    """[(before, after)] for each spatial axis."""
    if auto_pad in ("NOTSET", "VALID"):
        half = len(kernel)
        return [(pads[k], pads[k + half]) if pads and auto_pad == "NOTSET" else (0, 0) for k in range(half)]
    result = []
    for d, k, s in zip(shape, kernel, strides):
        total = max(0, (-(-d // s) - 1) * s + k - d)
        small = total // 2
        result.append((small, total - small) if auto_pad == "SAME_UPPER" else (total - small, small))
    return result


def pool(reduce, x, kernel_shape, strides, pads=None, auto_pad="NOTSET", **extra):
    """Windows over the spatial axes. `reduce(values, elements of the window with padding)` answers for one window: values is [n, c, inside]."""
    around = paddings(x.shape[2:], kernel_shape, strides, pads, auto_pad)
    out = [(d + a + b - k) // s + 1 for d, (a, b), k, s in zip(x.shape[2:], around, kernel_shape, strides)]
    result = np.zeros(x.shape[:2] + tuple(out), x.dtype)
    for at in itertools.product(*map(range, out)):
        starts = [i * s - a for i, s, (a, _) in zip(at, strides, around)]
        inside = tuple(slice(max(0, b), min(d, b + k)) for b, k, d in zip(starts, kernel_shape, x.shape[2:]))
        result[(slice(None), slice(None)) + at] = reduce(x[(slice(None), slice(None)) + inside].reshape(x.shape[:2] + (-1,)), int(np.prod(kernel_shape)))
    return result


def max_pool(x, **attributes):
    return pool(lambda v, _: v.max(-1), x, **attributes)


def average_pool(x, count_include_pad=0, **attributes):
    return pool(lambda v, n: v.sum(-1) / (n if count_include_pad else v.shape[-1]), x, **attributes)


def lp_pool(x, p=2, **attributes):
    return pool(lambda v, _: (np.abs(v) ** p).sum(-1) ** (1 / p), x, **attributes)


SPECIFIED = {"LRN": lrn, "LpNormalization": lp_normalization, "MaxPool": max_pool, "AveragePool": average_pool, "LpPool": lp_pool}
