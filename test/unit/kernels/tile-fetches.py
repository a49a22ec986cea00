"""Tiles that ask for what the next one reads: an innermost loop of 8 rows by 3 vectors with one prefetch, for AVX-512.

usage: tile-fetches.py ROOT. The prefetch changes no result, so no other test would miss it.
"""
import re, shutil, subprocess, sys

ROOT = sys.argv[1]
FLAGS = "-S -o - -ffreestanding -O3 -ffp-contract=off -fno-math-errno -fno-trapping-math --target=x86_64-linux-gnu -march=x86-64-v4".split()
TILE = 24  # multiply-adds of a step
KERNELS = ["conv", "matmul"]


def fetches(kernel):
    """Prefetches in each innermost loop of TILE multiply-adds."""
    source = f"{ROOT}/targets/common/ukernels/{kernel}.c"
    text = subprocess.run([shutil.which("clang-22") or "clang", *FLAGS, f"-I{ROOT}", source], capture_output=True, text=True, check=True).stdout
    found, label, body = [], None, []
    for line in text.splitlines():
        line = line.split("#")[0].strip()
        if re.match(r"\.LBB\w+:", line):
            label, body = line[:-1], []
        elif line and not line.startswith(".") and not line.endswith(":"):
            if line.split()[-1] == label and sum(each.startswith("vfmadd") and "zmm" in each for each in body) == TILE:
                found.append(sum(each.startswith("prefetch") for each in body))
            body = body + [line]
    return found


failed = 0
for kernel in KERNELS:
    counts = fetches(kernel)
    ok = 1 in counts and max(counts) == 1
    failed += not ok
    print(f"{kernel}: prefetches of its loops {counts}{'' if ok else ': FAIL'}")
sys.exit(failed != 0)
