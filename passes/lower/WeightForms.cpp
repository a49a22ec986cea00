// Predicts the time of a product for each form of its weights and takes the best.
#include "passes/lower/WeightForms.h"

#include "targets/common/ukernels/quant.h"

#include "llvm/Support/FormatVariadic.h"
namespace ingot {
namespace {

constexpr double kFewZeros = 0.125; // the share of zeros below which not even "bits" saves bytes
constexpr double kMargin = 1.05;    // predictions are within some percent

int64_t upTo(int64_t n, int64_t step) { return (n + step - 1) / step * step; }
double real(int64_t n) { return static_cast<double>(n); }

/// One form and what it would take.
struct Candidate {
  WeightForm form;
  const char *name;
  int64_t stored, bytes;
  double time;
};

double denseTime(const WeightUse &use, const WeightCosts &c) {
  double quads = real((use.shape.depth + 3) / 4), fetch = real(use.shape.denseBytes()) / 64 * c.fetch;
  int64_t vectors = use.shape.panels() * use.shape.panel / 8; // of 8 outputs
  if (use.isConv)
    return fetch + real(vectors * upTo(use.rows, 48)) / 2 * quads * c.dot;
  double inTiles = real(use.rows - use.rows % static_cast<int64_t>(c.rows));
  return fetch + real(vectors) / 2 * quads * (inTiles * c.dot + (real(use.rows) - inTiles) * c.dotAlone);
}

Candidate quads4x1(const WeightUse &use, const StoredCounts &stored, const WeightCosts &c) {
  int64_t bytes = IK_QUADS_BYTES(use.outputs(), stored.quads), vectors = upTo(use.rows, use.isConv ? 48 : 16) / 16;
  double time = real(bytes) / 64 * c.fetch + real(stored.quads) * real(vectors) * (vectors == 1 ? c.quadAlone : c.quad);
  return {WeightForm::Quads4x1, "4x1", stored.quads, bytes, time};
}

Candidate bits(const WeightUse &use, const StoredCounts &stored, const WeightCosts &c) {
  int64_t bytes = IK_BITS_BYTES(use.shape.panels(), use.shape.panelBytes(), stored.values);
  int64_t tiles = upTo(use.rows, use.isConv ? 48 : IK_QROWS) / (use.isConv ? 48 : IK_QROWS);
  double saved = real(use.shape.denseBytes() - bytes) / 64 * c.fetch;
  return {WeightForm::Bits, "bits", stored.values, bytes, denseTime(use, c) - saved + real(tiles) * real(use.shape.denseBytes()) / 64 * c.expand};
}

std::string ratioText(double ratio) { return llvm::formatv("{0:F2}", ratio).str(); }

/// The best form by the request among those that fit their fields and take fewer bytes than the dense one.
std::optional<Candidate> bestSparse(const WeightUse &use, const StoredCounts &stored, const WeightRequest &request) {
  constexpr int64_t kMost = int64_t(1) << 31; // starts are 32-bit
  Candidate all[] = {quads4x1(use, stored, *request.costs), bits(use, stored, *request.costs)};
  std::optional<Candidate> best;
  for (const Candidate &c : all) {
    bool fits = c.stored < kMost && c.bytes < use.shape.denseBytes() && (c.form == WeightForm::Bits || (use.shape.depth + 3) / 4 <= IK_QSPARSE_QUADS);
    if (fits && (!best || (request.storage == SparseStorage::Smallest ? c.bytes < best->bytes : c.time < best->time)))
      best = c;
  }
  return best;
}

} // namespace

WeightChoice chooseForm(const WeightUse &use, const StoredCounts &stored, const WeightRequest &request) {
  WeightChoice choice;
  double count = real(use.outputs()) * real(use.shape.depth), zeros = count > 0 ? 1 - real(stored.values) / count : 0;
  choice.bytes = use.shape.denseBytes();
  choice.note = {"", "dense", "few zeros", 1 - zeros, choice.bytes, choice.bytes};
  if (zeros < kFewZeros)
    return choice;
  choice.isRemarkable = true;
  choice.note.why = !request.costs ? "dense kept: device '" + request.device + "' has no sparse kernels" : "dense kept: --sparse never";
  if (!request.costs || request.storage == SparseStorage::Never)
    return choice;
  std::optional<Candidate> found = bestSparse(use, stored, request);
  choice.note.why = "dense kept: no sparse form has fewer bytes";
  if (!found)
    return choice;
  const Candidate &best = *found;
  double ratio = best.time / denseTime(use, *request.costs);
  std::string bytesText = std::to_string(best.bytes) + " of " + std::to_string(choice.bytes) + " bytes";
  choice.note.why = std::string("dense kept: ") + best.name + " (" + bytesText + ") would be " + ratioText(ratio) + " x slower";
  if (request.storage == SparseStorage::Fastest && ratio * kMargin > 1)
    return choice;
  choice.form = best.form;
  choice.stored = best.stored;
  choice.bytes = choice.note.bytes = best.bytes;
  choice.isRemarkable = false;
  choice.note.form = best.name;
  choice.note.why = ratio < 1 ? "predicted " + ratioText(1 / ratio) + " x faster than dense" : "asked for: predicted " + ratioText(ratio) + " x slower than dense";
  return choice;
}

std::optional<WeightNote> denseNote(const Tensor &weights, const WeightRequest &request) {
  int64_t zeros = 0;
  if (weights.dtype() == DType::F32)
    zeros = llvm::count(weights.as<float>(), 0.0f);
  else if (weights.dtype() == DType::I8 || weights.dtype() == DType::U8)
    zeros = llvm::count(weights.as<uint8_t>(), weights.dtype() == DType::U8 ? 128 : 0);
  if (real(zeros) < kFewZeros * real(weights.count()) || zeros == 0)
    return std::nullopt;
  std::string why = weights.dtype() == DType::F32 ? "dense kept: f32 weights have no sparse form; --quantize int8 gives them one"
                                                   : "dense kept: device '" + request.device + "' has no sparse kernel for this product";
  return WeightNote{"", "dense", why, 1 - real(zeros) / real(weights.count()), weights.bytes(), weights.bytes()};
}

void packForm(WeightForm form, int64_t stored, const ByteMatrix &weights, const PanelShape &shape, char *out) {
  switch (form) {
  case WeightForm::Dense: return packDensePanels(weights, shape, out);
  case WeightForm::Bits: return packBits(weights, shape, out);
  case WeightForm::Quads4x1: return packQuads4x1(weights, {0, stored}, out);
  }
}

} // namespace ingot
