/* Results of arithmetic that a small instruction set leaves to the runtime, as bytes on standard output: compiled for the host, whose
 * hardware does it, and for the other machine, the bytes must be equal. Freestanding but for `put`. */
#include <stdint.h>

void put(const void *bytes, long size);

static uint64_t state = 88172645463325252ull;
static uint64_t next(void) {
  state ^= state << 13;
  state ^= state >> 7;
  return state ^= state << 17;
}

/* Special values, small integers, halves, and random bits with exponents near and far. */
static double anyDouble(void) {
  static const double special[] = {0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 0x1p-1074, -0x1p-1022, 0x1.fffffffffffffp1023,
                                   __builtin_inf(), -__builtin_inf(), __builtin_nan(""), 65519.999, 65520.0, 0x1p-25, 0x1.8p-25, 0x1p-24,
                                   4503599627370495.5, 4503599627370496.0, 0.49999999999999994, 0x1.fffffep127, 0x1p-149};
  union { uint64_t u; double d; } v = {next()};
  uint64_t kind = next() >> 32;
  if (kind % 8 == 0)
    return special[kind / 8 % (sizeof special / sizeof *special)];
  if (kind % 8 == 1)
    return (double)(int64_t)(v.u >> 52) * 0.5 - 1024.0;
  if (kind % 8 < 5)
    v.u = (v.u & 0x800fffffffffffffull) | (uint64_t)(1023 - 30 + kind / 8 % 60) << 52;
  if (kind % 8 == 6)
    v.u &= 0xffffffffe0000000ull;
  return v.d;
}

static void putDouble(double x) {
  union { double d; uint64_t u; } v = {x};
  if (x != x)
    v.u = 0x7ff8000000000000ull;
  put(&v, 8);
}
static void putFloat(float x) {
  union { float f; uint32_t u; } v = {x};
  if (x != x)
    v.u = 0x7fc00000u;
  put(&v, 4);
}
static void putHalf(_Float16 x) {
  union { _Float16 h; uint16_t u; } v = {x};
  if (x != x)
    v.u = 0x7e00;
  put(&v, 2);
}

static void putDoubles(double a, double b, double c) {
  putDouble(a + b);
  putDouble(a * b);
  putDouble(a / b);
  putDouble(__builtin_fma(a, b, c));
  putDouble(__builtin_fma(a, b, -(a * b)));
  putDouble(__builtin_sqrt(a));
  putDouble(__builtin_floor(a));
  putDouble(__builtin_ceil(a));
  putDouble(__builtin_trunc(a));
  putDouble(__builtin_round(a));
  putDouble(__builtin_roundeven(a));
  putDouble(__builtin_rint(a));
  putHalf((_Float16)a);
  putFloat((float)a);
}

static void putFloats(float a, float b, float c) {
  putFloat(a + b);
  putFloat(a * b);
  putFloat(a / b);
  putFloat(__builtin_fmaf(a, b, c));
  putFloat(__builtin_fmaf(a, b, -(a * b)));
  putFloat(__builtin_sqrtf(a));
  putFloat(__builtin_floorf(a));
  putFloat(__builtin_ceilf(a));
  putFloat(__builtin_roundf(a));
  putFloat(__builtin_roundevenf(a));
  putHalf((_Float16)a);
  putFloat((float)(_Float16)a);
  putDouble((double)a);
  int32_t order = (a < b) | (a > b) << 1 | (a <= b) << 2 | (a == b) << 3 | (a != b) << 4;
  put(&order, 4);
}

static void putIntegers(uint64_t a, uint64_t b) {
  b >>= a % 61;
  b |= b == 0;
  uint64_t wide[] = {a / b, a % b, (uint64_t)((int64_t)(a >> 1) / -(int64_t)(b >> 1 | 1)), (uint64_t)(-(int64_t)(a >> 1) % (int64_t)(b >> 1 | 1))};
  uint32_t c = (uint32_t)a, d = (uint32_t)b | 1;
  uint32_t narrow[] = {c / d, c % d, (uint32_t)(-(int32_t)(c >> 1) / (int32_t)(d >> 1 | 1)), (uint32_t)((int32_t)(c >> 1) % -(int32_t)(d >> 1 | 1))};
  put(wide, sizeof wide);
  put(narrow, sizeof narrow);
  putFloat((float)(int64_t)a);
  putFloat((float)b);
  putDouble((double)a);
  putDouble((double)(int64_t)a);
}

void values(void);
void values(void) {
  for (int i = 0; i < 40000; ++i) {
    double a = anyDouble(), b = anyDouble(), c = anyDouble();
    putDoubles(a, b, c);
    putFloats((float)a, (float)b, (float)c);
    putIntegers(next(), next());
  }
}
