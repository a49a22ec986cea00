// Numbers of the metadata. See LlmKeys.h.
#include "compiler/import/gguf/LlmKeys.h"

#include "llvm/Support/FormatVariadic.h"

#include <cmath>

namespace ingot {
namespace {

/// Keys that repeat what tensors or other keys say, or speak of training and tools.
constexpr llvm::StringLiteral kSilent[] = {"vocab_size",          "rope.scaling.finetuned",       "tensor_data_layout", "use_parallel_residual",
                                           "attention.max_bias",  "attention.layer_norm_epsilon", "expert_shared_count", "classifier.output_labels",
                                           "attention.group_norm_epsilon", "dense_2_feat_in", "dense_2_feat_out", "dense_3_feat_in", "dense_3_feat_out",
                                           // Of tensors that are understood, or refused: files of the Granite family have them without those tensors.
                                           "ssm.conv_kernel", "ssm.inner_size", "ssm.state_size", "ssm.time_step_rank", "ssm.group_count",
                                           "expert_shared_feed_forward_length",
                                           // Of the other norm; and of the images of a model whose text this is.
                                           "attention.layer_norm_rms_epsilon", "n_deepstack_layers"};

} // namespace

const GgufValue *LlmKeys::find(llvm::StringRef key) {
  asked.insert(key);
  return file.find(arch + "." + key.str());
}

void LlmKeys::refuseUnread() {
  for (const GgufEntry &entry : file.metadata) {
    llvm::StringRef key = entry.key;
    if (key.consume_front(arch + ".") && !asked.contains(key) && !llvm::is_contained(kSilent, key))
      fail("IG0641", key, "is not understood", "a key that the architecture '" + arch + "' is known to have");
  }
}

bool LlmKeys::flag(llvm::StringRef key, bool fallback) {
  const GgufValue *value = find(key);
  if (!value)
    return fallback;
  if (std::optional<bool> on = value->asBool())
    return *on;
  fail("IG0632", key, "cannot be", "true or false");
  return fallback;
}

void LlmKeys::fail(llvm::StringRef code, llvm::StringRef key, std::string what, std::string expected) {
  hasFailed = true;
  const GgufValue *value = find(key);
  Diagnostic d;
  d.code = code.str();
  d.what = "metadata key '" + printable(arch + "." + key.str()) + "' " + what;
  d.where.file = file.path;
  if (value) {
    d.where.byte = value->offset();
    d.found = value->text();
  }
  d.expected = std::move(expected);
  d.help = code == "IG0641" ? "the model may be newer than this Ingot; a result without it would be a guess" : "convert the model again with a current converter";
  diagnostics.report(std::move(d));
}

int64_t LlmKeys::integer(llvm::StringRef key, std::optional<int64_t> fallback, int64_t low, int64_t high) {
  const GgufValue *value = find(key);
  if (!value && fallback)
    return *fallback;
  if (!value) {
    fail("IG0631", key, "is missing");
    return low;
  }
  std::optional<int64_t> number = value->asInt();
  if (number && *number >= low && *number <= high)
    return *number;
  fail("IG0632", key, "cannot be", llvm::formatv("an integer from {0} to {1}", low, high));
  return low;
}

std::vector<int64_t> LlmKeys::perBlock(llvm::StringRef key, int64_t blocks, std::optional<int64_t> fallback, int64_t low, int64_t high) {
  const GgufValue *value = find(key);
  if (!value || value->kind() != GgufKind::Array)
    return std::vector<int64_t>(blocks, integer(key, fallback, low, high));
  std::optional<std::vector<int64_t>> numbers = value->size() == static_cast<uint64_t>(blocks) ? value->asInts() : std::nullopt;
  bool good = numbers && std::all_of(numbers->begin(), numbers->end(), [&](int64_t number) { return number >= low && number <= high; });
  if (good)
    return *numbers;
  fail("IG0632", key, "cannot be", llvm::formatv("{0} integers from {1} to {2}, one a block", blocks, low, high));
  return std::vector<int64_t>(blocks, low);
}

double LlmKeys::real(llvm::StringRef key, std::optional<double> fallback, double low) {
  const GgufValue *value = find(key);
  if (!value && fallback)
    return *fallback;
  if (!value) {
    fail("IG0631", key, "is missing");
    return 1;
  }
  std::optional<double> number = value->asFloat();
  if (number && std::isfinite(*number) && *number > low)
    return *number;
  fail("IG0632", key, "cannot be", llvm::formatv("a finite number above {0}", low));
  return 1;
}

std::vector<double> LlmKeys::realsOfBlocks(llvm::StringRef key, int64_t blocks) {
  const GgufValue *value = file.find(key);
  std::optional<std::vector<double>> numbers = value && value->kind() == GgufKind::Array ? value->asFloats() : std::nullopt;
  if (numbers && numbers->size() == static_cast<size_t>(blocks) && llvm::all_of(*numbers, [](double number) { return std::isfinite(number); }))
    return *numbers;
  hasFailed = true;
  diagnostics.report(value ? "IG0632" : "IG0631", llvm::formatv("metadata key '{0}' {1}", key, value ? "cannot be" : "is missing"), {file.path},
                     llvm::formatv("{0} finite numbers, one a block; convert the model again with a current converter", blocks));
  return std::vector<double>(static_cast<size_t>(blocks), 1);
}

std::vector<double> LlmKeys::realPerBlock(llvm::StringRef key, int64_t blocks, double fallback) {
  const GgufValue *value = find(key);
  if (!value || value->kind() != GgufKind::Array)
    return std::vector<double>(static_cast<size_t>(blocks), std::max(0.0, real(key, fallback, -1)));
  std::optional<std::vector<double>> numbers = value->asFloats();
  if (numbers && numbers->size() == static_cast<size_t>(blocks) && llvm::all_of(*numbers, [](double number) { return std::isfinite(number) && number >= 0; }))
    return *numbers;
  fail("IG0632", key, "cannot be", llvm::formatv("{0} finite numbers from 0 on, one a block", blocks));
  return std::vector<double>(static_cast<size_t>(blocks), fallback);
}

std::string LlmKeys::word(llvm::StringRef key) {
  const GgufValue *value = find(key);
  if (!value)
    return "";
  if (std::optional<llvm::StringRef> text = value->asString())
    return printable(*text);
  fail("IG0632", key, "cannot be", "a string");
  return "";
}

} // namespace ingot
