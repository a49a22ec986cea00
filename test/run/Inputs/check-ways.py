"""check-ways.py INGOT FOLDER NAME [OPTIONS]: takes the n-th way of every choice of NAME.onnx through a lock file, for every n, and compares the outputs of
one run with those of the rules: equal bits, or with --precision fast within 1e-4 of the largest. Prints how many ways were taken."""
import json
import pathlib
import subprocess
import sys

import numpy as np

ingot, folder, name, options = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3], sys.argv[4:]
model, lock = folder / f"{name}.onnx", folder / f"{name}.onnx.tune"


def run(*words):
    done = subprocess.run([ingot, *map(str, words), *options], capture_output=True, text=True)
    assert done.returncode == 0 and "IG0232" not in done.stderr, done.stderr  # a way that is not taken
    return done.stdout


def choices():
    run("build", model, "-o", folder / "built")
    return json.load(open(folder / "built" / "report.json"))["choices"]


def outputs():
    run("run", model, "--input", folder / f"{name}.npz", "--output", folder / "out.npz")
    return dict(np.load(folder / "out.npz"))


def wanted(choice):
    return choice["ways"][n % len(choice["ways"])]


def entry(choice):
    taken.add((choice["what"], wanted(choice)))
    return f'\n[[choice]]\nwhat = "{choice["what"]}"\ntake = "{wanted(choice)}"\nrule = "{choice["rule"]}"\nratio = 0.5\n'


lock.unlink(missing_ok=True)
run("build", model, "-o", folder / "built", "--tune", "0")
head = lock.read_text()
assert "[[choice]]" not in head, head
asked, want, taken = choices(), outputs(), set()
kernels = [choice for choice in asked if not choice["what"].startswith("split")]
for n in range(max(len(choice["ways"]) for choice in kernels)):
    lock.write_text(head + "".join(map(entry, kernels)))
    if n < 2:  # a call's split is keyed by its kernel, so the kernels come first
        lock.write_text(head + "".join(map(entry, choices())))
        assert all(choice["taken"] == wanted(choice) for choice in choices())
    for key, value in outputs().items():
        if "fast" in options:
            assert np.abs(value - want[key]).max() <= 1e-4 * np.abs(want[key]).max(), (n, key)
        else:
            assert value.tobytes() == want[key].tobytes(), (n, key)
kinds = {way.split()[0] for what, way in taken}
print(f"{len(taken)} ways of kinds {' '.join(sorted(kinds))}")
