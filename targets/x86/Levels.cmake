# Instruction-set levels the x86 kernels are compiled for; X86Target says what features each needs. Halide: 16 and 32 registers hold tiles
# of two and four rows.
set(v3_halide HALIDE x86-64-linux-sse41-avx-avx2-fma-f16c 2)
set(v4_halide HALIDE x86-64-linux-avx512_skylake 4)
ingot_kernel_level(x86 v3 --target=x86_64-unknown-linux-gnu -march=x86-64-v3 ${v3_halide})
ingot_kernel_level(x86 v4 --target=x86_64-unknown-linux-gnu -march=x86-64-v4 ${v4_halide})
ingot_kernel_level(x86 v4vnni --target=x86_64-unknown-linux-gnu -march=x86-64-v4 -mavx512vnni ${v4_halide})
ingot_kernel_level(x86 v4bf16 --target=x86_64-unknown-linux-gnu -march=x86-64-v4 -mavx512vnni -mavx512bf16 ${v4_halide} BASE v4vnni OWN convpairs convchannelspairs matmulpairs)
ingot_kernel_level(x86 v4amx --target=x86_64-unknown-linux-gnu -march=x86-64-v4 -mavx512vnni -mavx512bf16 -mamx-tile -mamx-int8 -mamx-bf16 ${v4_halide} BASE v4vnni
  OWN blockmm nbitsmm convmatrix convtaps convpairs convchannelspairs matmulpairs qconvmatrix qconvtaps qmatmul qmatmulboth)
