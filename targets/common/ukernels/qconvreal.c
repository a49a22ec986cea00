/* ik_qconvreal: convolution of 8-bit integers with a float result: act(fma(f32(acc), factor[o], shift[o])), acc = sum (x - xZero) (w - wZero[o]),
 * exact. Works as qconv.c does (qpanels.h); the table has one row more, the shifts. Parameters in quant.h, the epilogue's in conv.h. */
#include "targets/common/ukernels/qpanels.h"

IK_KERNEL(ik_qconvreal) { ik_qconv_run(buf, p, worker, workers, 0, IK_QCONV_TO_REAL); }
