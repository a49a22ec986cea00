"""suppressed.py OUT [ALL_JSON [SOME_JSON]]: a model as it is; one that never chooses the first token that ALL_JSON has; whether SOME_JSON has it. Used by suppressed.test."""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools" / "models"))
import families  # noqa: E402
import gguf  # noqa: E402
import make_families  # noqa: E402


def save(path, tokens):
    writer, _ = make_families.written(families.FAMILIES["gemma4"])
    if tokens:
        writer.add("tokenizer.ggml.suppress_tokens", (gguf.ARRAY, gguf.I32), tokens)
    path.write_bytes(writer.bytes())


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(exist_ok=True)
    if len(sys.argv) == 2:
        save(out / "all.gguf", [])
        save(out / "beyond.gguf", [5000])
        return
    first = json.loads(pathlib.Path(sys.argv[2]).read_text())["tokens"][0]
    if len(sys.argv) == 3:
        save(out / "some.gguf", [first])
        return
    said = json.loads(pathlib.Path(sys.argv[3]).read_text())["tokens"]
    print("with it" if first in said else "without it")


if __name__ == "__main__":
    main()
