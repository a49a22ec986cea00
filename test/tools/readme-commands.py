"""Runs every command of a README that names no placeholder: readme-commands.py README BIN FOLDER, in FOLDER, with `build/bin/ingot` as BIN."""
import pathlib
import re
import shlex
import subprocess
import sys

readme, binary, folder = sys.argv[1:]
commands = re.findall(r"^    build/bin/ingot (.*?)(?:  +.*)?$", pathlib.Path(readme).read_text(), re.M)
ran = 0
for command in commands:
    if re.search(r"\b[A-Z]{4,}\b", command.replace("IG", "")):
        continue
    done = subprocess.run([binary, *shlex.split(command)], cwd=folder, capture_output=True, text=True)
    ran += 1
    if done.returncode != 0:
        sys.exit(f"'ingot {command}' ends with {done.returncode}:\n{done.stdout}{done.stderr}")
print(f"{ran} commands ran")
sys.exit(ran < 4)
