# The kernels as shaders run them: one unit an invocation, unoptimised, because Specialise.cpp first makes parameters constants.
ingot_kernel_level(spirv units --target=x86_64-unknown-linux-gnu -DIK_ONE_UNIT -Xclang -disable-llvm-passes)
