// Private to import/gguf: reads numbers of the metadata, each checked for kind and range; collects what is wrong instead of stopping.
#ifndef INGOT_COMPILER_IMPORT_GGUF_LLMKEYS_H
#define INGOT_COMPILER_IMPORT_GGUF_LLMKEYS_H

#include "compiler/import/gguf/GgufReader.h"

#include "llvm/ADT/StringSet.h"

namespace ingot {

constexpr int64_t kMaxExtent = int64_t(1) << 24; // widths, heads, vocabulary, context: far above any model, and products stay in int64

class LlmKeys {
public:
  LlmKeys(const GgufFile &file, llvm::StringRef arch, Diagnostics &diagnostics) : file(file), arch(arch.str()), diagnostics(diagnostics) {}

  /// "<arch>.<key>" in [low, high]; `fallback` when it is not there, and an error when that is empty too. What was wrong gives `low`.
  int64_t integer(llvm::StringRef key, std::optional<int64_t> fallback = std::nullopt, int64_t low = 1, int64_t high = kMaxExtent);
  /// One number for all blocks, or an array with one for each.
  std::vector<int64_t> perBlock(llvm::StringRef key, int64_t blocks, std::optional<int64_t> fallback, int64_t low, int64_t high);
  /// A finite number above `low`.
  double real(llvm::StringRef key, std::optional<double> fallback, double low);
  /// One number for all blocks, or an array with one for each, none below 0.
  std::vector<double> realPerBlock(llvm::StringRef key, int64_t blocks, double fallback);
  /// A word; "" when it is not there.
  std::string word(llvm::StringRef key);
  /// True or false.
  bool flag(llvm::StringRef key, bool fallback);
  /// Whether the file has it.
  bool has(llvm::StringRef key) { return find(key) != nullptr; }
  /// The value as it is; null when it is not there.
  const GgufValue *value(llvm::StringRef key) { return find(key); }
  /// A finite number for each block, under a key that has no architecture before it.
  std::vector<double> realsOfBlocks(llvm::StringRef key, int64_t blocks);
  /// Keys of the architecture that nothing asked for, but for those that say nothing about the numbers, are errors: what a key does is not guessed.
  void refuseUnread();
  bool failed() const { return hasFailed; }
  void fail(llvm::StringRef code, llvm::StringRef key, std::string what, std::string expected = "");

private:
  const GgufValue *find(llvm::StringRef key);
  const GgufFile &file;
  std::string arch;
  Diagnostics &diagnostics;
  bool hasFailed = false;
  llvm::StringSet<> asked;
};

} // namespace ingot

#endif
