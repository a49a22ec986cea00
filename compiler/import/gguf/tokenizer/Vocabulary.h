// What a GGUF file says about its tokenizer, as flat tables: a vocabulary is data that tokenizers read and never change.
#ifndef INGOT_COMPILER_IMPORT_GGUF_TOKENIZER_VOCABULARY_H
#define INGOT_COMPILER_IMPORT_GGUF_TOKENIZER_VOCABULARY_H

#include "compiler/Diag.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringRef.h"


namespace ingot {

/// tokenizer.ggml.token_type.
enum class TokenType : uint8_t { Undefined = 0, Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, Unused = 5, Byte = 6 };

constexpr int32_t kNoToken = -1;

/// Can be moved, not copied: the index points into `tokens`.
struct Vocabulary {
  Vocabulary() = default;
  Vocabulary(Vocabulary &&) = default;

  std::string file;  // for messages
  std::string model; // tokenizer.ggml.model: "llama", "gemma4", "gpt2", "bert", "t5"
  std::string pre;   // tokenizer.ggml.pre; "" when the file has none
  std::string chatTemplate; // tokenizer.chat_template: compared with known ones, never executed
  std::vector<std::string> tokens;
  std::vector<float> scores;       // as many as tokens, or none
  std::vector<TokenType> types;    // as many as tokens
  std::string charsMap; // tokenizer.ggml.precompiled_charsmap (CharsMap.h); "" when the file has none
  std::vector<std::string> merges; // "left right", best first
  int32_t bos = kNoToken, eos = kNoToken, eot = kNoToken, unknown = kNoToken, separator = kNoToken, classify = kNoToken;
  std::vector<int32_t> suppressed; // tokens that a generation never chooses: tokenizer.ggml.suppress_tokens
  std::vector<int32_t> ends; // tokens that end a generation, ascending: eos, eot and the like
  std::optional<bool> addBos, addEos, addSpacePrefix, removeExtraSpaces; // as the file says; tokenizers have defaults

  size_t size() const { return tokens.size(); }
  bool has(int32_t id) const { return id >= 0 && static_cast<size_t>(id) < tokens.size(); }
  bool endsGeneration(int32_t id) const;
  /// Id of a token by its text, or kNoToken. Of equal texts the last id.
  int32_t find(llvm::StringRef text) const;

  /// Call once after the tables are filled: makes the index of find(), and fills `ends`.
  void finish();

private:
  llvm::DenseMap<llvm::StringRef, int32_t> index; // keys point into `tokens`; looked up, never walked
};

struct GgufFile;

/// The vocabulary of a model file. Nullopt: reported (IG0650 none there, IG0653 faulty tables).
std::optional<Vocabulary> readVocabulary(const GgufFile &file, Diagnostics &diagnostics);

} // namespace ingot

#endif
