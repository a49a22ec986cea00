// A language model made ready to run: compiled with the entry points that a command needs, loaded where its device runs, fed token by token.
#ifndef INGOT_TOOLS_INGOT_LANGUAGEMODEL_H
#define INGOT_TOOLS_INGOT_LANGUAGEMODEL_H

#include "tools/ingot/BuiltModel.h"

namespace ingot {

class LanguageModel {
public:
  /// Loads the package of MODEL when that is a folder with one that fits, else compiles `options.modelPath` with the entries of `options.llm`.
  /// Null: reported.
  static std::unique_ptr<LanguageModel> open(const Context &context, CompileOptions options);

  /// Tokens of context that the program has room for; numbers of a token's logits or of an embedding.
  int64_t ctx() const { return options.llm.ctx; }
  size_t vocabulary() const { return vocabularySize; }
  llvm::StringRef device() const { return deviceName; }
  const Program *program(llvm::StringRef entry) const;
  double loadSeconds() const { return loadTime; }

  /// Sequences that the program holds.
  int64_t sequences() const;

  /// Runs tokens of a sequence at `position` and after; `logits` [vocabulary] become those of the last. False: reported.
  bool prefill(llvm::ArrayRef<int32_t> tokens, int64_t position, int64_t workers, int32_t sequence = 0);
  /// One token of sequence 0.
  bool decode(int32_t token, int64_t position, int64_t workers);
  /// One token each of sequences 0, 1, ... at positions of their own, none where the position is negative; `logits` are then a row a sequence.
  bool decodeBatch(llvm::ArrayRef<int32_t> tokens, llvm::ArrayRef<int32_t> positions, int64_t workers);
  /// Runs tokens at `position` and after, and calls `row(i, logits)` for each in order.
  bool score(llvm::ArrayRef<int32_t> tokens, int64_t position, int64_t workers, llvm::function_ref<void(size_t, llvm::ArrayRef<float>)> row);
  /// The vector [vocabulary() is its length] of a whole text. False: reported.
  bool embed(llvm::ArrayRef<int32_t> tokens, int64_t workers, llvm::MutableArrayRef<float> vector);
  /// Forgets all tokens.
  bool reset();

  llvm::ArrayRef<float> logits() const { return lastLogits; }

private:
  LanguageModel(const Context &context, CompileOptions options) : context(context), options(std::move(options)) {}
  bool compile();
  bool load(const BuiltModel &package);
  size_t entryIndex(llvm::StringRef entry) const;
  size_t rowsOf(llvm::StringRef entry) const; // tokens of one step
  bool run(llvm::StringRef entry, llvm::ArrayRef<int32_t> tokens, int64_t position, int32_t count, float *out, int64_t workers, int32_t sequence = 0);
  bool check(llvm::Error error);

  const Context &context;
  CompileOptions options;
  std::unique_ptr<BuiltModel> built; // else
  Session session;        // when it was compiled
  WeightsSegment weights; // of what was compiled; outlives the program
  std::vector<Program> programs;
  std::unique_ptr<LoadedProgram> loaded;
  std::string deviceName;
  size_t vocabularySize = 0;
  double loadTime = 0; // seconds
  std::vector<float> lastLogits, rows;
};

/// The compile options of a command for a language model: the ones of the command line, with these entries. Nullopt: reported
/// (IG0411 when MODEL is none).
std::optional<CompileOptions> languageOptions(const Context &context, llvm::StringRef model, std::vector<std::string> entries);

/// The context that a model file says it was trained for, or `fallback`.
int64_t trainedContext(llvm::StringRef path, int64_t fallback);

/// True when the file says how a text becomes one vector: then that is what `run` and `test` make of it.
bool isEmbeddingModel(llvm::StringRef path);

/// True when MODEL is a GGUF file, or a folder that was built from one.
bool isLanguageModel(llvm::StringRef model);

/// The ids of the array "tokens" of a file. Nullopt: reported.
std::optional<std::vector<int32_t>> tokensOf(const Context &context, const NamedTensors &arrays, const std::string &file);
/// Tokens that a model file knows: rows of its embedding. 0: it has none.
size_t tokensOfModel(llvm::StringRef path);

/// What `run`, `test` and `bench` do with a language model.
int runLanguageModel(const Context &context);
int testLanguageModel(const Context &context);
int benchLanguageModel(const Context &context);

} // namespace ingot

#endif
