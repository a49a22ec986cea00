"""The innermost loops of a kernel as a compiler makes them: what arm-loops.py and tile-fetches.py look at."""
import re, shutil, subprocess


def innermost_loops(root, kernel, flags, comment):
    """Instructions of each innermost loop of targets/common/ukernels/KERNEL.c in assembly, without the branch; `comment` begins comments in it."""
    command = [shutil.which("clang-22") or "clang", *flags, f"-I{root}", f"{root}/targets/common/ukernels/{kernel}.c"]
    found, label, body = [], None, []
    for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines():
        line = line.split(comment)[0].strip()
        if re.match(r"\.LBB\w+:", line):
            label, body = line[:-1], []
        elif line and not line.startswith(".") and not line.endswith(":"):
            if line.split()[-1] == label:
                found.append(body)
            body = body + [line]
    return found
