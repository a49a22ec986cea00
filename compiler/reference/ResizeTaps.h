// The taps of nn.resize: which input elements, with which weights, make each output coordinate of an axis. Shared by the reference rule
// and by the lowering, whose kernels read them as tables.
#ifndef INGOT_COMPILER_REFERENCE_RESIZETAPS_H
#define INGOT_COMPILER_REFERENCE_RESIZETAPS_H

#include "dialects/nn/Nn.h"

#include <vector>

namespace ingot::reference {

struct Tap {
  int64_t index;
  double weight;
};
/// No taps: the coordinate lies outside (tf_crop_and_resize) and takes the extrapolation value.
using Taps = std::vector<Tap>;

/// One axis of a resize and its taps, one entry an output coordinate.
struct ResizeAxis {
  int64_t in, out;
  bool identity; // scale 1, equal extents
  std::vector<Taps> taps;
};

/// One entry an axis; nullopt with `why` when tf_crop_and_resize lacks its roi or a result comes from an empty tensor.
std::optional<std::vector<ResizeAxis>> resizeAxes(nn::ResizeOp resize, std::string &why);

} // namespace ingot::reference

#endif
