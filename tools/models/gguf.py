"""A small writer of GGUF files in plain Python and numpy: metadata, tensors, and the block types f32, f16, q8_0, q4_0. Not a tool by itself.

Why: test models and damaged files are made here, byte by byte, independently of the reader that they test.
"""
import struct

import numpy as np

U8, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64 = range(13)
FORMATS = {U8: "B", I8: "b", U16: "H", I16: "h", U32: "I", I32: "i", F32: "f", BOOL: "?", U64: "Q", I64: "q", F64: "d"}
TYPES = {"f32": (0, 1, 4), "f16": (1, 1, 2), "q4_0": (2, 32, 18), "q8_0": (8, 32, 34)}  # id, elements and bytes of a block


def string(text):
    data = text if isinstance(text, bytes) else text.encode()
    return struct.pack("<Q", len(data)) + data


def value(kind, content):
    """`kind` is a number above, or (ARRAY, element kind)."""
    if isinstance(kind, tuple):
        return struct.pack("<iQ", kind[1], len(content)) + b"".join(value(kind[1], c) for c in content)
    return string(content) if kind == STRING else struct.pack("<" + FORMATS[kind], content)


def entry(key, kind, content):
    number = ARRAY if isinstance(kind, tuple) else kind
    return string(key) + struct.pack("<i", number) + value(kind, content)


def quantise(matrix, name):
    """Bytes of a float matrix, row by row."""
    x = np.ascontiguousarray(matrix, np.float32)
    if name == "f32":
        return x.tobytes()
    if name == "f16":
        return x.astype(np.float16).tobytes()
    blocks = x.reshape(-1, 32)
    if name == "q8_0":
        d = (abs(blocks).max(1) / 127).astype(np.float16)
        inverse = np.divide(1, d.astype(np.float32), out=np.zeros(len(d), np.float32), where=d != 0)
        q = np.clip(np.rint(blocks * inverse[:, None]), -127, 127).astype(np.int8)
        return np.concatenate([d[:, None].view(np.uint8), q.view(np.uint8)], 1).tobytes()
    extreme = np.take_along_axis(blocks, abs(blocks).argmax(1)[:, None], 1)[:, 0]
    d = (extreme / -8).astype(np.float16)
    inverse = np.divide(1, d.astype(np.float32), out=np.zeros(len(d), np.float32), where=d != 0)
    q = np.clip(np.rint(blocks * inverse[:, None]) + 8, 0, 15).astype(np.uint8)
    return np.concatenate([d[:, None].view(np.uint8), q[:, :16] | q[:, 16:] << 4], 1).tobytes()


def dequantise(data, name, shape):
    """The exact values of such bytes, as doubles."""
    if name in ("f32", "f16"):
        return np.frombuffer(data, np.float32 if name == "f32" else np.float16).astype(np.float64).reshape(shape)
    blocks = np.frombuffer(data, np.uint8).reshape(-1, TYPES[name][2])
    d = np.ascontiguousarray(blocks[:, :2]).view(np.float16).astype(np.float64)
    packed = blocks[:, 2:]
    q = packed.view(np.int8).astype(np.float64) if name == "q8_0" else np.concatenate([packed & 15, packed >> 4], 1).astype(np.float64) - 8
    return (d * q).reshape(shape)


class Writer:
    """Collects `entries` (key, kind, content) and `tensors` (name, shape as numpy has it, type name, bytes); `bytes()` is the file."""

    def __init__(self, alignment=32):
        self.alignment, self.entries, self.tensors = alignment, [], []

    def add(self, key, kind, content):
        self.entries.append((key, kind, content))

    def tensor(self, name, matrix, type_name):
        data = quantise(matrix, type_name)
        self.tensors.append((name, matrix.shape, type_name, data))
        return dequantise(data, type_name, matrix.shape)

    def bytes(self, tensors=None):
        tensors = self.tensors if tensors is None else tensors
        head = b"GGUF" + struct.pack("<Iqq", 3, len(tensors), len(self.entries)) + b"".join(entry(*e) for e in self.entries)
        body = b""
        for name, shape, type_name, data in tensors:
            head += string(name) + struct.pack("<I", len(shape)) + struct.pack(f"<{len(shape)}q", *reversed(shape))
            head += struct.pack("<iQ", TYPES[type_name][0], len(body))
            body += data + bytes(-len(data) % self.alignment)
        return head + bytes(-len(head) % self.alignment) + body
