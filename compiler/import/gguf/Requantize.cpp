// The choice of a type for each tensor, and the quantisation of a tensor's rows by several threads.
#include "compiler/import/gguf/Requantize.h"

#include "passes/compress/math/GgufBlocks.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <thread>

using llvm::StringRef;

namespace ingot {
namespace {

constexpr llvm::StringLiteral kFallbackCode = "IG0226";

/// How one type is made.
struct Method {
  llvm::StringLiteral type;
  uint32_t fileType;           // general.file_type, llama.cpp's number of the mix
  llvm::StringLiteral shorter; // the type for rows that are not whole blocks
  void (*quantize)(const float *, uint8_t *);
};
constexpr Method kMethods[] = {{"q8_0", 7, "", quantizeQ8_0},
                               {"q5_0", 8, "", quantizeQ5_0},
                               {"q4_0", 2, "", quantizeQ4_0},
                               {"q4_k", 14, "q5_0", quantizeQ4_K},
                               {"q6_k", 18, "q8_0", quantizeQ6_K}};

const Method &methodOf(StringRef type) { return *llvm::find_if(kMethods, [&](const Method &m) { return m.type == type; }); }

} // namespace

llvm::ArrayRef<llvm::StringLiteral> GgufRequantizer::types() {
  static constexpr llvm::StringLiteral names[] = {"q8_0", "q6_k", "q5_0", "q4_k", "q4_0"};
  return names;
}

uint32_t GgufRequantizer::fileType(StringRef type) { return methodOf(type).fileType; }

/// The type for whole blocks; null when the tensor stays as it is.
const GgufType *GgufRequantizer::wanted(const GgufTensor &tensor) const {
  // Read one value at a time, not multiplied with, or too few to matter.
  static constexpr llvm::StringLiteral kKept[] = {"ffn_gate_inp", "_norm", "position_embd", "token_types", "ssm_conv1d", "shortconv.conv", "attn_rel_b"};
  bool isKept = llvm::any_of(kKept, [&](StringRef part) { return tensor.name.contains(part); });
  bool isMatrix = tensor.shape.size() >= 2 && tensor.shape[1] > 1 && tensor.name.ends_with(".weight") && !isKept;
  bool isReal = tensor.type->name == "F32" || tensor.type->name == "F16" || tensor.type->name == "BF16";
  if (type.empty() || !isMatrix || !isReal)
    return nullptr;
  bool isOutput = tensor.name == "output.weight" || (tensor.name == "token_embd.weight" && !file.findTensor("output.weight"));
  bool isCoarse = type != "q8_0" && type != "q6_k";
  return findGgufType(isOutput && isCoarse ? StringRef("q6_k") : StringRef(type));
}

const GgufType &GgufRequantizer::typeFor(const GgufTensor &tensor) const {
  const GgufType *target = wanted(tensor);
  if (target && tensor.shape[0] % target->elements != 0) {
    StringRef shorter = methodOf(target->name.lower()).shorter;
    target = shorter.empty() ? nullptr : findGgufType(shorter);
  }
  return target && tensor.shape[0] % target->elements == 0 ? *target : *tensor.type;
}

void GgufRequantizer::warnOfFallbacks(Diagnostics &diagnostics) const {
  std::vector<std::string> found;
  for (const GgufTensor &tensor : file.tensors)
    if (const GgufType *target = wanted(tensor); target && target != &typeFor(tensor))
      found.push_back(printable(tensor.name) + " (rows of " + std::to_string(tensor.shape[0]) + ") is " + typeFor(tensor).name.str() + " instead of " + target->name.str());
  if (found.empty())
    return;
  std::string rest = found.size() > 1 ? ", and " + std::to_string(found.size() - 1) + " more" : "";
  diagnostics.report(kFallbackCode, found.front() + rest, {file.path}, "Q4_0, Q5_0 and Q8_0 have blocks of 32 and fit more widths than the types of 256");
}

void GgufRequantizer::quantize(const GgufTensor &tensor, const GgufType &target, char *out, BlockLoss *loss) {
  constexpr int64_t kPart = 8; // rows a thread takes at a time
  const Method &method = methodOf(target.name.lower());
  int64_t columns = tensor.shape[0], rows = tensor.elements() / columns, rowBytes = target.rowBytes(columns), sourceBytes = tensor.type->rowBytes(columns);
  std::vector<BlockLoss> losses(loss ? static_cast<size_t>(rows) : 0);
  auto work = [&](int64_t first, int64_t step) {
    std::vector<float> row(static_cast<size_t>(columns)), back(row.size());
    for (int64_t part = first * kPart; part < rows; part += step * kPart)
      for (int64_t r = part; r < std::min(part + kPart, rows); ++r) {
        uint8_t *blocks = reinterpret_cast<uint8_t *>(out) + r * rowBytes;
        (void)dequantizeRow(*tensor.type, tensor.data + r * sourceBytes, row.data(), columns);
        for (int64_t block = 0; block < columns / target.elements; ++block)
          method.quantize(row.data() + block * target.elements, blocks + block * target.bytes);
        if (!loss)
          continue;
        (void)dequantizeRow(target, blocks, back.data(), columns);
        for (size_t i = 0; i < row.size(); ++i) {
          double value = static_cast<double>(row[i]), error = value - static_cast<double>(back[i]);
          losses[static_cast<size_t>(r)].lost += error * error;
          losses[static_cast<size_t>(r)].all += value * value;
        }
      }
  };
  int64_t workers = std::clamp<int64_t>(std::thread::hardware_concurrency(), 1, (rows + kPart - 1) / kPart);
  std::vector<std::thread> threads;
  for (int64_t i = 1; i < workers; ++i)
    threads.emplace_back(work, i, workers);
  work(0, workers);
  for (std::thread &thread : threads)
    thread.join();
  for (const BlockLoss &part : losses) {
    loss->lost += part.lost;
    loss->all += part.all;
  }
}

} // namespace ingot
