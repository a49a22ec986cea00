"""Runs a command whose standard error is a terminal, and prints what it wrote there: on-terminal.py COMMAND..."""
import os
import pty
import subprocess
import sys

ours, theirs = pty.openpty()
command = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=theirs)
os.close(theirs)
text = b""
while True:
    try:
        part = os.read(ours, 4096)
    except OSError:  # the other end is closed
        break
    if not part:
        break
    text += part
print(text.decode(errors="replace"))
sys.exit(command.wait())
