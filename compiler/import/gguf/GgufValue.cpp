// Typed access to metadata. The parser has checked that the payload has the bytes of its kind; strings of an array are cut anew on demand.
#include "compiler/import/gguf/GgufParser.h"

#include "llvm/Support/Endian.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"

namespace ingot {
namespace {

template <typename T> T load(llvm::StringRef bytes, uint64_t i) {
  return llvm::support::endian::read<T, llvm::endianness::little>(bytes.data() + i * sizeof(T));
}

/// Element `i` as an integer; nullopt for other kinds and for a u64 beyond int64.
std::optional<int64_t> intAt(GgufKind kind, llvm::StringRef bytes, uint64_t i) {
  switch (kind) {
  case GgufKind::U8:
    return load<uint8_t>(bytes, i);
  case GgufKind::I8:
    return load<int8_t>(bytes, i);
  case GgufKind::U16:
    return load<uint16_t>(bytes, i);
  case GgufKind::I16:
    return load<int16_t>(bytes, i);
  case GgufKind::U32:
    return load<uint32_t>(bytes, i);
  case GgufKind::I32:
    return load<int32_t>(bytes, i);
  case GgufKind::I64:
    return load<int64_t>(bytes, i);
  case GgufKind::U64: {
    uint64_t value = load<uint64_t>(bytes, i);
    return value <= INT64_MAX ? std::optional<int64_t>(value) : std::nullopt;
  }
  default:
    return std::nullopt;
  }
}

std::optional<double> floatAt(GgufKind kind, llvm::StringRef bytes, uint64_t i) {
  if (kind == GgufKind::F32)
    return llvm::bit_cast<float>(load<uint32_t>(bytes, i));
  if (kind == GgufKind::F64)
    return llvm::bit_cast<double>(load<uint64_t>(bytes, i));
  return std::nullopt;
}

std::optional<bool> boolAt(GgufKind kind, llvm::StringRef bytes, uint64_t i) {
  return kind == GgufKind::Bool ? std::optional<bool>(bytes[i] != 0) : std::nullopt;
}

/// All elements of an array through `at`; nullopt when any has none.
template <typename T, typename At> std::optional<std::vector<T>> elements(const GgufValue &value, llvm::StringRef bytes, At at) {
  if (value.kind() != GgufKind::Array || byteWidth(value.elementKind()) == 0)
    return std::nullopt;
  std::vector<T> list;
  list.reserve(value.size());
  for (uint64_t i = 0; i < value.size(); ++i) {
    std::optional<T> element = at(value.elementKind(), bytes, i);
    if (!element)
      return std::nullopt;
    list.push_back(*element);
  }
  return list;
}

std::string scalarText(GgufKind kind, llvm::StringRef bytes, uint64_t i) {
  if (std::optional<int64_t> number = intAt(kind, bytes, i))
    return std::to_string(*number);
  if (kind == GgufKind::U64)
    return std::to_string(load<uint64_t>(bytes, i));
  if (std::optional<double> number = floatAt(kind, bytes, i)) {
    std::string digits;
    llvm::raw_string_ostream(digits) << llvm::format("%g", *number);
    return digits;
  }
  return bytes[i] ? "true" : "false";
}

} // namespace

llvm::StringRef name(GgufKind kind) {
  constexpr llvm::StringLiteral kNames[] = {"u8", "i8", "u16", "i16", "u32", "i32", "f32", "bool", "string", "array", "u64", "i64", "f64"};
  return kNames[static_cast<int32_t>(kind)];
}

std::optional<int64_t> GgufValue::asInt() const { return intAt(valueKind, bytes, 0); }
std::optional<double> GgufValue::asFloat() const { return floatAt(valueKind, bytes, 0); }
std::optional<bool> GgufValue::asBool() const { return boolAt(valueKind, bytes, 0); }
std::optional<llvm::StringRef> GgufValue::asString() const {
  return valueKind == GgufKind::String ? std::optional<llvm::StringRef>(bytes) : std::nullopt;
}
std::optional<std::vector<int64_t>> GgufValue::asInts() const { return elements<int64_t>(*this, bytes, intAt); }
std::optional<std::vector<double>> GgufValue::asFloats() const { return elements<double>(*this, bytes, floatAt); }
std::optional<std::vector<bool>> GgufValue::asBools() const { return elements<bool>(*this, bytes, boolAt); }

std::optional<llvm::StringRef> GgufValue::asBytes() const {
  if (valueKind != GgufKind::Array || (element != GgufKind::U8 && element != GgufKind::I8))
    return std::nullopt;
  return bytes;
}

std::optional<std::vector<llvm::StringRef>> GgufValue::asStrings() const {
  if (valueKind != GgufKind::Array || element != GgufKind::String)
    return std::nullopt;
  std::vector<llvm::StringRef> list;
  list.reserve(count);
  llvm::StringRef rest = bytes;
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t length = load<uint64_t>(rest, 0);
    list.push_back(rest.substr(8, length));
    rest = rest.drop_front(8 + length);
  }
  return list;
}

std::string GgufValue::text(size_t limit) const {
  if (valueKind == GgufKind::String)
    return printable(bytes, limit);
  if (valueKind != GgufKind::Array)
    return scalarText(valueKind, bytes, 0);
  std::string head = llvm::formatv("[{0} x {1}]", name(element), count);
  llvm::StringRef rest = bytes;
  for (uint64_t i = 0; i < count && head.size() < limit; ++i) {
    head += i ? ", " : " ";
    if (element != GgufKind::String) {
      head += scalarText(element, bytes, i);
      continue;
    }
    uint64_t length = load<uint64_t>(rest, 0);
    head += "'" + printable(rest.substr(8, length), limit) + "'";
    rest = rest.drop_front(8 + length);
  }
  return head.size() <= limit ? head : printable(head, limit);
}

} // namespace ingot
