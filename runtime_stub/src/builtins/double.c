/* f64 division, square root and fused multiply-add, exactly rounded; those of f32 that go through f64 without rounding twice. */
typedef union {
  double value;
  uint64_t bits;
} Double;

#define MANTISSA 0xfffffffffffffull
#define SIGN 0x8000000000000000ull

/* A finite, nonzero number: mantissa * 2^exponent, the mantissa in [2^52, 2^53). */
typedef struct {
  uint64_t mantissa;
  int exponent;
} Parts;

static Parts partsOf(double x) {
  Double d = {x};
  Parts parts = {d.bits & MANTISSA, (int)(d.bits >> 52 & 0x7ff)};
  if (parts.exponent == 0) {
    int shift = __builtin_clzll(parts.mantissa) - 11;
    parts.mantissa <<= shift;
    parts.exponent = -1074 - shift;
    return parts;
  }
  parts.mantissa |= MANTISSA + 1;
  parts.exponent -= 1075;
  return parts;
}

static uint64_t shiftRightSticky(uint64_t x, int n) {
  if (n == 0)
    return x;
  return n > 63 ? x != 0 : x >> n | (x << (64 - n) != 0);
}

/* m * 2^exponent, rounded; m has its leading bit at 62, and its lowest bit stands for all that is lower. */
static double packRounded(uint64_t sign, int exponent, uint64_t m) {
  int biased = exponent + 62 + 1023;
  Double d;
  if (biased >= 2047) {
    d.bits = sign | 0x7ff0000000000000ull;
    return d.value;
  }
  if (biased < 1) {
    m = shiftRightSticky(m, 1 - biased);
    biased = 0;
  }
  uint64_t kept = m >> 10, rest = m & 1023;
  if (rest > 512 || (rest == 512 && (kept & 1)))
    ++kept;
  /* The leading bit of a normal number adds one to the exponent, and so does a carry. */
  d.bits = sign | (((uint64_t)(biased != 0 ? biased - 1 : 0) << 52) + kept);
  return d.value;
}

static int isFiniteNonzero(double x) {
  Double d = {x};
  return (d.bits & ~SIGN) != 0 && (d.bits >> 52 & 0x7ff) != 0x7ff;
}

static int isInfinite(double x) {
  Double d = {x};
  return (d.bits & ~SIGN) == 0x7ff0000000000000ull;
}

static double quietNan(void) {
  Double d = {.bits = 0x7ff8000000000000ull};
  return d.value;
}

BUILTIN double NAME(divdf3)(double a, double b);
BUILTIN double NAME(divdf3)(double a, double b) {
  Double da = {a}, db = {b}, special;
  uint64_t sign = (da.bits ^ db.bits) & SIGN;
  if (!isFiniteNonzero(a) || !isFiniteNonzero(b)) {
    if (a != a || b != b || (isInfinite(a) && isInfinite(b)) || (a == 0 && b == 0))
      return quietNan();
    special.bits = sign | (isInfinite(a) || b == 0 ? 0x7ff0000000000000ull : 0);
    return special.value;
  }
  Parts x = partsOf(a), y = partsOf(b);
  int exponent = x.exponent - y.exponent;
  if (x.mantissa < y.mantissa) {
    x.mantissa <<= 1;
    --exponent;
  }
  uint64_t quotient = 0;
  for (int i = 0; i < 56; ++i) {
    quotient <<= 1;
    if (x.mantissa >= y.mantissa) {
      x.mantissa -= y.mantissa;
      quotient |= 1;
    }
    x.mantissa <<= 1;
  }
  return packRounded(sign, exponent - 55 - 7, quotient << 7 | (x.mantissa != 0));
}

BUILTIN double sqrt(double x);
BUILTIN double sqrt(double x) {
  if (x != x || x < 0)
    return quietNan();
  if (!isFiniteNonzero(x))
    return x;
  Parts parts = partsOf(x);
  int odd = parts.exponent & 1;
  uint64_t m = parts.mantissa << (odd ? 11 : 10), root = 0, rest = 0; /* 32 pairs of bits; the first is not 0 */
  for (int i = 0; i < 56; ++i) {
    rest = rest << 2 | m >> 62;
    m <<= 2;
    uint64_t trial = root << 2 | 1;
    root <<= 1;
    if (rest >= trial) {
      rest -= trial;
      root |= 1;
    }
  }
  /* m was the mantissa * 2^10 with an even exponent e - 10; its root has 32 digits, and 24 more were made. */
  return packRounded(0, (parts.exponent - odd - 10) / 2 - 24 - 7, root << 7 | (rest != 0));
}

BUILTIN float NAME(sqrtf)(float x);
BUILTIN float NAME(sqrtf)(float x) { return (float)sqrt((double)x); }
BUILTIN float NAME(divsf3)(float a, float b);
BUILTIN float NAME(divsf3)(float a, float b) { return (float)NAME(divdf3)((double)a, (double)b); }

typedef struct {
  uint64_t high, low;
} Wide;

static Wide multiplyWide(uint64_t a, uint64_t b) {
  uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
  uint64_t low = a0 * b0, mid = a1 * b0 + (low >> 32), mid2 = a0 * b1 + (uint32_t)mid;
  return (Wide){a1 * b1 + (mid >> 32) + (mid2 >> 32), mid2 << 32 | (uint32_t)low};
}

static Wide shiftLeft(Wide w, int n) {
  if (n == 0)
    return w;
  return n > 63 ? (Wide){w.low << (n - 64), 0} : (Wide){w.high << n | w.low >> (64 - n), w.low << n};
}

static Wide shiftRightWide(Wide w, int n) {
  if (n == 0)
    return w;
  if (n > 127)
    return (Wide){0, (w.high | w.low) != 0};
  if (n > 63)
    return (Wide){0, shiftRightSticky(w.high, n - 64) | (w.low != 0)};
  return (Wide){w.high >> n, w.high << (64 - n) | w.low >> n | (w.low << (64 - n) != 0)};
}

/* a * b + c of finite, nonzero numbers. Both terms have their leading bit at 124 or 125 of 128, so that what a shift loses is never
 * near what decides the rounding. */
static double fuse(Double a, Double b, Double c) {
  Parts x = partsOf(a.value), y = partsOf(b.value), z = partsOf(c.value);
  uint64_t sign = (a.bits ^ b.bits) & SIGN, other = c.bits & SIGN;
  Wide product = shiftLeft(multiplyWide(x.mantissa, y.mantissa), 20), term = {z.mantissa << 8, 0};
  int exponent = x.exponent + y.exponent - 20, apart = exponent - (z.exponent - 72);
  if (apart >= 0) {
    term = shiftRightWide(term, apart);
  } else {
    product = shiftRightWide(product, -apart);
    exponent -= apart;
  }
  Wide sum;
  if (sign == other) {
    sum.low = product.low + term.low;
    sum.high = product.high + term.high + (sum.low < term.low);
  } else {
    if (product.high < term.high || (product.high == term.high && product.low < term.low)) {
      Wide swap = product;
      product = term;
      term = swap;
      sign = other;
    }
    sum.low = product.low - term.low;
    sum.high = product.high - term.high - (product.low < term.low);
  }
  if ((sum.high | sum.low) == 0)
    return 0.0;
  int zeros = sum.high != 0 ? __builtin_clzll(sum.high) : 64 + __builtin_clzll(sum.low);
  sum = shiftLeft(sum, zeros);
  sum = shiftRightWide(sum, 1);
  return packRounded(sign, exponent - zeros + 1 + 64, sum.high | (sum.low != 0));
}

BUILTIN double fma(double a, double b, double c);
BUILTIN double fma(double a, double b, double c) {
  if (isInfinite(c) && !isInfinite(a) && !isInfinite(b) && a == a && b == b)
    return c;
  if (!isFiniteNonzero(a) || !isFiniteNonzero(b) || c != c || isInfinite(c))
    return a * b + c;
  if (c == 0)
    return a * b;
  return fuse((Double){a}, (Double){b}, (Double){c});
}
