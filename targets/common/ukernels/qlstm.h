/* Parameters of ik_qlstm (qlstm.c): those of ik_rnn_f32 (rnn.h), shared by C and the lowering. Buffers: sums [T][B][4][H], weights
 * [ceil(H/16)][ceil(H/4)][4][16][4] signed bytes (16 units side by side, gate by gate, 4 k together, zero padded), table
 * [ceil(H/16)][4][IK_QLSTM_ROWS][16], b [2][4][H], h0 and c0 [B][H], peephole [3][H]; then y [T][B][H], last h and last c [B][H]; scratch. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_QLSTM_H
#define INGOT_TARGETS_COMMON_UKERNELS_QLSTM_H

#include "targets/common/ukernels/rnn.h"

enum { IK_QLSTM_SUM, IK_QLSTM_ZERO, IK_QLSTM_SCALE, IK_QLSTM_ROWS }; /* of the table: sum of a column's weights, its zero point, its scale's bits */
#define IK_QLSTM_QUADS(h) (((h) + 3) / 4)
/* h, c and the next h of all sequences, the sums of one step, h of one sequence in bytes. */
#define IK_QLSTM_SCRATCH(h, batch) (4 * (3 * (batch) + 4) * IK_RNN_PADDED(h) + IK_RNN_PADDED(h) + 64)

#endif
