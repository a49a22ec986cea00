# Instruction-set levels the arm kernels are compiled for; ArmTarget says what features each needs. Halide's stencils are the same for all.
set(neon_halide HALIDE arm-64-linux 4)
ingot_kernel_level(arm neon --target=aarch64-linux-gnu -march=armv8-a ${neon_halide})
ingot_kernel_level(arm dotprod --target=aarch64-linux-gnu -march=armv8.2-a+dotprod+fp16 ${neon_halide})
ingot_kernel_level(arm i8mm --target=aarch64-linux-gnu -march=armv8.2-a+dotprod+fp16+i8mm ${neon_halide})
