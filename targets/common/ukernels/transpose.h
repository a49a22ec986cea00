/* Parameters of ik_transpose_w32, shared by C and the lowering: y[b][r][c] = x[offset + b * batchStride + c * stride + r], words of 32 bits. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_TRANSPOSE_H
#define INGOT_TARGETS_COMMON_UKERNELS_TRANSPOSE_H

enum {
  IK_TRANSPOSE_BATCH, IK_TRANSPOSE_ROWS, IK_TRANSPOSE_COLUMNS, IK_TRANSPOSE_OFFSET, IK_TRANSPOSE_BATCH_STRIDE, IK_TRANSPOSE_STRIDE,
  IK_TRANSPOSE_COUNT
};

#endif
