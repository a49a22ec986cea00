"""while-busy.py COMMAND...: runs the command while two processes a core do nothing but compute."""
import os
import subprocess
import sys

spinners = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2 * os.cpu_count())]
try:
    sys.exit(subprocess.run(sys.argv[1:]).returncode)
finally:
    for spinner in spinners:
        spinner.kill()
