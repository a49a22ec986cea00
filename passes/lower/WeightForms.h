// In which form constant 8-bit weights of a product or convolution are stored: dense, or without their zeros where the device has kernels for
// that and they are predicted to be faster. What was looked at and why it came out so is noted for the report.
#ifndef INGOT_PASSES_LOWER_WEIGHTFORMS_H
#define INGOT_PASSES_LOWER_WEIGHTFORMS_H

#include "compiler/reference/Tensor.h"
#include "passes/lower/SparsePack.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ingot {

/// How long the kernels of quant.h's forms take on a device, measured, in picoseconds; a target states them for each of its levels.
struct WeightCosts {
  double fetch;           // 64 bytes of weights, read
  double dot, dotAlone;   // one quad of 16 outputs by a row: in a tile of `rows` rows, alone
  double rows;
  double quad, quadAlone; // one stored quad by 16 rows: in tiles of two times 16 and more, alone
  double expand;          // 64 weights of the form "bits"
  bool hasMatrixRegisters = false; // products of bf16 and of bytes over places, and those of blocks, are made by whole matrices (amx.h)
  bool roundsToBf16 = false;       // an instruction rounds normal f32 to bf16
};

/// --sparse.
enum class SparseStorage { Fastest, Smallest, Never };

/// One constant weight that was looked at.
struct WeightNote {
  std::string node; // of the model
  std::string form; // "dense", "4x1", "bits"
  std::string why;
  double density = 1;                // share of weights that are not zero
  int64_t bytesDense = 0, bytes = 0; // packed
};

/// What lowerings need to choose, and where they note it.
struct WeightRequest {
  const WeightCosts *costs = nullptr; // null: the device has no kernels for these forms
  SparseStorage storage = SparseStorage::Fastest;
  std::string device;
  std::vector<WeightNote> notes;
  // What was found of weights, by their names: each shape of a model asks again.
  std::map<std::string, std::optional<WeightNote>> dense;
  std::map<std::string, StoredCounts> stored; // with the strides
};

enum class WeightForm { Dense, Quads4x1, Bits };

/// A product of `rows` by the weights; pixels of a convolution count as rows.
struct WeightUse {
  PanelShape shape;
  int64_t rows;
  bool isConv;
  int64_t outputs() const { return shape.groups * shape.channels; }
};

struct WeightChoice {
  WeightForm form = WeightForm::Dense;
  int64_t bytes = 0;  // of the packed weights
  int64_t stored = 0; // IK_Q_STORED
  bool isRemarkable = false; // many zeros, and dense all the same
  WeightNote note;
};
WeightChoice chooseForm(const WeightUse &use, const StoredCounts &stored, const WeightRequest &request);

/// About weights that have no other form here, when their zeros are worth a word: a byte or f32 each.
std::optional<WeightNote> denseNote(const Tensor &weights, const WeightRequest &request);

/// Fills `out`, zero before, with the bytes of a WeightChoice.
void packForm(WeightForm form, int64_t stored, const ByteMatrix &weights, const PanelShape &shape, char *out);

} // namespace ingot

#endif
