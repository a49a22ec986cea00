// Writes the segment: hash tables are laid out here once, so that a device looks things up without building anything.
#include "compiler/import/gguf/tokenizer/TokenTables.h"
#include "compiler/import/gguf/tokenizer/Tokenizer.h"
#include "compiler/import/gguf/tokenizer/Unicode.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"

#include <array>
#include <map>

namespace ingot {
namespace {

constexpr uint32_t kFirstInvalid = 0x110000; // characters of bytes that are none follow the last code point

bool isSurrogate(uint32_t code) { return code >= 0xD800 && code <= 0xDFFF; }

template <typename T> std::string bytesOf(llvm::ArrayRef<T> values) {
  std::string bytes(values.size() * sizeof(T), '\0');
  for (size_t i = 0; i < values.size(); ++i)
    llvm::support::endian::write<T>(&bytes[i * sizeof(T)], values[i], llvm::endianness::little);
  return bytes;
}

/// Slots of a hash table that is at most half full.
uint32_t slotsFor(size_t entries) { return static_cast<uint32_t>(llvm::PowerOf2Ceil(std::max<size_t>(2 * entries, 2))); }

uint32_t hashText(llvm::StringRef text) {
  uint32_t hash = INGOT_TOKENS_HASH_SEED;
  for (char c : text)
    hash = INGOT_TOKENS_HASH_BYTE(hash, static_cast<uint8_t>(c));
  return INGOT_TOKENS_HASH_MIX(hash);
}

/// Entries of `Width` words in open addressing; word `Width - 1` is `free` where there is none.
template <size_t Width> class HashTable {
public:
  using Entry = std::array<uint32_t, Width>;
  HashTable(size_t entries, uint32_t free) : slots(slotsFor(entries)), free(free), words(slots * Width, 0) {
    for (size_t i = Width - 1; i < words.size(); i += Width)
      words[i] = free;
  }
  void add(uint32_t hash, Entry entry) {
    size_t at = hash & (slots - 1);
    while (words[at * Width + Width - 1] != free)
      at = (at + 1) & (slots - 1);
    llvm::copy(entry, words.begin() + static_cast<ptrdiff_t>(at * Width));
  }
  std::string bytes() const { return bytesOf<uint32_t>(words); }

private:
  size_t slots;
  uint32_t free;
  std::vector<uint32_t> words;
};

/// A value for every character in two stages: equal blocks of 256 are stored once.
template <typename T> class Blocks {
public:
  explicit Blocks(llvm::function_ref<T(uint32_t)> valueOf) {
    std::map<std::vector<T>, uint16_t> known;
    for (uint32_t block = 0; block < INGOT_TOKENS_BLOCKS; ++block) {
      std::vector<T> values;
      for (uint32_t i = 0; i < 256; ++i)
        values.push_back(valueOf(block << 8 | i));
      auto [at, fresh] = known.try_emplace(values, static_cast<uint16_t>(known.size()));
      if (fresh)
        entries.insert(entries.end(), values.begin(), values.end());
      places.push_back(at->second);
    }
  }
  std::vector<uint16_t> places;
  std::vector<T> entries;
};

} // namespace

uint32_t ascendingKey(float value) {
  auto bits = llvm::bit_cast<uint32_t>(value == 0 ? 0.0f : value);
  return bits >> 31 ? ~bits : bits | 0x80000000u;
}

class TokenTableWriter {
public:
  explicit TokenTableWriter(const Tokenizer &tokenizer) : tokenizer(tokenizer), vocabulary(tokenizer.vocab()) { tokenizer.describe(tables); }

  std::string write() {
    addVocabulary();
    addSpecial();
    addMerges();
    if (tables.needsClasses)
      addClasses();
    if (tables.fold)
      addFolds();
    out[INGOT_TOKENS_KEYS] = bytesOf<uint32_t>(tables.keys);
    out[INGOT_TOKENS_BYTES] = bytesOf<uint32_t>(tables.bytes);
    out[INGOT_TOKENS_SPELLING] = bytesOf<uint32_t>(tables.spelling);
    out[INGOT_TOKENS_PATTERNS] = bytesOf<uint32_t>(tables.patterns);
    out[INGOT_TOKENS_UNITS] = bytesOf<uint32_t>(tables.units);
    out[INGOT_TOKENS_REPLACEMENTS] = tables.replacements;
    return joined();
  }

private:
  void addVocabulary() {
    std::vector<uint32_t> offsets{0};
    HashTable<1> index(vocabulary.size(), 0);
    for (size_t id = 0; id < vocabulary.size(); ++id) {
      const std::string &token = vocabulary.tokens[id];
      out[INGOT_TOKENS_TEXTS] += token;
      offsets.push_back(static_cast<uint32_t>(out[INGOT_TOKENS_TEXTS].size()));
      out[INGOT_TOKENS_TYPES] += static_cast<char>(vocabulary.types[id]);
      if (vocabulary.find(token) == static_cast<int32_t>(id)) // of equal texts the last
        index.add(hashText(token), {static_cast<uint32_t>(id) + 1});
    }
    out[INGOT_TOKENS_OFFSETS] = bytesOf<uint32_t>(offsets);
    out[INGOT_TOKENS_INDEX] = index.bytes();
  }

  /// Special tokens as a tree of bytes; node 0 is its root.
  void addSpecial() {
    std::map<uint32_t, uint32_t> edges; // node << 8 | byte -> child
    std::vector<uint32_t> nodes(2, INGOT_TOKENS_NONE);
    for (size_t id = 0; id < vocabulary.size(); ++id) {
      TokenType type = vocabulary.types[id];
      bool user = type == TokenType::UserDefined;
      if (vocabulary.tokens[id].empty() || !(user || type == TokenType::Control || type == TokenType::Unknown))
        continue;
      uint32_t node = 0;
      for (char byte : vocabulary.tokens[id]) {
        auto [at, fresh] = edges.try_emplace(node << 8 | static_cast<uint8_t>(byte), static_cast<uint32_t>(nodes.size() / 2));
        if (fresh)
          nodes.resize(nodes.size() + 2, INGOT_TOKENS_NONE);
        node = at->second;
      }
      nodes[2 * node] = static_cast<uint32_t>(id);
      nodes[2 * node + 1] = user ? static_cast<uint32_t>(id) : nodes[2 * node + 1];
    }
    HashTable<2> table(edges.size(), 0);
    for (auto [key, child] : edges)
      table.add(INGOT_TOKENS_HASH_PAIR(key, 0u), {key, child});
    out[INGOT_TOKENS_EDGES] = table.bytes();
    out[INGOT_TOKENS_NODES] = bytesOf<uint32_t>(nodes);
    std::vector<uint32_t> ends(vocabulary.ends.begin(), vocabulary.ends.end());
    out[INGOT_TOKENS_ENDS_TABLE] = bytesOf<uint32_t>(ends);
  }

  void addMerges() {
    if (tables.merges.empty())
      return;
    HashTable<4> table(tables.merges.size(), INGOT_TOKENS_NONE);
    llvm::DenseMap<uint64_t, uint32_t> seen;
    for (const TokenTables::Merge &merge : tables.merges)
      if (seen.try_emplace(uint64_t(merge.left) << 32 | merge.right, merge.rank).second)
        table.add(INGOT_TOKENS_HASH_PAIR(merge.left, merge.right), {merge.left, merge.right, merge.rank, merge.made});
    out[INGOT_TOKENS_MERGES] = table.bytes();
  }

  void addClasses() {
    Blocks<uint8_t> classes([](uint32_t code) -> uint8_t {
      if (code >= kFirstInvalid)
        return 0;
      return static_cast<uint8_t>(static_cast<uint32_t>(categoryOf(code)) | (isSpace(code) ? INGOT_TOKENS_CLASS_SPACE : 0));
    });
    out[INGOT_TOKENS_CLASS_AT] = bytesOf<uint16_t>(classes.places);
    out[INGOT_TOKENS_CLASSES] = bytesOf<uint8_t>(classes.entries);
  }

  void addFolds() {
    std::vector<uint32_t> folded{0}; // place 0: itself
    std::map<std::vector<uint32_t>, uint32_t> known;
    Blocks<uint32_t> folds([&](uint32_t code) -> uint32_t {
      if (isSurrogate(code) || (code < kFirstInvalid && categoryOf(code) == Category::Cn))
        return 0;
      std::vector<uint32_t> parts = code >= kFirstInvalid ? std::vector<uint32_t>() : tables.fold(code);
      if (parts.size() == 1 && parts[0] == code)
        return 0;
      auto [at, fresh] = known.try_emplace(parts, static_cast<uint32_t>(folded.size()));
      if (fresh) {
        folded.push_back(static_cast<uint32_t>(parts.size()));
        folded.insert(folded.end(), parts.begin(), parts.end());
      }
      return at->second;
    });
    out[INGOT_TOKENS_FOLD_AT] = bytesOf<uint16_t>(folds.places);
    out[INGOT_TOKENS_FOLDS] = bytesOf<uint32_t>(folds.entries);
    out[INGOT_TOKENS_FOLDED] = bytesOf<uint32_t>(folded);
  }

  std::string joined() const {
    auto token = [&](int32_t id) { return vocabulary.has(id) ? static_cast<uint32_t>(id) : INGOT_TOKENS_NONE; };
    std::vector<uint32_t> header{INGOT_TOKENS_VERSION, tables.kind, tables.flags, static_cast<uint32_t>(vocabulary.size()),
                                 tokenizer.addsBos() ? token(tokenizer.textBegin()) : INGOT_TOKENS_NONE, token(tokenizer.textEnd()),
                                 token(vocabulary.unknown), tables.longest, static_cast<uint32_t>(vocabulary.ends.size()), tables.patternCount};
    uint64_t at = llvm::alignTo(INGOT_TOKENS_HEADER_WORDS * sizeof(uint32_t), 8);
    for (const std::string &table : out) {
      header.insert(header.end(), {static_cast<uint32_t>(at), static_cast<uint32_t>(table.size())});
      at = llvm::alignTo(at + table.size(), 8);
    }
    std::string segment = bytesOf<uint32_t>(header);
    for (const std::string &table : out) {
      segment.resize(llvm::alignTo(segment.size(), 8));
      segment += table;
    }
    return segment;
  }

  const Tokenizer &tokenizer;
  const Vocabulary &vocabulary;
  TokenTables tables;
  std::array<std::string, INGOT_TOKENS_TABLES> out;
};

std::string writeTokenTables(const Tokenizer &tokenizer) { return TokenTableWriter(tokenizer).write(); }

} // namespace ingot
