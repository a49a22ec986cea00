# Instruction-set levels the arm kernels are compiled for; ArmTarget says what features each needs.
ingot_kernel_level(arm neon --target=aarch64-linux-gnu -march=armv8-a)
ingot_kernel_level(arm dotprod --target=aarch64-linux-gnu -march=armv8.2-a+dotprod+fp16)
ingot_kernel_level(arm i8mm --target=aarch64-linux-gnu -march=armv8.2-a+dotprod+fp16+i8mm)
