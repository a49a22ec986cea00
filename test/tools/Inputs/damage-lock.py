"""damage-lock.py INGOT MODEL: writes damaged forms of MODEL.tune and of other TOML, and wants each build of the model to end well or with IG0230 to IG0232,
never to crash. Prints how many were refused."""
import pathlib
import random
import subprocess
import sys

model = sys.argv[2]
lock = pathlib.Path(model + ".tune")
whole, refused = lock.read_bytes(), 0
random.seed(5)


def damaged(i):
    data = bytearray(whole)
    if i % 3 == 0:
        return data[: random.randrange(len(data))]
    for _ in range(random.randrange(1, 4)):
        data[random.randrange(len(data))] = random.randrange(256)
    return data


forms = [damaged(i) for i in range(60)] + [b"", b"\0" * 50, b"version = 1", b"[" * 5000, b"a." * 5000 + b"b = 1", b"\xff\xfe", whole + whole,
                                          whole.replace(b"ratio = ", b"ratio = -"), whole.replace(b"[[choice]]", b"[choice]", 1), whole + b"\nmore = 1\n"]
for form in forms:
    lock.write_bytes(form)
    done = subprocess.run([sys.argv[1], "build", model, "--stop-after", "lower", "--dim", "batch=1"], capture_output=True, text=True, errors="replace")
    assert done.returncode in (0, 1), (done.returncode, form, done.stderr)
    assert done.returncode == 0 or "error[IG0230]" in done.stderr, (form, done.stderr)
    refused += done.returncode
lock.write_bytes(whole)
print(f"{refused} of {len(forms)} refused")
