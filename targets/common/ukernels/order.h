/* Parameters of cumulate.c and topk.c, the axis of x[outer][extent][inner]; of suppress.c, boxes[batches][boxes][4] and scores[batches][classes][boxes]. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_ORDER_H
#define INGOT_TARGETS_COMMON_UKERNELS_ORDER_H

enum { IK_CUMULATE_OUTER, IK_CUMULATE_EXTENT, IK_CUMULATE_INNER, IK_CUMULATE_PRODUCT, IK_CUMULATE_EXCLUSIVE, IK_CUMULATE_REVERSE, IK_CUMULATE_COUNT };
enum { IK_TOPK_OUTER, IK_TOPK_EXTENT, IK_TOPK_INNER, IK_TOPK_K, IK_TOPK_SMALLEST, IK_TOPK_COUNT };
enum { IK_SUPPRESS_BATCHES, IK_SUPPRESS_CLASSES, IK_SUPPRESS_BOXES, IK_SUPPRESS_MOST, IK_SUPPRESS_COUNT };
/* Scratch: corners and areas of the boxes that are kept, sixteen side by side. */
#define IK_SUPPRESS_SCRATCH(most) (((most) + 15) / 16 * 16 * 5 * 4)

#endif
