/* Parameters of the pooling kernels (pool.c fast, poolnd.c any type), shared by C and the lowering. Buffers: x, y, [indices i64],
 * then scratch for the fast rows. Three spatial axes always, as in conv.h. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_POOL_H
#define INGOT_TARGETS_COMMON_UKERNELS_POOL_H

enum { IK_POOL_MAX, IK_POOL_AVERAGE, IK_POOL_LP }; /* nn.pool's kinds in order */
enum {
  IK_POOL_KIND, IK_POOL_PLANES,                                  /* N * C */
  IK_POOL_ID, IK_POOL_IH, IK_POOL_IW, IK_POOL_OD, IK_POOL_OH, IK_POOL_OW,
  IK_POOL_KD, IK_POOL_KH, IK_POOL_KW, IK_POOL_SD, IK_POOL_SH, IK_POOL_SW,
  IK_POOL_PD, IK_POOL_PH, IK_POOL_PW,                            /* low padding */
  IK_POOL_QD, IK_POOL_QH, IK_POOL_QW,                            /* high padding (counts only with COUNT_PAD) */
  IK_POOL_DD, IK_POOL_DH, IK_POOL_DW,
  IK_POOL_COUNT_PAD, IK_POOL_P, IK_POOL_INDICES, IK_POOL_COLUMN_MAJOR,
  IK_POOL_BAND,                                                  /* fast rows: output rows of one band */
  IK_POOL_COUNT
};
#define IK_POOL_WIDTH(ow, kw, dw, sw) (((ow) + 15) / 16 * 16 + ((kw) - 1) * (dw) / (sw) + 1)
/* Scratch of the fast rows: [rows in][sw][width] + one line of column counts, f32. */
#define IK_POOL_SCRATCH(band, kh, sh, dh, ow, kw, dw, sw) \
  (4 * ((((band) - 1) * (sh) + ((kh) - 1) * (dh) + 1) * (sw) * IK_POOL_WIDTH(ow, kw, dw, sw) + ((ow) + 15) / 16 * 16 + 64))

#endif
