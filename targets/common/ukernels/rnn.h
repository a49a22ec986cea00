/* Parameters of ik_rnn_f32 (rnn.c), shared by C and the lowering. Buffers: x [T][B][I], w, r, b [2][G][H], h0 [B][H], for LSTM c0 [B][H]
 * and peephole [3][H] (i o f); then y [T][B][H], last h [B][H], for LSTM last c [B][H]; scratch. w is [ceil(H/16)][I][G][16], r the same
 * with H for I: 16 units side by side, gate by gate, zero padded. Gates: rnn 1, lstm i o f c, gru z r h. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_RNN_H
#define INGOT_TARGETS_COMMON_UKERNELS_RNN_H

#include <stdint.h>

enum { IK_RNN_RNN, IK_RNN_LSTM, IK_RNN_GRU }; /* nn.rnn's kinds in order */
enum {
  IK_RNN_KIND, IK_RNN_STEPS, IK_RNN_BATCH, IK_RNN_INPUTS, IK_RNN_HIDDEN,
  IK_RNN_ACT0, IK_RNN_ACT1, IK_RNN_ACT2,   /* IK_ACT_SIGMOID, IK_ACT_TANH or IK_ACT_RELU */
  IK_RNN_REVERSE, IK_RNN_LINEAR_BEFORE_RESET, IK_RNN_INPUT_FORGET,
  IK_RNN_CLIP,                             /* f32 bits; 0: none */
  IK_RNN_PACKED,                           /* 0: w is [G * H][I], r [G * H][H], and the kernel packs them into scratch first */
  IK_RNN_TURNS,                            /* how many calls make the layer: ik_rnn_turns */
  IK_RNN_TURN,                             /* this call of them, whose workers share the units; -1: all steps, and they share the sequences */
  IK_RNN_COUNT
};
/* A GRU that resets before its product needs all of what is reset in the middle of a step: where workers share the units, a step is two turns, and the last h
 * carries it from the first to the second. What belongs there is written in a turn more. */
static inline int ik_rnn_halves(const int64_t *p) { return p[IK_RNN_KIND] == IK_RNN_GRU && !p[IK_RNN_LINEAR_BEFORE_RESET]; }
static inline int64_t ik_rnn_turns(const int64_t *p) { return ik_rnn_halves(p) ? 2 * p[IK_RNN_STEPS] + 1 : p[IK_RNN_STEPS]; }
enum { IK_RNN_MOST_SHARED = 2 }; /* sequences of a batch whose steps are calls of their own: what a worker keeps from call to call is in its scratch */
#define IK_RNN_PADDED(h) (((h) + 15) / 16 * 16)
enum { IK_RNN_AHEAD = 8 }; /* steps whose W x is computed at once */
/* Floats of one sequence: h, c, the reset values, the next h, W x of the steps ahead (4 gates), all padded to 16. Scratch: those of two sequences, and the
 * packed weights when they are not constant. */
#define IK_RNN_STATE(h) ((4 + IK_RNN_AHEAD * 4) * IK_RNN_PADDED(h))
#define IK_RNN_SCRATCH(h, weights) (4 * (2 * IK_RNN_STATE(h) + (weights) + 64))

#endif
