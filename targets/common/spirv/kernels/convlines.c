/* ik_convlines_f32, ik_convlines_f16 for shaders, which copy no lines: ik_conv_* by another name. */
#include "targets/common/spirv/kernels/convpixel.h"

IK_CONV_DEFINE(float, ik_convlines_f32)
IK_CONV_DEFINE(_Float16, ik_convlines_f16)
