/* Vectors of 128 bytes for the kernels beside: stores of a part, and the requantisation of requantize.h in integers, bit for bit, because
 * HVX has no exact f32. Only instructions of v67 and before. */
#ifndef INGOT_TARGETS_HEXAGON_KERNELS_HVX_H
#define INGOT_TARGETS_HEXAGON_KERNELS_HVX_H

#include "targets/common/ukernels/quant.h"
#include "targets/common/ukernels/requantize.h"

#include <hexagon_types.h>
#include <hvx_hexagon_protos.h>

typedef int32_t hx_w __attribute__((vector_size(128)));
typedef HVX_Vector hx_unaligned __attribute__((aligned(1)));

IK_INLINE HVX_Vector hx_load(const void *p) { return *(const hx_unaligned *)p; }
IK_INLINE hx_w hx_splat(int32_t x) { return (hx_w)Q6_V_vsplat_R(x); }

/* The first n <= 128 bytes of v to any address; nothing else is written. */
IK_INLINE void hx_store(uint8_t *p, HVX_Vector v, int32_t n) {
  if (n == 128) {
    *(hx_unaligned *)p = v;
    return;
  }
  const int32_t at = (int32_t)((uintptr_t)p & 127), end = at + n;
  HVX_Vector *line = (HVX_Vector *)((uintptr_t)p & ~(uintptr_t)127);
  v = Q6_V_vlalign_VVR(v, v, at);
  HVX_VectorPred before = Q6_Q_vsetq_R(at);
  if (end > 128) {
    Q6_vmem_QRIV(Q6_Q_vsetq_R(end - 128), line + 1, v);
    Q6_vmem_QnRIV(before, line, v);
  } else if (end == 128) {
    Q6_vmem_QnRIV(before, line, v);
  } else {
    Q6_vmem_QRIV(Q6_Q_and_QQn(Q6_Q_vsetq_R(end), before), line, v);
  }
}

/* 32 f32 multipliers as mantissa * 2^6 and what is to be added to the leading zeros of a sum. */
typedef struct { hx_w mantissa, offset; } hx_multiplier;
/* Positive normal numbers; others are left to ik_requantize. */
IK_INLINE int hx_is_plain(int32_t bits) { return bits >= 0x00800000 && bits < 0x7f800000; }
IK_INLINE hx_multiplier hx_split(hx_w bits) { return (hx_multiplier){((bits & 0x7fffff) | 0x800000) << 6, 150 - 28 - (bits >> 23)}; }

/* round(f32(acc) * m), half to even, before the zero is added and the result saturated: exact for |result| < 2^24, larger in magnitude than
 * 2^24 beyond. f32(acc) and the product are each rounded to 24 bits, then to an integer, as the scalar rule does. */
IK_INLINE hx_w hx_scale(hx_w acc, hx_multiplier m) {
  hx_w sign = acc >> 31, magnitude = (acc ^ sign) - sign;
  hx_w zeros = (hx_w)Q6_Vuw_vcl0_Vuw((HVX_Vector)magnitude);
  hx_w top = (hx_w)Q6_Vw_vasl_VwVw((HVX_Vector)magnitude, (HVX_Vector)zeros); /* leading bit 31 */
  hx_w a = (hx_w)Q6_Vuw_vlsr_VuwR((HVX_Vector)top, 2) | (top & 1) | ((hx_w)Q6_Vuw_vlsr_VuwR((HVX_Vector)top, 1) & 1);
  a = (a + 31 + ((a >> 6) & 1)) & ~63;
  HVX_VectorPair product = Q6_W_vmpye_VwVuh((HVX_Vector)a, (HVX_Vector)m.mantissa);
  product = Q6_W_vmpyoacc_WVwVh(product, (HVX_Vector)a, (HVX_Vector)m.mantissa);
  hx_w high = (hx_w)Q6_V_hi_W(product), low = (hx_w)Q6_V_lo_W(product);
  high |= (low != 0) & 1;                  /* leading bit 26 or 27 */
  hx_w wide = high > (1 << 27) - 1, unit = (wide & 8) + 8;
  hx_w odd = (hx_w)Q6_Vw_vlsr_VwVw((HVX_Vector)high, (HVX_Vector)(3 - wide)) & 1;
  high = (high + (unit >> 1) - 1 + odd) & -unit;
  hx_w shift = zeros + m.offset;
  shift = (hx_w)Q6_Vw_vmin_VwVw(Q6_Vw_vmax_VwVw((HVX_Vector)shift, Q6_V_vsplat_R(1)), Q6_V_vsplat_R(30));
  odd = (hx_w)Q6_Vw_vlsr_VwVw((HVX_Vector)high, (HVX_Vector)shift) & 1;
  hx_w half = (hx_w)Q6_Vw_vasl_VwVw(Q6_V_vsplat_R(1), (HVX_Vector)(shift - 1));
  hx_w result = (hx_w)Q6_Vw_vlsr_VwVw((HVX_Vector)(high + half - 1 + odd), (HVX_Vector)shift);
  return (result ^ sign) - sign;
}

/* 64 halfwords, in order, from their low and high 32 words, with the zero added; and 128 bytes from 128 halfwords. Both saturate. */
IK_INLINE HVX_Vector hx_halves(hx_w low, hx_w high) { return Q6_Vh_vpack_VwVw_sat((HVX_Vector)high, (HVX_Vector)low); }
IK_INLINE HVX_Vector hx_bytes(HVX_Vector low, HVX_Vector high, int64_t isUnsigned) {
  return isUnsigned ? Q6_Vub_vpack_VhVh_sat(high, low) : Q6_Vb_vpack_VhVh_sat(high, low);
}

/* 32 sums with the zero added, saturated or soon to be; `bits` are the multipliers' patterns, `plain` says that all are. */
IK_INLINE hx_w hx_requantize(hx_w acc, hx_w bits, int plain, int64_t zero, int64_t isUnsigned) {
  if (plain)
    return hx_scale(acc, hx_split(bits)) + (int32_t)zero;
  union { hx_w v; int32_t i[32]; } t = {acc}, m = {bits};
  for (int l = 0; l < 32; ++l) {
    uint8_t y = ik_requantize(t.i[l], ik_f32(m.i[l]), zero, isUnsigned);
    t.i[l] = isUnsigned ? y : (int8_t)y;
  }
  return t.v;
}

#endif
