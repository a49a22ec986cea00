/* ik_qconv: quantised convolution with constant weights and scales: acc = sum (x - xZero) (w - wZero[o]) + bias[o], exact; requantised
 * by requantize.h. Works as conv.c does (qpanels.h). Parameters in quant.h. */
#include "targets/common/ukernels/qpanels.h"

IK_KERNEL(ik_qconv) { ik_qconv_run(buf, p, worker, workers, 0, IK_QCONV_TO_BYTES); }
