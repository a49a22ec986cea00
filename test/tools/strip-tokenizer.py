"""Copies of a GGUF file whose tokenizer keys are renamed in place, so that nothing else moves: strip-tokenizer.py MODEL FOLDER."""
import pathlib
import sys

model, folder = pathlib.Path(sys.argv[1]).read_bytes(), pathlib.Path(sys.argv[2])
length = lambda text: len(text).to_bytes(8, "little")


def write(name, old, new):
    assert model.count(old) == 1 and len(old) == len(new)
    (folder / name).write_bytes(model.replace(old, new))


write("none.gguf", b"tokenizer.ggml.model", b"tokenizer.ggml.modem")
write("scores.gguf", b"tokenizer.ggml.scores", b"tokenizer.ggml.scared")
write("kind.gguf", b"tokenizer.ggml.model" + (8).to_bytes(4, "little") + length("llama") + b"llama",
      b"tokenizer.ggml.model" + (8).to_bytes(4, "little") + length("llamb") + b"llamb")
