/* The HVX kernels against their portable twins on random shapes and multipliers, in one program for Hexagon Linux: exit status 0 and a count
 * when all bytes are equal, 1 and the first case that differs. Freestanding; check.sh builds and runs it. */
#include <stddef.h>
#include <stdint.h>

/* The twins, under other names. */
#define ik_qconv twin_qconv
#include "targets/common/ukernels/qconv.c"
#undef ik_qconv
#define ik_qdwconv twin_qdwconv
#include "targets/common/ukernels/qdwconv.c"
#undef ik_qdwconv
#define ik_qmatmulnd twin_qmatmulnd
#include "targets/common/ukernels/qmatmulnd.c"
#undef ik_qmatmulnd

IK_KERNEL(ik_qconv);
IK_KERNEL(ik_qdwconv);
IK_KERNEL(ik_qmatmulnd);

void *memcpy(void *restrict to, const void *restrict from, size_t n) {
  for (size_t i = 0; i < n; ++i)
    ((char *)to)[i] = ((const char *)from)[i];
  return to;
}
void *memset(void *to, int value, size_t n) {
  for (size_t i = 0; i < n; ++i)
    ((char *)to)[i] = (char)value;
  return to;
}

static long call(long number, long a, long b, long c) {
  register long r6 __asm__("r6") = number, r0 __asm__("r0") = a, r1 __asm__("r1") = b, r2 __asm__("r2") = c;
  __asm__ volatile("trap0(#1)" : "+r"(r0) : "r"(r6), "r"(r1), "r"(r2) : "memory");
  return r0;
}
static void print(const char *text, uint32_t number) {
  char line[64];
  int n = 0;
  while (text[n])
    line[n] = text[n], ++n;
  for (uint32_t unit = 1000000; unit; unit /= 10)
    line[n++] = (char)('0' + number / unit % 10);
  line[n++] = '\n';
  call(64, 1, (long)line, n);
}

static uint64_t state = 88172645463325252ull;
static uint32_t next(void) {
  state = state * 6364136223846793005ull + 1442695040888963407ull;
  return (uint32_t)(state >> 33);
}
static int64_t pick(int64_t low, int64_t high) { return low + next() % (uint32_t)(high - low + 1); }

enum { ROOM = 1 << 17 };
static _Alignas(128) uint8_t x[ROOM], w[ROOM], y[2][ROOM], scratch[ROOM * 8];
static int32_t table[4 * 512];

static void fill(uint8_t *to, int64_t n) {
  for (int64_t i = 0; i < n; ++i)
    to[i] = (uint8_t)next();
}

/* Mostly what makes results of some size; also what saturates, underflows and is no normal number. */
static int32_t multiplier(int64_t depth) {
  union { float f; int32_t i; } m = {(float)pick(1, 1000000) * 1e-6f / (float)(depth * 16)};
  const uint32_t kind = next() % 16;
  if (kind == 0)
    m.i = (int32_t)(next() & 0x7fffffff) % 0x7f800000;
  if (kind == 1)
    m.f = 1.0f / (float)(1 << pick(0, 15));
  if (kind == 2)
    m.f = 0.5f;
  return m.i;
}

static void shape(int64_t *p, int depthwise) {
  for (int i = 0; i < IK_QCONV_COUNT; ++i)
    p[i] = 0;
  p[IK_CONV_N] = pick(1, 2), p[IK_CONV_G] = depthwise ? pick(1, 9) : pick(1, 2), p[IK_CONV_IC] = depthwise ? 1 : pick(1, 20);
  p[IK_CONV_OC] = depthwise ? pick(1, 2) : pick(1, 20), p[IK_CONV_KC] = pick(1, 3) * 4;
  for (int a = 0; a < 3; ++a) {
    p[IK_CONV_ID + a] = a || (!depthwise && next() % 8 == 0) ? pick(1, a == 2 && next() % 4 == 0 ? 150 : 20) : 1;
    p[IK_CONV_KD + a] = p[IK_CONV_ID + a] == 1 ? 1 : pick(1, p[IK_CONV_ID + a] < 5 ? p[IK_CONV_ID + a] : 5);
    p[IK_CONV_SD + a] = p[IK_CONV_ID + a] == 1 ? 1 : pick(1, 3), p[IK_CONV_DD + a] = pick(1, p[IK_CONV_KD + a] * 2 - 1 <= p[IK_CONV_ID + a] ? 2 : 1);
    p[IK_CONV_PD + a] = p[IK_CONV_ID + a] == 1 ? 0 : pick(0, 2);
    p[IK_CONV_OD + a] = (p[IK_CONV_ID + a] + 2 * p[IK_CONV_PD + a] - (p[IK_CONV_KD + a] - 1) * p[IK_CONV_DD + a] - 1) / p[IK_CONV_SD + a] + 1;
  }
}

static void quantities(int64_t *q) {
  for (int i = 0; i < IK_Q_COUNT; ++i)
    q[i] = 0;
  q[IK_Q_X_UNSIGNED] = pick(0, 1), q[IK_Q_W_UNSIGNED] = pick(0, 1), q[IK_Q_Y_UNSIGNED] = pick(0, 1), q[IK_Q_W_ZEROS] = pick(0, 1);
  q[IK_Q_X_ZERO] = q[IK_Q_X_UNSIGNED] ? pick(0, 255) : pick(-128, 127), q[IK_Q_Y_ZERO] = q[IK_Q_Y_UNSIGNED] ? pick(0, 255) : pick(-128, 127);
}

static int same(int64_t count) {
  for (int64_t i = 0; i < ROOM; ++i)
    if (y[0][i] != (i < count ? y[1][i] : 0xee))
      return 0;
  return 1;
}
typedef void kernel(void *const *, const int64_t *, int64_t, int64_t);

/* Both kernels on the same operands, ours as `workers` workers; guards behind the result. */
static int agree(kernel *ours, kernel *twin, void **buf, int at, const int64_t *p, int64_t count) {
  const int64_t workers = pick(1, 3);
  memset(y, 0xee, sizeof y);
  buf[at] = y[0];
  for (int64_t worker = 0; worker < workers; ++worker)
    ours(buf, p, worker, workers);
  buf[at] = y[1];
  twin(buf, p, 0, 1);
  return same(count);
}

static int convCase(int depthwise) {
  int64_t p[IK_QCONV_COUNT], *q = p + IK_CONV_COUNT;
  shape(p, depthwise);
  quantities(q);
  const int64_t channels = p[IK_CONV_G] * p[IK_CONV_OC], depth = p[IK_CONV_IC] * p[IK_CONV_KD] * p[IK_CONV_KH] * p[IK_CONV_KW];
  const int64_t count = p[IK_CONV_N] * channels * p[IK_CONV_OD] * p[IK_CONV_OH] * p[IK_CONV_OW];
  const int64_t inputs = p[IK_CONV_N] * p[IK_CONV_G] * p[IK_CONV_IC] * p[IK_CONV_ID] * p[IK_CONV_IH] * p[IK_CONV_IW];
  const int64_t weights = p[IK_CONV_G] * (p[IK_CONV_OC] + 7) * (depth + 4);
  if (count > ROOM - 512 || inputs > ROOM || weights > ROOM || IK_QCONV_SCRATCH(depth) > (int64_t)sizeof scratch || count <= 0)
    return 1;
  fill(x, inputs);
  fill(w, weights);
  for (int64_t o = 0; o < channels; ++o) {
    const int wild = next() % 32 == 0;
    table[o] = (int32_t)(wild ? next() * 2 : pick(-5000, 5000)), table[channels + o] = (int32_t)pick(-5000, 5000);
    table[2 * channels + o] = q[IK_Q_W_ZEROS] ? (int32_t)(depthwise && q[IK_Q_W_UNSIGNED] ? pick(0, 255) : pick(-128, 127)) : 0;
    table[3 * channels + o] = multiplier(depth);
  }
  /* At the end of x's memory, so that reads past it would show under a stricter machine. */
  void *buf[] = {x + ROOM - inputs, w, table, 0, scratch};
  memcpy(x + ROOM - inputs, x, (size_t)inputs);
  return agree(depthwise ? ik_qdwconv : ik_qconv, depthwise ? twin_qdwconv : twin_qconv, buf, 3, p, count);
}

static int matmulCase(void) {
  int64_t p[IK_QMATMUL_COUNT] = {0}, *q = p + IK_MATMUL_COUNT;
  const int64_t m = pick(1, 11), n = pick(1, 300), k = pick(1, 70), b1 = pick(1, 2), shared = pick(0, 1);
  p[IK_MATMUL_B0] = p[IK_MATMUL_B2] = 1, p[IK_MATMUL_B1] = b1, p[IK_MATMUL_AS1] = m * k, p[IK_MATMUL_BS1] = shared ? 0 : n * k;
  p[IK_MATMUL_M] = m, p[IK_MATMUL_N] = n, p[IK_MATMUL_K] = k, p[IK_MATMUL_BIAS] = pick(0, 1);
  quantities(q);
  q[IK_Q_SCALES_PER_CHANNEL] = pick(0, 1), q[IK_Q_ZEROS_PER_CHANNEL] = pick(0, 1), q[IK_Q_SCALES_PER_ROW] = pick(0, 1), q[IK_Q_ZEROS_PER_ROW] = pick(0, 1);
  static float aScale[16], bScale[512], yScale = 0.25f;
  static uint8_t aZero[16], bZero[512], yZero;
  for (int i = 0; i < 512; ++i)
    bScale[i] = (float)pick(1, 1000) * 1e-3f, bZero[i] = (uint8_t)next();
  for (int i = 0; i < 16; ++i)
    aScale[i] = (float)pick(1, 1000) * 1e-4f, aZero[i] = (uint8_t)next();
  yZero = (uint8_t)next();
  fill(x, b1 * m * k);
  fill(w, b1 * n * k);
  for (int i = 0; i < n; ++i)
    table[i] = (int32_t)pick(-50000, 50000);
  void *buf[] = {x, aScale, aZero, w, bScale, bZero, &yScale, &yZero, p[IK_MATMUL_BIAS] ? (void *)table : 0, 0};
  return agree(ik_qmatmulnd, twin_qmatmulnd, buf, p[IK_MATMUL_BIAS] ? 9 : 8, p, b1 * m * n);
}

__attribute__((used)) void twinsMain(void) {
  enum { CASES = 400 };
  for (uint32_t i = 0; i < CASES; ++i) {
    const int bad = !convCase(0) ? 1 : !convCase(1) ? 2 : !matmulCase() ? 3 : 0;
    if (bad) {
      print(bad == 1 ? "ik_qconv differs in case " : bad == 2 ? "ik_qdwconv differs in case " : "ik_qmatmulnd differs in case ", i);
      call(94, 1, 0, 0);
    }
  }
  print("equal bytes in cases: ", 3 * CASES);
  call(94, 0, 0, 0);
}
__asm__(".globl _start\n_start: r29 = and(r29,#-128)\n jump twinsMain\n");
