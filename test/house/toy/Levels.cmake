# Instruction-set levels the toy kernels are compiled for; Target.cpp says what features each needs.
ingot_kernel_level(toy base --target=x86_64-unknown-linux-gnu -march=x86-64 -mfma -mf16c)
