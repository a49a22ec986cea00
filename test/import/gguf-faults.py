"""gguf-faults OUT: one file for each fault of a model that is well formed as a file. Used by gguf-faults.test."""
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools" / "models"))
import gguf  # noqa: E402
import make_tiny_lm as lm  # noqa: E402

OUT = pathlib.Path(sys.argv[1])


def save(name, edit, *options):
    sys.argv = ["make_tiny_lm", str(OUT), *options]
    args, writer = lm.parse(), gguf.Writer()
    lm.metadata(writer, args)
    for tensor, matrix in lm.seeded(args).items():
        writer.tensor(tensor, matrix, "f32")
    edit(writer)
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / f"{name}.gguf").write_bytes(writer.bytes())


def replace(w, key, kind, content):
    w.entries = [(key, kind, content) if e[0] == key else e for e in w.entries]


def drop(w, *words):
    w.tensors = [t for t in w.tensors if not any(word in t[0] for word in words)]


def reshape(w, name, rows):
    w.tensors = [(t[0], (rows, *t[1][1:]), t[2], t[3][:rows * 256]) if t[0] == name else t for t in w.tensors]


save("architecture", lambda w: replace(w, "general.architecture", gguf.STRING, "lama"))
save("key", lambda w: setattr(w, "entries", [e for e in w.entries if e[0] != "llama.embedding_length"]))
save("value", lambda w: replace(w, "llama.attention.head_count_kv", gguf.U32, 3))
save("missing", lambda w: (drop(w, "blk.1.ffn_up", "blk.0.attn_norm"), reshape(w, "blk.0.attn_k.weight", 16)))
save("many", lambda w: (drop(w, "blk."), replace(w, "llama.block_count", gguf.U32, 3)))
save("unused", lambda w: w.tensor("blk.0.attn_sinks.weight", np.zeros(4, np.float32), "f32"))
save("scaling", lambda w: w.add("llama.rope.scaling.type", gguf.STRING, "ntk"))
save("unknown", lambda w: w.add("llama.attention.sliding_window", gguf.U32, 16))
save("tiny", lambda w: None)
gguf.TYPES["f32"] = (26, 1, 4)  # i32: a type that the format has and no kernel multiplies
save("types", lambda w: None)
gguf.TYPES["f32"] = (31, 1, 4)
save("removed", lambda w: None)
