/* ik_stage: copies p[0] bytes of weights to the arena, where the next calls read them. Parallel unit: 1 KiB. Buffers: from, to. */
#include "targets/common/ukernels/ukernel.h"

IK_KERNEL(ik_stage) {
  enum { UNIT = 1024 };
  const ik_range range = ik_share((p[0] + UNIT - 1) / UNIT, worker, workers);
  const int64_t begin = range.begin * UNIT, end = range.end * UNIT < p[0] ? range.end * UNIT : p[0];
  if (begin < end)
    __builtin_memcpy((uint8_t *)buf[1] + begin, (const uint8_t *)buf[0] + begin, (size_t)(end - begin));
}
