// The ways to compute a convolution in floats, and the choice among them: the rule's, or what measurement found (passes/Choices.h). All but Winograd's
// form give the same bits: every output is one chain of fused multiply-adds over k = (channel, taps), whatever the tile.
// Those of dense 8-bit convolutions stand in ops/QuantConv.cpp.
#ifndef INGOT_PASSES_LOWER_CONVWAYS_H
#define INGOT_PASSES_LOWER_CONVWAYS_H

#include "passes/Choices.h"
#include "passes/lower/ConvShape.h"

namespace ingot {

struct ConvWay {
  enum Kind { Tiles, Lines, Channels, Winograd, Rows, Direct } kind;
  int64_t size = 0; // Tiles: k of a tile; Lines, Channels, Rows, Direct: output rows of a band (pointwise: places); Winograd: 0

  bool operator==(const ConvWay &other) const { return kind == other.kind && size == other.size; }
  /// "tiles 256", "lines 14", "channels 14", "winograd", "rows 8", "direct 16".
  std::string text() const;
};

struct ChosenWay {
  std::string key; // "": there was nothing to choose
  ConvWay way;
};

/// `types`: the kernels' suffix ("f32", "f32_f16"). `mayRepack`: the filter is a constant of the input's type, whose form follows the way.
ChosenWay chooseConvWay(const ConvShape &shape, llvm::StringRef types, bool mayRepack, Choices *choices);

/// Depthwise convolutions: ik_dwconv_*, ik_qdwconv ("rows") or, for f32, ik_dwconv_direct_f32 ("direct").
ChosenWay chooseDepthwiseWay(const ConvShape &shape, llvm::StringRef types, Choices *choices);

} // namespace ingot

#endif
