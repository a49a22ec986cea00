/* ik_iconv: convolution of 8-bit integers with constant weights to i32: acc = sum x w, exact. Works as qconv.c does (qpanels.h), with its table, whose
 * multipliers are not read. Parameters in quant.h. */
#include "targets/common/ukernels/qpanels.h"

IK_KERNEL(ik_iconv) { ik_qconv_run(buf, p, worker, workers, 0, IK_QCONV_TO_SUMS); }
