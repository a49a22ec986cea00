// Convolutions that follow each other as one kernel.micro: all of them for a band of output rows, then for the next, so that what lies between them
// stays in a cache and never is a buffer. Read by the pass that makes them and by the code generator.
#ifndef INGOT_PASSES_LOWER_CONVBANDS_H
#define INGOT_PASSES_LOWER_CONVBANDS_H

#include "targets/common/ukernels/conv.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <string>
#include <vector>

namespace ingot {

/// Tensor 0 is the first stage's input, tensor i + 1 the output of stage i; all are [1, C, H, W] of f32. The last stage alone may have a residual.
struct ConvBands {
  struct Stage {
    std::string kernel;
    std::vector<int64_t> params; // IK_CONV_COUNT (conv.h)
  };
  struct Plane {
    int64_t channels, height, width;
    int64_t bytes(int64_t rows) const { return 4 * channels * rows * width; }
  };
  struct Rows {
    int64_t first, count;
  };

  std::vector<Stage> stages;
  std::vector<Plane> planes; // one a tensor
  int64_t count = 1;         // of bands, none empty

  /// The call: kernel names joined by '+'; count, then the planes, then the stages' parameters. Its buffers: the input, each stage's filter, bias and
  /// residual, the output, scratch.
  std::string row() const;
  llvm::SmallVector<int64_t> params() const;
  static bool isRow(llvm::StringRef row) { return row.contains('+'); }
  static ConvBands read(llvm::StringRef row, llvm::ArrayRef<int64_t> params);

  /// The rows of every tensor that belong to a band: a slice of the last one's, and what they are made of.
  std::vector<Rows> rows(int64_t band) const;
  /// The parameters of a stage that sees the band's rows alone.
  std::vector<int64_t> bandParams(size_t stage, llvm::ArrayRef<Rows> rows) const;
  /// The most rows of a tensor in any band, and their sum over all bands: more than its height where bands overlap.
  int64_t mostRows(size_t tensor) const;
  int64_t sumRows(size_t tensor) const;
  bool hasResidual() const { return stages.back().params[IK_CONV_RESIDUAL] != 0; }

  /// Where the rows of a band lie in a worker's scratch, in bytes: tensor by tensor, the residual, what the kernels ask for.
  struct Room {
    std::vector<int64_t> tensors;
    int64_t residual = 0, kernels = 0;
  };
  Room room() const;
};

} // namespace ingot

#endif
