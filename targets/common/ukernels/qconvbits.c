/* ik_qconv_bits: ik_qconv with weights in the form "bits" of quant.h; a panel is expanded in scratch before each tile of pixels. */
#include "targets/common/ukernels/qpanels.h"

IK_KERNEL(ik_qconv_bits) { ik_qconv_run(buf, p, worker, workers, 1, IK_QCONV_TO_BYTES); }
