"""Copies of a GGUF file with a Unigram tokenizer whose tables are damaged: unigram.py MODEL FOLDER. Faults that must be refused get a name, random bytes in the map
of characters, which must be taken as they are, a number."""
import pathlib
import random
import struct
import sys

model, folder = pathlib.Path(sys.argv[1]).read_bytes(), pathlib.Path(sys.argv[2])


def payload(key):
    """Where an array's elements begin, and how many there are."""
    at = model.index(key.encode()) + len(key) + 4
    return at + 12, struct.unpack_from("<Q", model, at + 4)[0]


def write(name, at, data):
    (folder / f"{name}.gguf").write_bytes(model[:at] + data + model[at + len(data):])


scores, count = payload("tokenizer.ggml.scores")
write("nan", scores + 4 * 7, struct.pack("<f", float("nan")))
write("no-scores", model.index(b"tokenizer.ggml.scores"), b"tokenizer.ggml.scared")
charsmap, size = payload("tokenizer.ggml.precompiled_charsmap")
write("past-end", charsmap, struct.pack("<I", size))
write("odd", charsmap, struct.pack("<I", 6))
write("no-end", charsmap + size - 1, b"x")
write("element", charsmap - 12, struct.pack("<I", 7))  # bool
(units,) = struct.unpack_from("<I", model, charsmap)
pick = random.Random(1)
for number in range(6):
    damaged = bytearray(model[charsmap + 4:charsmap + size])
    for _ in range(4 ** number):
        damaged[pick.randrange(len(damaged) - 1)] = pick.randrange(256)
    write(str(number), charsmap + 4, bytes(damaged))
