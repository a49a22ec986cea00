// UTF-8 by the table of well-formed sequences (Unicode 15, table 3-7); categories, case and decomposition come from utf8proc.
#include "compiler/import/gguf/tokenizer/Unicode.h"

#include <utf8proc.h>

#include <array>

namespace ingot {
namespace {

constexpr uint32_t kInvalidBase = 0x10FF00; // plane 16, private use: + byte

/// Length of the sequence that `lead` begins, and what its second byte may be; 0 for a byte that begins none.
struct Lead {
  uint8_t bytes, low, high;
};

Lead leadOf(uint8_t lead) {
  if (lead < 0x80)
    return {1, 0, 0};
  if (lead < 0xC2)
    return {0, 0, 0};
  if (lead < 0xE0)
    return {2, 0x80, 0xBF};
  if (lead < 0xF0)
    return {3, static_cast<uint8_t>(lead == 0xE0 ? 0xA0 : 0x80), static_cast<uint8_t>(lead == 0xED ? 0x9F : 0xBF)};
  if (lead < 0xF5)
    return {4, static_cast<uint8_t>(lead == 0xF0 ? 0x90 : 0x80), static_cast<uint8_t>(lead == 0xF4 ? 0x8F : 0xBF)};
  return {0, 0, 0};
}

/// Bytes of `text` that fit its lead byte, at most the sequence's length; 0 when the lead begins none.
size_t fitting(llvm::StringRef text, const Lead &lead) {
  if (lead.bytes == 0)
    return 0;
  size_t n = 1;
  while (n < lead.bytes && n < text.size()) {
    uint8_t byte = text[n];
    if (n == 1 ? byte < lead.low || byte > lead.high : (byte & 0xC0) != 0x80)
      break;
    ++n;
  }
  return n;
}

Character describe(uint32_t code, uint32_t bytes) {
  Character c;
  c.code = code;
  c.bytes = bytes;
  c.category = static_cast<uint32_t>(categoryOf(code));
  c.space = isSpace(code);
  c.valid = true;
  return c;
}

/// Characters of one byte, described once.
const std::array<Character, 128> &asciiTable() {
  static const std::array<Character, 128> table = [] {
    std::array<Character, 128> made;
    for (uint32_t i = 0; i < made.size(); ++i)
      made[i] = describe(i, 1);
    return made;
  }();
  return table;
}

} // namespace

Category categoryOf(uint32_t code) { return static_cast<Category>(utf8proc_category(static_cast<utf8proc_int32_t>(code))); }

bool isSpace(uint32_t code) {
  switch (code) {
  case 0x85: case 0xA0: case 0x1680: case 0x2028: case 0x2029: case 0x202F: case 0x205F: case 0x3000:
    return true;
  default:
    return code == ' ' || (code >= '\t' && code <= '\r') || (code >= 0x2000 && code <= 0x200A);
  }
}

Character firstCharacter(llvm::StringRef text) {
  uint8_t first = text[0];
  if (first < 0x80)
    return asciiTable()[first];
  Lead lead = leadOf(first);
  if (lead.bytes == 0 || fitting(text, lead) != lead.bytes) {
    Character c;
    c.code = kInvalidBase + first;
    c.bytes = 1;
    c.category = static_cast<uint32_t>(Category::Cn);
    c.space = c.valid = false;
    return c;
  }
  uint32_t code = first & (0xFF >> (lead.bytes + 1));
  for (size_t i = 1; i < lead.bytes; ++i)
    code = code << 6 | (static_cast<uint8_t>(text[i]) & 0x3F);
  return describe(code, lead.bytes);
}

std::vector<Character> charactersOf(llvm::StringRef text) {
  std::vector<Character> characters;
  characters.reserve(text.size());
  while (!text.empty()) {
    characters.push_back(firstCharacter(text));
    text = text.drop_front(characters.back().bytes);
  }
  return characters;
}

void appendUtf8(std::string &out, uint32_t code) {
  utf8proc_uint8_t bytes[4];
  utf8proc_ssize_t count = utf8proc_encode_char(static_cast<utf8proc_int32_t>(code), bytes);
  out.append(reinterpret_cast<const char *>(bytes), static_cast<size_t>(count));
}

size_t incompleteTail(llvm::StringRef text) {
  for (size_t back = 1; back <= 3 && back <= text.size(); ++back) {
    llvm::StringRef tail = text.take_back(back);
    Lead lead = leadOf(tail[0]);
    if (lead.bytes > back && fitting(tail, lead) == back)
      return back;
  }
  return 0;
}

std::vector<uint32_t> decompose(llvm::StringRef text) {
  std::vector<uint32_t> codes;
  codes.reserve(text.size());
  while (!text.empty()) {
    Character c = firstCharacter(text);
    text = text.drop_front(c.bytes);
    constexpr size_t kLongest = 32; // a canonical decomposition has at most 4 code points
    utf8proc_int32_t parts[kLongest];
    int bound = 0;
    utf8proc_ssize_t count = !c.valid ? 0
        : utf8proc_decompose_char(static_cast<utf8proc_int32_t>(c.code), parts, kLongest, static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE), &bound);
    if (count <= 0 || count > static_cast<utf8proc_ssize_t>(kLongest)) {
      codes.push_back(c.valid ? static_cast<uint32_t>(c.code) : 0xFFFD);
      continue;
    }
    for (utf8proc_ssize_t i = 0; i < count; ++i)
      codes.push_back(static_cast<uint32_t>(parts[i]));
  }
  return codes;
}

uint32_t lowerCase(uint32_t code) { return static_cast<uint32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(code))); }

} // namespace ingot
