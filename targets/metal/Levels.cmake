# The runtime's source, which goes into packages; the shim of Metal's standard library that tests compile shaders against, and SPIRV-Cross, which writes them.
ingot_embed(metal/runtime/metal.m ${folder}/runtime/metal.m)
find_library(INGOT_SPIRV_CROSS spirv-cross-c-shared REQUIRED)
foreach(file metal_stdlib simd/simd.h launch.h)
  ingot_embed(metal/shim/${file} ${folder}/test/shim/${file})
endforeach()
set_property(GLOBAL APPEND PROPERTY ingot_target_libraries ${INGOT_SPIRV_CROSS})
