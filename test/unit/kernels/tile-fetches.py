"""Tiles that ask for what the next one reads: an innermost loop of 8 rows by 3 vectors with one prefetch, for AVX-512.

usage: tile-fetches.py ROOT. The prefetch changes no result, so no other test would miss it.
"""
import sys

from innermost import innermost_loops

ROOT = sys.argv[1]
FLAGS = "-S -o - -ffreestanding -O3 -ffp-contract=off -fno-math-errno -fno-trapping-math --target=x86_64-linux-gnu -march=x86-64-v4".split()
TILE = 24  # multiply-adds of a step
KERNELS = ["conv", "matmul"]


def fetches(kernel):
    """Prefetches in each innermost loop of TILE multiply-adds."""
    loops = [body for body in innermost_loops(ROOT, kernel, FLAGS, "#") if sum(each.startswith("vfmadd") and "zmm" in each for each in body) == TILE]
    return [sum(each.startswith("prefetch") for each in body) for body in loops]


failed = 0
for kernel in KERNELS:
    counts = fetches(kernel)
    ok = 1 in counts and max(counts) == 1
    failed += not ok
    print(f"{kernel}: prefetches of its loops {counts}{'' if ok else ': FAIL'}")
sys.exit(failed != 0)
