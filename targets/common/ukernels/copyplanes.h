/* Parameters of copyplanes.c. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_COPYPLANES_H
#define INGOT_TARGETS_COMMON_UKERNELS_COPYPLANES_H

enum { IK_COPY_PLANES, IK_COPY_BYTES, IK_COPY_FROM, IK_COPY_TO, IK_COPY_COUNT }; /* stretches of so many bytes, and from one to the next */

#endif
