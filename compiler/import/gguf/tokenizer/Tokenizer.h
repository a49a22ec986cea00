// Text to token ids and back, by the tables of a GGUF file. One class a tokenizer model, one file a class; makeTokenizer picks it by name.
// Any byte string can be encoded. Special tokens are recognised in text only when asked for: text from elsewhere cannot forge them.
#ifndef INGOT_COMPILER_IMPORT_GGUF_TOKENIZER_TOKENIZER_H
#define INGOT_COMPILER_IMPORT_GGUF_TOKENIZER_TOKENIZER_H

#include "compiler/Diag.h"
#include "compiler/import/gguf/tokenizer/Vocabulary.h"

#include "llvm/ADT/ArrayRef.h"

#include <memory>

namespace ingot {

/// A set of texts found in another text: at each place the longest one.
class TokenFinder {
public:
  void add(llvm::StringRef text, int32_t id);
  /// The longest text at the beginning of `text`: its id and length; kNoToken for none.
  std::pair<int32_t, size_t> match(llvm::StringRef text) const;

private:
  llvm::DenseMap<uint64_t, uint32_t> edges; // node << 8 | byte -> node
  std::vector<int32_t> ids{kNoToken};       // of each node
};

struct TokenTables;

class Tokenizer {
public:
  virtual ~Tokenizer() = default;

  /// Ids of a text. User-defined tokens are found always; control tokens only when `special` is set.
  std::vector<int32_t> encode(llvm::StringRef text, bool special) const;
  /// BOS where the model asks for one, then encode().
  std::vector<int32_t> encodePrompt(llvm::StringRef text, bool special) const;
  /// A whole text as models of embeddings want it: with the tokens that begin and end one.
  std::vector<int32_t> encodeText(llvm::StringRef text) const;
  /// Places begin .. end - 1 of a text.
  struct Span {
    size_t begin, end;
  };
  /// encodePrompt() of a text with control tokens, but for the places `words`, in which only user-defined ones are found.
  std::vector<int32_t> encodeChat(llvm::StringRef text, llvm::ArrayRef<Span> words) const;
  /// Text of ids: `special` writes control tokens too. Ids must be in the vocabulary.
  std::string decode(llvm::ArrayRef<int32_t> ids, bool special) const;

  /// True when a sequence begins with BOS.
  bool addsBos() const { return vocabulary.addBos.value_or(bosByDefault()) && vocabulary.has(textBegin()); }
  const Vocabulary &vocab() const { return vocabulary; }

protected:
  explicit Tokenizer(Vocabulary tables);

  /// Ids of a text without special tokens. `afterSpecial`: the text begins the input or follows a special token.
  virtual void encodePlain(llvm::StringRef text, bool afterSpecial, std::vector<int32_t> &ids) const = 0;
  /// Bytes of a normal token.
  virtual void decodePlain(llvm::StringRef token, std::string &out) const = 0;
  /// True when the text of a sequence's first word has a space before it that encode added.
  virtual bool prefixesSpace() const = 0;
  virtual bool bosByDefault() const = 0;
  /// What the class adds to the tables that devices read.
  virtual void describe(TokenTables &tables) const = 0;
  /// Tokens around a whole text; kNoToken: none.
  virtual int32_t textBegin() const { return vocabulary.bos; }
  virtual int32_t textEnd() const { return vocabulary.addEos.value_or(false) ? vocabulary.eos : kNoToken; }

  const Vocabulary vocabulary;

private:
  std::vector<int32_t> begun(std::vector<int32_t> ids, bool special) const;
  std::vector<int32_t> encodeSpans(llvm::StringRef text, bool special, llvm::ArrayRef<Span> words) const;
  friend class TextStream;
  friend class TokenTableWriter;
  void decodeInto(int32_t id, bool special, std::string &out) const;

  TokenFinder userTokens, allTokens; // user-defined; with control tokens
};

/// Text of ids that come one after the other. Bytes of a character that is not complete yet are held back.
class TextStream {
public:
  TextStream(const Tokenizer &tokenizer, bool special) : tokenizer(tokenizer), special(special) {}
  /// What the id, which is in the vocabulary, adds to the text.
  std::string add(int32_t id);
  /// What is still held back.
  std::string finish() { return std::move(held); }

private:
  const Tokenizer &tokenizer;
  bool special, begun = false; // begun: the text has its first word
  std::string held;
};

/// The tokenizer of a vocabulary. Null: reported (IG0651 unknown model, IG0652 unknown pre-tokenizer, IG0653 faulty tables).
std::unique_ptr<Tokenizer> makeTokenizer(Vocabulary vocabulary, Diagnostics &diagnostics);

/// The classes, one function each; `vocabulary` is finished and its tables are as long as each other.
std::unique_ptr<Tokenizer> makeSentencePieces(Vocabulary vocabulary, Diagnostics &diagnostics);
std::unique_ptr<Tokenizer> makeBytePairs(Vocabulary vocabulary, Diagnostics &diagnostics);
std::unique_ptr<Tokenizer> makeUnigram(Vocabulary vocabulary, Diagnostics &diagnostics);
std::unique_ptr<Tokenizer> makeWordPieces(Vocabulary vocabulary, Diagnostics &diagnostics);

} // namespace ingot

#endif
