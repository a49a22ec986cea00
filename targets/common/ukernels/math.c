/* The functions of math.h under the names that generated code calls, ik_<function>_f32 and ik_<function>_f64: linked as bitcode and
 * inlined there, so that loops over them vectorise. */
#include "targets/common/ukernels/math.h"

#define IK_UNARY(name)                                                                                                                     \
  float ik_##name##_f32(float x);                                                                                                          \
  float ik_##name##_f32(float x) { return ikm_##name##_f32(x); }                                                                           \
  double ik_##name##_f64(double x);                                                                                                        \
  double ik_##name##_f64(double x) { return ikm_##name##_f64(x); }

IK_UNARY(exp)
IK_UNARY(log)
IK_UNARY(expm1)
IK_UNARY(log1p)
IK_UNARY(tanh)
IK_UNARY(sigmoid)
IK_UNARY(softplus)
IK_UNARY(erf)
IK_UNARY(sin)
IK_UNARY(cos)
IK_UNARY(tan)
IK_UNARY(asin)
IK_UNARY(acos)
IK_UNARY(atan)
IK_UNARY(sinh)
IK_UNARY(cosh)
IK_UNARY(asinh)
IK_UNARY(acosh)
IK_UNARY(atanh)

float ik_pow_f32(float x, float y);
float ik_pow_f32(float x, float y) { return ikm_pow_f32(x, y); }
double ik_pow_f64(double x, double y);
double ik_pow_f64(double x, double y) { return ikm_pow_f64(x, y); }
