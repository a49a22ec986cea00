"""Tokenises the texts beside each vocabulary and compares the ids with the known ones, then turns them back: tokenize-shared.py INGOT FOLDER."""
import pathlib
import subprocess
import sys

ingot, folder = sys.argv[1:]


def run(command, model, text):
    return subprocess.run([ingot, command, model, "--file", "-"], input=text, capture_output=True, check=True).stdout


for texts in sorted(pathlib.Path(folder).glob("*/*.inp")):
    model, exact, back = texts.with_suffix(""), 0, 0
    for text, ids in zip(texts.read_bytes().split(b"\n__ggml_vocab_test__\n"), texts.with_suffix(".out").read_text().splitlines()):
        got = run("tokenize", model, text)
        exact += got.decode().split() == ids.split()
        back += run("detokenize", model, got) == text
    print(f"{texts.parent.name}: {exact} exact, {back} come back")
