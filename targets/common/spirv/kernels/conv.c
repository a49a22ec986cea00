/* ik_conv_f32, ik_conv_f16 for shaders. */
#include "targets/common/spirv/kernels/convpixel.h"

IK_CONV_DEFINE(float, ik_conv_f32)
IK_CONV_DEFINE(_Float16, ik_conv_f16)
