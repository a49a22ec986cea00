#!/usr/bin/env bash
# Equal bits of the language-model kernels on every ISA level: compiles them with hashblocks.c for x86-64-v3, v4, v4 + VNNI, AMX (those the machine
# has) and for three arm levels, runs them (arm under qemu-aarch64), and compares the hashes. Needs clang and lld, no C library.
set -euo pipefail
root=$(cd "$(dirname "$0")/../../.." && pwd)
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cc=$(command -v clang-22 || command -v clang)
sources="$root/test/unit/kernels/hashblocks.c"
for kernel in attention blockexperts blockfloat blockmm blockquant blockrows causalconv gateddelta nbitsfloat nbitsmm rope selectivescan; do sources="$sources $root/targets/common/ukernels/$kernel.c"; done
flags="-std=c11 -O3 -ffp-contract=off -fno-math-errno -fno-trapping-math -ffreestanding -nostdlib -static -fno-stack-protector -fno-pic -fuse-ld=lld -I$root"
first=""
run() { # name, flags, runner...
  local name=$1 level=$2 hash
  shift 2
  "$cc" $flags $level $sources -o "$work/$name"
  hash=$("$@" "$work/$name")
  echo "$name $hash"
  first=${first:-$hash}
  [ "$hash" = "$first" ] || { echo "check-blocks: $name differs" >&2; exit 1; }
}
if [ "$(uname -m)" = x86_64 ]; then
  run v3 -march=x86-64-v3 env
  grep -q avx512bw /proc/cpuinfo && run v4 -march=x86-64-v4 env
  grep -q avx512_vnni /proc/cpuinfo && run v4vnni "-march=x86-64-v4 -mavx512vnni" env
  grep -q amx_bf16 /proc/cpuinfo && run v4amx "-march=x86-64-v4 -mavx512vnni -mavx512bf16 -mamx-tile -mamx-int8 -mamx-bf16" env
fi
arm="--target=aarch64-linux-gnu"
run neon "$arm -march=armv8-a" qemu-aarch64 -cpu cortex-a53
run dotprod "$arm -march=armv8.2-a+dotprod+fp16" qemu-aarch64 -cpu cortex-a76
run i8mm "$arm -march=armv8.2-a+dotprod+fp16+i8mm" qemu-aarch64 -cpu max
echo "check-blocks: equal bits"
