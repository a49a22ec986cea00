/* Parameters of ik_roi_align_<type> (roialign.c), shared by C and the lowering. Buffers: image [N][H][W][C], boxes [R][4], batch (i64) [R], with
 * IK_ROI_COUNTED the number of rows (i64), y [R][OH][OW][C]. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_ROIALIGN_H
#define INGOT_TARGETS_COMMON_UKERNELS_ROIALIGN_H

enum {
  IK_ROI_N, IK_ROI_H, IK_ROI_W, IK_ROI_C, IK_ROI_R, IK_ROI_OH, IK_ROI_OW,
  IK_ROI_SAMPLES, /* 0: as many as the box is large */
  IK_ROI_SCALE, IK_ROI_OFFSET, /* bits of the type */
  IK_ROI_AT_LEAST_ONE, IK_ROI_MAXIMUM, IK_ROI_COUNTED, IK_ROI_COUNT
};
enum { IK_ROI_MOST_SAMPLES = 65536 };

#endif
