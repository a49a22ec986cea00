/* Rounding to integers, minimum and maximum, for f32 and f64. A zero keeps the sign of its argument. */
static double truncate(double x) {
  Double d = {x};
  int exponent = (int)(d.bits >> 52 & 0x7ff) - 1023;
  if (exponent < 52)
    d.bits &= exponent < 0 ? SIGN : ~(MANTISSA >> exponent);
  return d.value;
}

static double withSign(double x, double sign) {
  Double d = {x}, s = {sign};
  d.bits = (d.bits & ~SIGN) | (s.bits & SIGN);
  return d.value;
}

static double roundDown(double x) {
  double t = truncate(x);
  return t > x ? t - 1 : t;
}

/* Halves go away from zero, or to even. */
static double roundNear(double x, int even) {
  double t = truncate(x), part = withSign(x - t, 1);
  int up = part > 0.5 || (part == 0.5 && (!even || t != 2 * truncate(t * 0.5)));
  return up ? t + withSign(1, x) : t;
}

#define DEFINE_ROUNDING(T, F)                                                                                                 \
  BUILTIN T trunc##F(T x);                                                                                                    \
  BUILTIN T trunc##F(T x) { return (T)truncate((double)x); }                                                                  \
  BUILTIN T floor##F(T x);                                                                                                    \
  BUILTIN T floor##F(T x) { return (T)roundDown((double)x); }                                                                 \
  BUILTIN T ceil##F(T x);                                                                                                     \
  BUILTIN T ceil##F(T x) { return (T)-roundDown(-(double)x); }                                                                \
  BUILTIN T round##F(T x);                                                                                                    \
  BUILTIN T round##F(T x) { return (T)roundNear((double)x, 0); }                                                              \
  BUILTIN T roundeven##F(T x);                                                                                                \
  BUILTIN T roundeven##F(T x) { return (T)roundNear((double)x, 1); }                                                          \
  BUILTIN T rint##F(T x);                                                                                                     \
  BUILTIN T rint##F(T x) { return (T)roundNear((double)x, 1); }                                                               \
  BUILTIN T nearbyint##F(T x);                                                                                                \
  BUILTIN T nearbyint##F(T x) { return (T)roundNear((double)x, 1); }                                                          \
  BUILTIN T fmin##F(T a, T b);                                                                                                \
  BUILTIN T fmin##F(T a, T b) { return a < b || b != b ? a : b; }                                                             \
  BUILTIN T fmax##F(T a, T b);                                                                                                \
  BUILTIN T fmax##F(T a, T b) { return a > b || b != b ? a : b; }
DEFINE_ROUNDING(double, )
DEFINE_ROUNDING(float, f)
