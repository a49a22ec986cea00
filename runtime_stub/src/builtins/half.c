/* Half precision to and from f32 and f64, which travels as 16 bits in an integer register. */
BUILTIN float __extendhfsf2(uint16_t half);
BUILTIN float __extendhfsf2(uint16_t half) {
  uint32_t sign = (uint32_t)(half & 0x8000) << 16, magnitude = half & 0x7fff;
  union {
    uint32_t bits;
    float value;
  } f;
  if (magnitude >= 0x7c00)
    f.bits = 0x7f800000u | (magnitude & 0x3ff) << 13 | ((magnitude & 0x3ff) != 0 ? 0x400000u : 0);
  else if (magnitude >= 0x400)
    f.bits = (magnitude << 13) + ((127u - 15u) << 23);
  else
    f.value = (float)magnitude * 0x1p-24f;
  f.bits |= sign;
  return f.value;
}

BUILTIN uint16_t __truncdfhf2(double x);
BUILTIN uint16_t __truncdfhf2(double x) {
  Double d = {x};
  uint16_t sign = (uint16_t)(d.bits >> 48 & 0x8000);
  d.bits &= ~SIGN;
  if (x != x)
    return (uint16_t)(sign | 0x7e00 | (d.bits >> 42 & 0x1ff));
  if (d.bits >= 0x40effe0000000000ull) /* 65520: half way to 2^16 */
    return sign | 0x7c00;
  if (d.value < 0x1p-25)
    return sign;
  Parts parts = partsOf(d.value);
  int biased = parts.exponent + 52 + 15, lost = 42;
  if (biased < 1) {
    lost += 1 - biased;
    biased = 1;
  }
  uint64_t kept = parts.mantissa >> lost, rest = parts.mantissa << (64 - lost);
  if (rest > SIGN || (rest == SIGN && (kept & 1)))
    ++kept;
  return (uint16_t)(sign | (((uint64_t)(biased - 1) << 10) + kept));
}

BUILTIN uint16_t __truncsfhf2(float x);
BUILTIN uint16_t __truncsfhf2(float x) { return __truncdfhf2((double)x); }
