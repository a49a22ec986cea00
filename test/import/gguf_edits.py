"""Models of tools/models/families.py with one thing changed, as files. Not a tool by itself: the gguf-*.py of this folder write theirs with it."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools" / "models"))
import families  # noqa: E402
import make_families  # noqa: E402


def saver(out):
    """save(name, family, edit) writes out/name.gguf: the family's model after edit(writer)."""
    folder = pathlib.Path(out)
    folder.mkdir(parents=True, exist_ok=True)

    def save(name, family, edit=lambda w: None):
        writer, _ = make_families.written(families.FAMILIES[family])
        edit(writer)
        (folder / f"{name}.gguf").write_bytes(writer.bytes())
    return save


def replaced(key, kind, content):
    """The edit that gives a key, which must be there, another value."""
    def edit(w):
        w.entries = [(key, kind, content) if e[0] == key else e for e in w.entries]
        assert (key, kind, content) in w.entries
    return edit


def without(*words):
    """The edit that drops every key and tensor whose name has one of the words."""
    def edit(w):
        w.entries = [e for e in w.entries if not any(word in e[0] for word in words)]
        w.tensors = [t for t in w.tensors if not any(word in t[0] for word in words)]
    return edit
