# Instruction-set levels the x86 kernels are compiled for; X86Target says what features each needs.
ingot_kernel_level(x86 v3 --target=x86_64-unknown-linux-gnu -march=x86-64-v3)
ingot_kernel_level(x86 v4 --target=x86_64-unknown-linux-gnu -march=x86-64-v4)
ingot_kernel_level(x86 v4vnni --target=x86_64-unknown-linux-gnu -march=x86-64-v4 -mavx512vnni)
