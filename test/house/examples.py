"""Writes the examples of a dialect's Ops.td as one module, each in a function of its own with the values it uses as arguments:
examples.py OPS.td. Every op must have an example; a test parses the module."""
import pathlib
import re
import sys

text = pathlib.Path(sys.argv[1]).read_text()
ops = re.split(r"\ndef \w+Op : ", text)[1:]
SYMBOLS = ("kernel.func", "deploy.program", "deploy.shared")


def wrap(index, example):
    if example.startswith(SYMBOLS):
        return re.sub(r"@(\w+)", rf"@\1_{index}", example, count=1)
    defined = {name for head in re.findall(r"^\s*((?:%\w+(?:, )?)+) =", example, re.M) for name in re.findall(r"%\w+", head)}
    defined |= {name for head in re.findall(r"\^bb0\((.*)\)", example) for name in re.findall(r"%\w+", head)}
    first = example.split("\n")[0]
    used = re.findall(r"%\w+", first.split("=", 1)[1] if "=" in first.split("(")[0] else first)
    last = [line for line in example.split("\n") if " -> " in line][-1:] or [example.split("\n")[-1]]
    types = re.findall(r"tensor<[^>]*>", last[0].rsplit(" : ", 1)[-1].split(" -> ")[0])
    arguments = ", ".join(f"{name}: {kind}" for name, kind in zip([n for n in used if n not in defined], types))
    return f"func.func @example_{index}({arguments}) {{\n{example}\nreturn\n}}"


for index, op in enumerate(ops):
    mnemonic = re.search(r'"(\w+)"', op).group(1)
    example = re.search(r"```mlir\n(.*?)```", op, re.S)
    if not example:
        sys.exit(f"{sys.argv[1]}: op '{mnemonic}' has no example")
    body = re.sub(r"^    ", "", example.group(1).rstrip(), flags=re.M)
    print(wrap(index, body))
