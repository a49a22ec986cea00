// device-tokenizer-test GGUF...: the runtime's tokenizer, which reads the container's tables in place, against the compiler's own, id for id and byte
// for byte: on the texts in GGUF.inp, on texts made to hurt and on random ones. Then damaged tables, which may give wrong ids and nothing worse.
#include "compiler/import/gguf/GgufReader.h"
#include "compiler/import/gguf/tokenizer/TokenTables.h"
#include "compiler/import/gguf/tokenizer/Tokenizer.h"

#include "ingot/container.h"
#include "ingot/tokenizer.h"

#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"

#include <random>

using namespace ingot;

namespace {

/// A container with the tables and no weights, on a boundary of 64 bytes. Hashes are left out: the device does not look at them.
class Container {
public:
  explicit Container(llvm::StringRef tables) {
    static const unsigned char kMagic[8] = INGOT_MAGIC_BYTES;
    uint64_t tablesAt = INGOT_SEGMENT_ALIGNMENT, weightsAt = llvm::alignTo(tablesAt + tables.size(), INGOT_SEGMENT_ALIGNMENT);
    words.resize(weightsAt / sizeof(uint64_t));
    std::memcpy(bytes(), kMagic, sizeof kMagic);
    put32(INGOT_AT_VERSION, INGOT_CONTAINER_VERSION);
    put32(INGOT_AT_SEGMENTS, 2);
    put64(INGOT_AT_FILE_BYTES, weightsAt);
    putSegment(0, INGOT_SEGMENT_TOKENIZER, tablesAt, tables.size());
    putSegment(1, INGOT_SEGMENT_WEIGHTS, weightsAt, 0);
    std::memcpy(bytes() + tablesAt, tables.data(), tables.size());
  }
  char *bytes() { return reinterpret_cast<char *>(words.data()); }
  size_t size() const { return words.size() * sizeof(uint64_t); }

private:
  void put32(uint64_t at, uint32_t value) { llvm::support::endian::write32le(bytes() + at, value); }
  void put64(uint64_t at, uint64_t value) { llvm::support::endian::write64le(bytes() + at, value); }
  void putSegment(uint64_t row, uint32_t kind, uint64_t offset, uint64_t size) {
    uint64_t at = INGOT_BOOT_HEADER_BYTES + INGOT_BOOT_SEGMENT_BYTES * row;
    put32(at, kind);
    put64(at + INGOT_SEGMENT_AT_OFFSET, offset);
    put64(at + INGOT_SEGMENT_AT_BYTES, size);
  }
  std::vector<uint64_t> words;
};

/// The ids of a text as a device finds them; nullopt: it says that something is wrong.
std::optional<std::vector<int32_t>> encode(const ingot_tokenizer &device, llvm::StringRef text, uint32_t flags) {
  std::vector<int32_t> ids(16 * text.size() + 3); // a normaliser may make it longer
  std::vector<uint64_t> workspace(INGOT_TOKENIZER_WORKSPACE_BYTES(text.size()) / sizeof(uint64_t));
  size_t count = 0;
  ingot_status status = ingot_encode(&device, flags, text.data(), text.size(), ids.data(), ids.size(), &count, workspace.data(), workspace.size() * sizeof(uint64_t));
  ids.resize(count);
  return status == INGOT_OK ? std::optional(ids) : std::nullopt;
}

/// The text of ids, with too little room at first. Control tokens before the text do not begin it.
std::string decode(const ingot_tokenizer &device, const Vocabulary &vocabulary, llvm::ArrayRef<int32_t> ids, uint32_t flags) {
  std::string text;
  uint32_t first = INGOT_TOKENS_FIRST;
  for (int32_t id : ids) {
    char small[2];
    size_t bytes = 0;
    ingot_status status = ingot_decode(&device, flags | first, id, small, sizeof small, &bytes);
    std::string part(bytes, 0);
    if (status == INGOT_TOO_SMALL)
      status = ingot_decode(&device, flags | first, id, part.data(), part.size(), &bytes);
    else
      std::memcpy(part.data(), small, bytes);
    text += status == INGOT_OK ? part : "<" + std::to_string(status) + ">";
    TokenType type = vocabulary.types[static_cast<size_t>(id)];
    first = type == TokenType::Control || type == TokenType::Unknown ? first : 0;
  }
  return text;
}

std::vector<std::string> textsOf(llvm::StringRef path) {
  std::vector<std::string> texts{"", " ", "a", "  two  spaces ", "I'LL don't \xC3\x89\x63ole 12345\n\n  x=#!", "<s><end>a</s><|endoftext|><bos><start_of_turn>",
                                 "\xE2\x96\x81x\xE2\x96\x81 \xE2\x96\x81", "\xEF\xBF\xBD\xF4\x8F\xBF\xBF\xED\xA0\x80\xC0\x80", "\xE4\xBD\xA0\xE5\xA5\xBD \xED\x95\x9C\xEA\xB8\x80 Stra\xC3\x9F\x65",
                                 std::string(1 << 16, 'a'), std::string("nul\0l", 5)};
  if (llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> file = llvm::MemoryBuffer::getFile((path + ".inp").str())) {
    llvm::SmallVector<llvm::StringRef> parts;
    (*file)->getBuffer().split(parts, "\n__ggml_vocab_test__\n");
    for (llvm::StringRef part : parts)
      texts.push_back(part.str());
  }
  std::mt19937 random(1);
  for (int round = 0; round < 400; ++round) {
    std::string text(random() % 60, 0);
    for (char &byte : text)
      byte = round % 2 ? static_cast<char>(random() >> 8) : " abcdefghijklmnopqrstuvwxyzABC,.'\n0123"[random() % 39];
    texts.push_back(text);
  }
  return texts;
}

/// How many texts differ.
int compareAll(llvm::StringRef path, const Tokenizer &tokenizer, const ingot_tokenizer &device) {
  int wrong = 0;
  for (const std::string &text : textsOf(path)) {
    for (bool special : {false, true}) {
      uint32_t flag = special ? INGOT_TOKENS_SPECIAL : 0u;
      std::vector<int32_t> want = tokenizer.encodePrompt(text, special);
      wrong += encode(device, text, flag | INGOT_TOKENS_BEGIN) != want || encode(device, text, flag) != tokenizer.encode(text, special);
      if (llvm::all_of(want, [&](int32_t id) { return id != tokenizer.vocab().unknown; }))
        wrong += decode(device, tokenizer.vocab(), tokenizer.encode(text, special), flag) != tokenizer.decode(tokenizer.encode(text, special), special);
    }
    wrong += encode(device, text, INGOT_TOKENS_BEGIN | INGOT_TOKENS_END) != tokenizer.encodeText(text);
  }
  for (int32_t id = 0; tokenizer.vocab().has(id); ++id)
    wrong += (ingot_ends_text(&device, id) != 0) != tokenizer.vocab().endsGeneration(id);
  return wrong;
}

/// Tables with random bytes in them, most of them in the first kilobytes, where the header is: refused, or read without a fault.
void damage(llvm::StringRef tables) {
  std::mt19937 random(2);
  for (int round = 0; round < 300; ++round) {
    std::string bad = tables.str();
    for (int change = 0; change < 1 + round % 64; ++change)
      bad[random() % (round % 2 ? std::min<size_t>(bad.size(), 256) : bad.size())] = static_cast<char>(random());
    bad.resize(round % 7 ? bad.size() : random() % bad.size());
    Container container(bad);
    ingot_tokenizer device;
    if (ingot_tokenizer_open(&device, container.bytes(), container.size()) != INGOT_OK)
      continue;
    (void)encode(device, "I'll take 12 <s> of \xC3\x89 those\n", INGOT_TOKENS_BEGIN | INGOT_TOKENS_SPECIAL);
    char text[64];
    size_t count;
    for (int32_t id : {0, 1, 2, 70, 1 << 20})
      (void)ingot_decode(&device, 0, id, text, sizeof text, &count);
  }
}

int check(llvm::StringRef path) {
  Diagnostics diagnostics;
  std::optional<GgufFile> file = readGguf(path, diagnostics);
  std::optional<Vocabulary> vocabulary = file ? readVocabulary(*file, diagnostics) : std::nullopt;
  std::unique_ptr<Tokenizer> tokenizer = vocabulary ? makeTokenizer(std::move(*vocabulary), diagnostics) : nullptr;
  if (!tokenizer) {
    diagnostics.printText(llvm::errs(), false);
    return 1;
  }
  std::string tables = writeTokenTables(*tokenizer);
  Container container(tables);
  ingot_tokenizer device;
  if (ingot_tokenizer_open(&device, container.bytes(), container.size()) != INGOT_OK)
    return 1;
  int wrong = compareAll(path, *tokenizer, device);
  damage(tables);
  llvm::outs() << tokenizer->vocab().model << ": " << tokenizer->vocab().size() << " tokens, " << wrong << " texts differ\n";
  return wrong;
}

} // namespace

int main(int argc, char **argv) {
  int wrong = argc < 2;
  for (int i = 1; i < argc; ++i)
    wrong += check(argv[i]);
  return wrong != 0;
}
