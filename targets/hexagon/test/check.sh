#!/usr/bin/env bash
# The HVX kernels against their portable twins, and the runtime's arithmetic against this machine's, under qemu-hexagon. No C library.
set -euo pipefail
root=$(cd "$(dirname "$0")/../../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cc=$(command -v clang-22 || command -v clang)
link=$(command -v ld.lld-22 || command -v ld.lld)
flags="-std=c11 -O2 -ffp-contract=off -fno-math-errno -fno-trapping-math -Wall -Wextra -I$root"
cross="--target=hexagon-unknown-linux-musl -mllvm -disable-hsdr -mllvm -disable-hexagon-hwloops -ffreestanding -fno-builtin -nostdlibinc -fPIC"
build() { # NAME SOURCE FLAGS...
  local name=$1 source=$2
  shift 2
  "$cc" $cross $flags "$@" -c "$root/$source" -o "$work/$name.o"
}
build builtins runtime_stub/src/builtins/builtins.c -mcpu=hexagonv67
for kernel in qconv qdwconv qmatmulnd; do
  build "$kernel" "targets/hexagon/kernels/$kernel.c" -mcpu=hexagonv68 -mhvx=v67 -mhvx-length=128b
done
build twins targets/hexagon/test/twins.c -mcpu=hexagonv68 -Wno-unused-function
"$link" -m hexagonelf -static -e _start "$work"/{twins,qconv,qdwconv,qmatmulnd,builtins}.o -o "$work/twins"
qemu-hexagon -cpu v67 "$work/twins"

build values targets/hexagon/test/values.c -mcpu=hexagonv68
build main targets/hexagon/test/main.c -mcpu=hexagonv68
"$link" -m hexagonelf -static -e _start "$work"/{values,main,builtins}.o -o "$work/values"
"$cc" $flags -march=native "$root/targets/hexagon/test/values.c" "$root/targets/hexagon/test/main.c" -lm -o "$work/native"
qemu-hexagon -cpu v67 "$work/values" > "$work/values.out"
"$work/native" > "$work/native.out"
cmp "$work/values.out" "$work/native.out"
echo "equal results of arithmetic: $(stat -c %s "$work/native.out") bytes"
