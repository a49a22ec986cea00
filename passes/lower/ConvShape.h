// A convolution's geometry as the parameters of the kernels (targets/common/ukernels/conv.h): 1 and 2 spatial axes become 3.
// Shared by nn.conv, quant.conv and nn.conv_transpose.
#ifndef INGOT_PASSES_LOWER_CONVSHAPE_H
#define INGOT_PASSES_LOWER_CONVSHAPE_H

#include "targets/common/ukernels/conv.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/SmallVector.h"

#include <string>

namespace ingot {

struct ConvShape {
  llvm::SmallVector<int64_t> params; // IK_CONV_COUNT entries, flags zero

  int64_t operator[](int i) const { return params[i]; }
  int64_t &operator[](int i) { return params[i]; }
  int64_t taps() const { return params[IK_CONV_KD] * params[IK_CONV_KH] * params[IK_CONV_KW]; }
  int64_t depth() const { return params[IK_CONV_IC] * taps(); }
  int64_t panels() const { return (params[IK_CONV_OC] + IK_CONV_PANEL - 1) / IK_CONV_PANEL; }
  int64_t area() const { return params[IK_CONV_OD] * params[IK_CONV_OH] * params[IK_CONV_OW]; }
  /// Multiply-adds of the whole op.
  int64_t work() const { return params[IK_CONV_N] * params[IK_CONV_G] * params[IK_CONV_OC] * area() * depth(); }
  bool isDepthwise() const { return params[IK_CONV_IC] == 1 && params[IK_CONV_G] > 1 && params[IK_CONV_KD] == 1 && params[IK_CONV_OD] == 1; }
  /// Output rows of a depthwise band: a multiple of 4 whose lines fit so many bytes.
  int64_t band(int64_t mostBytes = 24 * 1024) const;
  /// Places from one line to the next of ik_convlines_* and ik_qconvlines, and of all lines of one channel for a band.
  int64_t linePitch() const { return IK_CONVLINES_PITCH(params[IK_CONV_OW], params[IK_CONV_KW], params[IK_CONV_DW], params[IK_CONV_SW]); }
  int64_t lineFloats(int64_t band) const;
  /// Those of them that lie in the input's rows.
  int64_t insideFloats(int64_t band) const;
  /// Bytes of lines at most: half of the second cache of a small core, or more where so many taps read each vector of lines that a farther cache is
  /// fast enough, and a copy for each of them never is.
  int64_t mostLineBytes() const { return params[IK_CONV_KH] * params[IK_CONV_KW] >= 25 ? 1536 * 1024 : kLineBytes; }
  static constexpr int64_t kLineBytes = 192 * 1024;
  /// Output rows of a band of such a kernel, given the bytes of one place in all channels; 0 where copies for every tap (ik_conv_*, ik_qconv)
  /// are better: lines that do not fit the cache, taps that are too few, or planes so small that the places between the rows cost more.
  int64_t lineBand(int64_t channelBytes, bool isF32) const;
  /// Likewise for lines that take at most `mostBytes`, without judging what is better; 0 where the kernels cannot or not one row fits.
  int64_t lineBandWithin(int64_t channelBytes, int64_t mostBytes) const;
  /// Likewise for any number of taps. `inside`: lines outside of the input are not written.
  int64_t bandWithin(int64_t channelBytes, int64_t mostBytes, bool inside = false) const;
  /// Pairs of an output place and a tap that ik_convchannels_f32 computes where it leaves out taps outside of the input: tiles of 8 places of a row meet
  /// the taps that any of their places meets.
  int64_t livePairs() const;
  /// Whether ik_conv_f32 reads most of the input where it lies: all but the tiles at the ends of a row.
  bool readsInPlace() const;
  /// What the loops of ik_conv_*, of ik_convlines_* in bands and of ik_convchannels_f32 take, in multiply-adds of a vector a k: measured with 16 lanes.
  int64_t tileCost(bool isF32) const;
  int64_t lineCost(int64_t band) const;
  int64_t channelsCost(bool skips) const;
  /// Output rows of a band of ik_convchannels_*, or places where the convolution is pointwise, given the bytes of one place in all channels: as many as
  /// fit the cache, fewer where vectors of channels alone would not keep several workers busy. 0: the kernels cannot, or their tiles would be too small.
  int64_t channelsBand(int64_t channelBytes, bool skips) const;
  /// Whether ik_convchannels_* are clearly less work than lines in bands, or tiles where `lines` is 0.
  bool isChannelsFaster(int64_t lines, bool isF32) const { return 20 * channelsCost(isF32) < 19 * (lines ? lineCost(lines) : tileCost(isF32)); }
  /// How ik_qconvmatrix and ik_convmatrix_f32_bf16 go, whose products are padded to 16 output and `channels` input channels, 64 bytes of them: output rows of
  /// a band, or places where pointwise, in as few bands, but at least `least`, as half of a large second cache allows, since each reads all weights; the
  /// places of a channel's lines in scratch; cycles of a machine with matrix registers. No band: the kernels cannot.
  struct MatrixBands {
    int64_t band = 0, places = 0, cost = 0;
  };
  MatrixBands matrixBands(int64_t channels, int64_t least = 1) const;
  /// Likewise of ik_qconvtaps and ik_convtaps_f32_bf16, whose rows of inputs have `depth` words in scratch, those of all rows of taps in `blocks`. None with dilations.
  MatrixBands tapBands(int64_t depth, int64_t blocks, int64_t least = 1) const;
  static constexpr int64_t kMatrixProduct = 16, kMatrixEnd = 32; // cycles: a product of registers, the end of its sums
  /// One tap that meets every pixel once: what the kernels read without a copy.
  bool isPointwise() const { return ik_conv_is_pointwise(params.data()); }
  /// True when the axis (0: D, 1: H, 2: W) does nothing: extents, kernel 1, no padding.
  bool isTrivial(int axis) const;
  /// Longer rows for the same arithmetic: a 1-D convolution written as [.., L, 1] runs along W; a 1x1 convolution with stride 1 sees its
  /// pixels as one row (unless depthwise, whose bands are rows).
  void simplify();
  /// All that is above as one line: "n1 g1 c3 o16 in 1x80x80 out 1x40x40 kernel 1x3x3 stride 1x2x2 pad 0x1x1 dilation 1x1x1".
  std::string text() const;
};

/// What the kernels of convolutions and of transposed ones call alike: batch, groups and the three spatial axes; all else is zero.
template <typename ConvOp> ConvShape spatialShape(ConvOp op) {
  llvm::ArrayRef<int64_t> x = llvm::cast<mlir::RankedTensorType>(op.getInput().getType()).getShape();
  llvm::ArrayRef<int64_t> w = llvm::cast<mlir::RankedTensorType>(op.getFilter().getType()).getShape();
  llvm::ArrayRef<int64_t> y = llvm::cast<mlir::RankedTensorType>(op.getResult().getType()).getShape();
  ConvShape shape{llvm::SmallVector<int64_t>(IK_CONV_COUNT, 0)};
  shape[IK_CONV_N] = x[0];
  shape[IK_CONV_G] = op.getGroup();
  int64_t spatial = static_cast<int64_t>(x.size()) - 2;
  for (int64_t axis = 0; axis < 3; ++axis) {
    int64_t from = axis - (3 - spatial);
    bool given = from >= 0;
    shape[IK_CONV_ID + axis] = given ? x[from + 2] : 1;
    shape[IK_CONV_OD + axis] = given ? y[from + 2] : 1;
    shape[IK_CONV_KD + axis] = given ? w[from + 2] : 1;
    shape[IK_CONV_SD + axis] = given ? op.getStrides()[from] : 1;
    shape[IK_CONV_PD + axis] = given ? op.getPadLow()[from] : 0;
    shape[IK_CONV_DD + axis] = given ? op.getDilations()[from] : 1;
  }
  return shape;
}

template <typename ConvOp> ConvShape convShape(ConvOp op) {
  llvm::ArrayRef<int64_t> w = llvm::cast<mlir::RankedTensorType>(op.getFilter().getType()).getShape();
  ConvShape shape = spatialShape(op);
  shape[IK_CONV_IC] = w[1];
  shape[IK_CONV_OC] = w[0] / op.getGroup();
  shape.simplify();
  return shape;
}

} // namespace ingot

#endif
