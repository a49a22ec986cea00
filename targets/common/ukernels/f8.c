/* Scalars of the float kinds of 8 and fewer bits for generated code, which hold one element a byte: float ik_from_<type>(uint32_t code) and
 * uint32_t ik_to_<type>_f32/_f64(x, saturate). Rounding is to nearest even, once; with `saturate` what is too large, infinities included,
 * becomes the largest finite value, otherwise infinity or NaN as the type has them. f4e2m1 always saturates and takes NaN for 0; f8e8m0 has
 * neither zero nor sign and takes its smallest value for them. */
#include "targets/common/ukernels/ukernel.h"

static inline float ik_bits_f32(uint32_t bits) {
  union { uint32_t u; float f; } v = {bits};
  return v.f;
}
static inline uint32_t ik_f32_bits(float x) {
  union { float f; uint32_t u; } v = {x};
  return v.u;
}

/* f64 -> f32 to odd: rounding that to a type of at most 22 bits equals rounding x once. */
static inline float ik_round_odd(double x) {
  float near = (float)x;
  double back = (double)near;
  uint32_t bits = ik_f32_bits(near);
  if (back == x || x != x)
    return near;
  bits -= __builtin_elementwise_abs(back) > __builtin_elementwise_abs(x);
  return ik_bits_f32(bits | 1);
}

/* The finite value of a code without its sign: `mantissa` bits below the exponent, whose bias is `bias`. */
static inline float ik_small_value(uint32_t code, int mantissa, int bias) {
  float subnormal = (float)code * ik_bits_f32((uint32_t)(128 - bias - mantissa) << 23);
  float normal = ik_bits_f32((code << (23 - mantissa)) + ((uint32_t)(127 - bias) << 23));
  return code >> mantissa ? normal : subnormal;
}

/* The code of |x|, given as f32 bits, rounded to nearest even without an upper limit: an integer add for normal results; below them the
 * addition of 2^(23 - mantissa) steps leaves the code in the low bits of the sum. */
static inline uint32_t ik_small_code(uint32_t magnitude, int mantissa, int bias) {
  const int shift = 23 - mantissa;
  const uint32_t least = (uint32_t)(128 - bias) << 23, magic = (uint32_t)(128 - bias + shift) << 23;
  uint32_t subnormal = ik_f32_bits(ik_bits_f32(magnitude) + ik_bits_f32(magic)) - magic;
  uint32_t even = magnitude >> shift & 1;
  uint32_t normal = (magnitude - ((uint32_t)(127 - bias) << 23) + ((1u << (shift - 1)) - 1) + even) >> shift;
  return magnitude < least ? subnormal : normal;
}

/* LARGEST: the largest finite code without sign; OVER: what takes the place of larger values; NOTANUMBER: the NaN that conversions give. */
#define IK_SMALL_FLOAT(NAME, MANTISSA, BIAS, LARGEST, OVER, NOTANUMBER)                                                       \
  float ik_from_##NAME(uint32_t code);                                                                                        \
  float ik_from_##NAME(uint32_t code) {                                                                                       \
    uint32_t magnitude = code & 0x7f;                                                                                         \
    float value = ik_small_value(magnitude, MANTISSA, BIAS);                                                                  \
    value = magnitude > LARGEST ? (magnitude == OVER && OVER != NOTANUMBER ? __builtin_inff() : __builtin_nanf("")) : value;  \
    return code & 0x80 ? -value : value;                                                                                      \
  }                                                                                                                           \
  uint32_t ik_to_##NAME##_f32(float x, uint32_t saturate);                                                                    \
  uint32_t ik_to_##NAME##_f32(float x, uint32_t saturate) {                                                                   \
    uint32_t bits = ik_f32_bits(x), magnitude = bits & 0x7fffffff;                                                            \
    uint32_t code = ik_small_code(magnitude, MANTISSA, BIAS);                                                                 \
    code = magnitude >= 0x7f800000 || code > LARGEST ? (saturate ? LARGEST : OVER) : code;                                    \
    code = magnitude > 0x7f800000 ? NOTANUMBER : code;                                                                        \
    return code | (bits >> 24 & 0x80);                                                                                        \
  }                                                                                                                           \
  uint32_t ik_to_##NAME##_f64(double x, uint32_t saturate);                                                                   \
  uint32_t ik_to_##NAME##_f64(double x, uint32_t saturate) { return ik_to_##NAME##_f32(ik_round_odd(x), saturate); }

IK_SMALL_FLOAT(f8e4m3fn, 3, 7, 0x7eu, 0x7fu, 0x7fu)
IK_SMALL_FLOAT(f8e5m2, 2, 15, 0x7bu, 0x7cu, 0x7eu)

/* The kinds without infinities and negative zero: 0x80 is the one NaN. */
#define IK_SMALL_FNUZ(NAME, MANTISSA, BIAS)                                                                                   \
  float ik_from_##NAME(uint32_t code);                                                                                        \
  float ik_from_##NAME(uint32_t code) {                                                                                       \
    float value = ik_small_value(code & 0x7f, MANTISSA, BIAS);                                                                \
    value = code & 0x80 ? -value : value;                                                                                     \
    return (code & 0xff) == 0x80 ? __builtin_nanf("") : value;                                                                \
  }                                                                                                                           \
  uint32_t ik_to_##NAME##_f32(float x, uint32_t saturate);                                                                    \
  uint32_t ik_to_##NAME##_f32(float x, uint32_t saturate) {                                                                   \
    uint32_t bits = ik_f32_bits(x), magnitude = bits & 0x7fffffff, sign = bits >> 24 & 0x80;                                  \
    uint32_t code = ik_small_code(magnitude, MANTISSA, BIAS);                                                                 \
    uint32_t over = magnitude >= 0x7f800000 || code > 0x7f;                                                                   \
    code = over ? 0x7f | sign : code ? code | sign : 0;                                                                       \
    return magnitude > 0x7f800000 || (over && !saturate) ? 0x80 : code;                                                       \
  }                                                                                                                           \
  uint32_t ik_to_##NAME##_f64(double x, uint32_t saturate);                                                                   \
  uint32_t ik_to_##NAME##_f64(double x, uint32_t saturate) { return ik_to_##NAME##_f32(ik_round_odd(x), saturate); }

IK_SMALL_FNUZ(f8e4m3fnuz, 3, 8)
IK_SMALL_FNUZ(f8e5m2fnuz, 2, 16)

float ik_from_f4e2m1(uint32_t code);
float ik_from_f4e2m1(uint32_t code) {
  float value = ik_small_value(code & 7, 1, 1);
  return code & 8 ? -value : value;
}
uint32_t ik_to_f4e2m1_f32(float x, uint32_t saturate);
uint32_t ik_to_f4e2m1_f32(float x, uint32_t saturate) {
  (void)saturate;
  uint32_t bits = ik_f32_bits(x), magnitude = bits & 0x7fffffff, code = ik_small_code(magnitude, 1, 1);
  code = magnitude >= 0x7f800000 || code > 7 ? 7 : code;
  return magnitude > 0x7f800000 ? 0 : code | (bits >> 28 & 8);
}
uint32_t ik_to_f4e2m1_f64(double x, uint32_t saturate);
uint32_t ik_to_f4e2m1_f64(double x, uint32_t saturate) { return ik_to_f4e2m1_f32(ik_round_odd(x), saturate); }

/* Powers of two, 2^(code - 127); 255 is NaN. The significand is always odd, so ties go up. */
float ik_from_f8e8m0(uint32_t code);
float ik_from_f8e8m0(uint32_t code) {
  code &= 0xff;
  float value = code ? ik_bits_f32(code << 23) : ik_bits_f32(0x400000);
  return code == 0xff ? __builtin_nanf("") : value;
}
uint32_t ik_to_f8e8m0_f32(float x, uint32_t saturate);
uint32_t ik_to_f8e8m0_f32(float x, uint32_t saturate) {
  uint32_t bits = ik_f32_bits(x), magnitude = bits & 0x7fffffff, exponent = magnitude >> 23;
  uint32_t code = exponent ? exponent + (magnitude >> 22 & 1) : magnitude >= 0x600000;
  code = saturate && code > 254 ? 254 : code > 255 ? 255 : code;
  return magnitude > 0x7f800000 ? 255 : bits >> 31 ? 0 : code;
}
uint32_t ik_to_f8e8m0_f64(double x, uint32_t saturate);
uint32_t ik_to_f8e8m0_f64(double x, uint32_t saturate) { return ik_to_f8e8m0_f32(ik_round_odd(x), saturate); }
