// Where a convolution runs in Winograd's form (targets/common/ukernels/convwino.c), and its filter in that form.
#ifndef INGOT_PASSES_LOWER_WINOGRAD_H
#define INGOT_PASSES_LOWER_WINOGRAD_H

#include "compiler/reference/Tensor.h"
#include "passes/lower/ConvShape.h"

namespace ingot {

/// True for 3x3 convolutions with stride 1, which have that form.
bool hasWinograd(const ConvShape &shape);

/// True for those of them over many channels and places where ik_convwino_f32 was measured to be faster than ik_convlines_f32.
bool isWinogradFaster(const ConvShape &shape);

int64_t winogradScratch(const ConvShape &shape);

/// w [G * OC][IC][3][3] f32 -> [G][ceil(OC / 8)][36][IC][8], zero padded: U = G g G' in double, rounded once.
Tensor packWinograd(const Tensor &w, int64_t groups, int64_t channels, int64_t depth);

} // namespace ingot

#endif
