/* ik_transpose_w32: transposes matrices of 32-bit words in squares of 16 x 16; parameters in transpose.h. Vectors move bits, whatever the
 * words mean. Parallel units: (matrix, 16 rows of the result). */
#include "targets/common/ukernels/transpose.h"
#include "targets/common/ukernels/micro.h"
#include "targets/common/ukernels/squares.h"

/* `rows` x `columns` <= 16 x 16 of the result at y, whose rows are `width` apart. */
static void ik_transpose_square(float *y, int64_t width, const float *x, int64_t stride, int64_t rows, int64_t columns) {
  ik_f32x16 v[16];
  for (int64_t c = 0; c < 16; ++c)
    v[c] = c >= columns ? ik_splat16(0.0f) : rows == 16 ? ik_load16_f32(x + c * stride) : ik_load_part_f32(x + c * stride, rows);
  ik_transpose16_f32(v, v);
  for (int64_t r = 0; r < rows; ++r)
    if (columns == 16)
      ik_store16_f32(y + r * width, v[r]);
    else
      ik_store_part_f32(y + r * width, v[r], columns);
}

IK_KERNEL(ik_transpose_w32) {
  const int64_t height = p[IK_TRANSPOSE_ROWS], width = p[IK_TRANSPOSE_COLUMNS], blocks = (height + 15) / 16, stride = p[IK_TRANSPOSE_STRIDE];
  ik_range range = ik_share(p[IK_TRANSPOSE_BATCH] * blocks, worker, workers);
  for (int64_t unit = range.begin; unit < range.end; ++unit) {
    const int64_t b = unit / blocks, r = unit % blocks * 16, rows = height - r < 16 ? height - r : 16;
    const float *x = (const float *)buf[0] + p[IK_TRANSPOSE_OFFSET] + b * p[IK_TRANSPOSE_BATCH_STRIDE] + r;
    float *y = (float *)buf[1] + (b * height + r) * width;
    for (int64_t c = 0; c < width; c += 16)
      ik_transpose_square(y + c, width, x + c * stride, stride, rows, width - c < 16 ? width - c : 16);
  }
}
