"""The inner loops of the tiles for Arm against the multiply-add peak of llvm-mca's model of each core.

usage: arm-loops.py ROOT. Compiles the kernels, finds the loops of 4 times 16 multiply-adds, compares their cycles with those of the multiply-adds alone.
"""
import re, subprocess, sys

from innermost import innermost_loops

ROOT = sys.argv[1]
FLAGS = "-S -o - -ffreestanding -O3 -ffp-contract=off -fno-math-errno -fno-trapping-math --target=aarch64-linux-gnu".split()
LANES = {"sdot": "sdot v{0}.4s, v30.16b, v31.4b[1]", "fmla": "fmla v{0}.4s, v30.4s, v31.s[1]"}
TILE = 16  # multiply-adds of a step of the tile of 4 rows by 16 columns
STEPS = 4  # of a round of the loop
# kernel, instruction, features, core, least share of the peak in per cent
LOOPS = [("conv", "fmla", "armv8.2-a+dotprod+fp16", "cortex-a76", 95), ("convwino", "fmla", "armv8.2-a+dotprod+fp16", "cortex-a76", 95),
         ("qconv", "sdot", "armv8.2-a+dotprod+fp16", "cortex-a76", 90), ("conv", "fmla", "armv8.2-a+dotprod+fp16+i8mm", "neoverse-v2", 90),
         ("qconv", "sdot", "armv8.2-a+dotprod+fp16+i8mm", "neoverse-v2", 90)]


def cycles(core, lines):
    done = subprocess.run(["llvm-mca-22", "-mtriple=aarch64", "-mattr=+dotprod,+i8mm,+fullfp16", f"-mcpu={core}", "-iterations=200"],
                          input="\n".join(lines) + "\n", capture_output=True, text=True, check=True)
    return int(re.search(r"Total Cycles:\s+(\d+)", done.stdout).group(1))


def tile_loops(kernel, march, instruction):
    """Bodies of the innermost loops with TILE * STEPS of the instruction, without the branch."""
    loops = innermost_loops(ROOT, kernel, [*FLAGS, f"-march={march}"], "//")
    return [body for body in loops if sum(each.startswith(instruction) for each in body) == TILE * STEPS]


failed = 0
for kernel, instruction, march, core, least in LOOPS:
    peak = cycles(core, [LANES[instruction].format(i) for i in range(TILE)] * STEPS)
    shares = [100 * peak // cycles(core, body) for body in tile_loops(kernel, march, instruction)]
    ok = shares and min(shares) >= least
    failed += not ok
    print(f"{kernel} {instruction} {core}: {shares} % of the peak, at least {least}{'' if ok else ': FAIL'}")
sys.exit(failed != 0)
