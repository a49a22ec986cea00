/* Division of 32- and 64-bit integers by shifting and subtracting; a divisor of 0 gives the quotient 0. */
#define DEFINE_DIVISION(T, S, KIND, LEADING)                                                                                  \
  static T divide##KIND(T a, T b, T *rest) {                                                                                  \
    T quotient = 0;                                                                                                           \
    if (b != 0 && a >= b) {                                                                                                   \
      int shift = LEADING(b) - LEADING(a);                                                                                    \
      for (b <<= shift; shift >= 0; --shift, b >>= 1) {                                                                       \
        quotient <<= 1;                                                                                                       \
        if (a >= b) {                                                                                                         \
          a -= b;                                                                                                             \
          quotient |= 1;                                                                                                      \
        }                                                                                                                     \
      }                                                                                                                       \
    }                                                                                                                         \
    *rest = a;                                                                                                                \
    return quotient;                                                                                                          \
  }                                                                                                                           \
  BUILTIN T NAME(udiv##KIND##3)(T a, T b);                                                                                    \
  BUILTIN T NAME(udiv##KIND##3)(T a, T b) {                                                                                   \
    T rest;                                                                                                                   \
    return divide##KIND(a, b, &rest);                                                                                         \
  }                                                                                                                           \
  BUILTIN T NAME(umod##KIND##3)(T a, T b);                                                                                    \
  BUILTIN T NAME(umod##KIND##3)(T a, T b) {                                                                                   \
    T rest;                                                                                                                   \
    divide##KIND(a, b, &rest);                                                                                                \
    return rest;                                                                                                              \
  }                                                                                                                           \
  BUILTIN S NAME(div##KIND##3)(S a, S b);                                                                                     \
  BUILTIN S NAME(div##KIND##3)(S a, S b) {                                                                                    \
    T rest, quotient = divide##KIND(a < 0 ? 0 - (T)a : (T)a, b < 0 ? 0 - (T)b : (T)b, &rest);                                 \
    return (S)((a < 0) != (b < 0) ? 0 - quotient : quotient);                                                                 \
  }                                                                                                                           \
  BUILTIN S NAME(mod##KIND##3)(S a, S b);                                                                                     \
  BUILTIN S NAME(mod##KIND##3)(S a, S b) {                                                                                    \
    T rest;                                                                                                                   \
    divide##KIND(a < 0 ? 0 - (T)a : (T)a, b < 0 ? 0 - (T)b : (T)b, &rest);                                                    \
    return (S)(a < 0 ? 0 - rest : rest);                                                                                      \
  }
DEFINE_DIVISION(uint32_t, int32_t, si, __builtin_clz)
DEFINE_DIVISION(uint64_t, int64_t, di, __builtin_clzll)
