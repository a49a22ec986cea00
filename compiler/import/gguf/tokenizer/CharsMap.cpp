// Reading and walking the double array. A unit: bits 0-7 and 31 its label, bit 8 says that its first child is a value, bits 10-30 the way to the
// children, 256 times as far when bit 9 is set; a value's unit has bit 31 and the place of its text.
#include "compiler/import/gguf/tokenizer/CharsMap.h"

#include "ingot/tokens.h"

#include "llvm/Support/Endian.h"

namespace ingot {

std::optional<CharsMap> CharsMap::parse(llvm::StringRef bytes, std::string &why) {
  CharsMap map;
  if (bytes.empty())
    return map;
  uint64_t units = bytes.size() >= 4 ? llvm::support::endian::read32le(bytes.data()) : 0;
  if (units == 0 || units % 4 != 0 || units > bytes.size() - 4) {
    why = "the map of characters has " + std::to_string(bytes.size()) + " bytes, and says that its first table has " + std::to_string(units);
    return std::nullopt;
  }
  map.replacements = bytes.drop_front(4 + units).str();
  if (!map.replacements.empty() && map.replacements.back() != '\0') {
    why = "the last text of the map of characters has no end";
    return std::nullopt;
  }
  for (size_t at = 4; at < 4 + units; at += 4)
    map.array.push_back(llvm::support::endian::read32le(bytes.data() + at));
  return map;
}

std::pair<size_t, llvm::StringRef> CharsMap::match(llvm::StringRef text) const {
  std::pair<size_t, llvm::StringRef> best{0, ""};
  if (array.empty())
    return best;
  size_t node = INGOT_TOKENS_UNIT_CHILD(array[0]);
  for (size_t i = 0; i < text.size(); ++i) {
    auto byte = static_cast<uint8_t>(text[i]);
    node ^= byte;
    if (node >= array.size() || INGOT_TOKENS_UNIT_LABEL(array[node]) != byte)
      break;
    bool ends = INGOT_TOKENS_UNIT_ENDS(array[node]);
    node ^= INGOT_TOKENS_UNIT_CHILD(array[node]);
    size_t place = ends && node < array.size() ? INGOT_TOKENS_UNIT_VALUE(array[node]) : replacements.size();
    if (place < replacements.size())
      best = {i + 1, llvm::StringRef(replacements.c_str() + place)};
  }
  return best;
}

} // namespace ingot
