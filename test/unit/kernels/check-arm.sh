#!/usr/bin/env bash
# Equal bits on every ISA level: compiles the kernels with hash.c for x86-64-v3, v4, v4 + VNNI, v4 + VNNI + BF16, AMX (those the machine has) and for
# three arm levels, with the stencils that Halide generated for them, runs them (arm under qemu-aarch64), and compares the hashes. Needs
# clang and lld, no C library.
#   check-arm.sh BUILD-FOLDER
set -euo pipefail
root=$(cd "$(dirname "$0")/../../.." && pwd)
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cc=$(command -v clang-22 || command -v clang)
stencils=$1/targets/halide
kernels="conv iconv convchannels convchannelspairs convfew convlines convmatrix convpairs convtaps convwino dwconv dwdirect matmul matmulpairs pool pooldirect qconv qconvbits qconvlines qconvmatrix qconvreal qconvtaps qdwconv qmatmul qmatmulbits qmatmulboth qsparse resizeplanes"
flags="-std=c11 -O3 -ffp-contract=off -fno-math-errno -fno-trapping-math -ffreestanding -nostdlib -static -fno-stack-protector -fno-pic -fuse-ld=lld -I$root"
first=""
run() { # name, flags, Halide's target, runner...
  local name=$1 level=$2 halide=$3 sources="" hash
  shift 3
  for kernel in $kernels; do sources="$sources $root/targets/common/ukernels/$kernel.c"; done
  sources="$sources $(echo "$root"/targets/common/halide/*.c)"
  if [ -d "$stencils/$halide" ]; then
    level="$level -DINGOT_HALIDE -Wno-override-module"
    sources="$sources $(echo "$stencils/$halide"/*.bc)"
  fi
  "$cc" $flags $level "$root/test/unit/kernels/hash.c" $sources -o "$work/$name"
  hash=$("$@" "$work/$name")
  echo "$name $hash"
  first=${first:-$hash}
  [ "$hash" = "$first" ] || { echo "check-arm: $name differs" >&2; exit 1; }
}
if [ "$(uname -m)" = x86_64 ]; then
  run v3 -march=x86-64-v3 x86_64_linux_sse41_avx_avx2_fma_f16c env
  grep -q avx512bw /proc/cpuinfo && run v4 -march=x86-64-v4 x86_64_linux_avx512_skylake env
  grep -q avx512_vnni /proc/cpuinfo && run v4vnni "-march=x86-64-v4 -mavx512vnni" x86_64_linux_avx512_skylake env
  grep -q avx512_bf16 /proc/cpuinfo && run v4bf16 "-march=x86-64-v4 -mavx512vnni -mavx512bf16" x86_64_linux_avx512_skylake env
  # Without its bf16 products, whose sums are in an order of their own.
  grep -q amx_int8 /proc/cpuinfo && run v4amx "-march=x86-64-v4 -mavx512vnni -mavx512bf16 -mamx-tile -mamx-int8" x86_64_linux_avx512_skylake env
fi
arm="--target=aarch64-linux-gnu"
run neon "$arm -march=armv8-a" arm_64_linux qemu-aarch64 -cpu cortex-a53
run dotprod "$arm -march=armv8.2-a+dotprod+fp16" arm_64_linux qemu-aarch64 -cpu cortex-a76
run i8mm "$arm -march=armv8.2-a+dotprod+fp16+i8mm" arm_64_linux qemu-aarch64 -cpu max
echo "check-arm: equal bits"
