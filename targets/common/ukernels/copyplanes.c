/* ik_copy_planes: a stretch of every plane, from planes that lie so far apart to others: rows of a tensor [C, H, W]. Parallel unit: a plane. Buffers: from, to. */
#include "targets/common/ukernels/copyplanes.h"
#include "targets/common/ukernels/ukernel.h"

IK_KERNEL(ik_copy_planes) {
  const ik_range range = ik_share(p[IK_COPY_PLANES], worker, workers);
  for (int64_t i = range.begin; i < range.end; ++i)
    __builtin_memcpy((uint8_t *)buf[1] + i * p[IK_COPY_TO], (const uint8_t *)buf[0] + i * p[IK_COPY_FROM], (size_t)p[IK_COPY_BYTES]);
}
