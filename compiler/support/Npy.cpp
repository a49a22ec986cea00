// One .npy array: "\x93NUMPY", version, header length, a Python dict literal {'descr', 'fortran_order', 'shape'}, the elements.
#include "compiler/support/Npz.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cstring>

namespace ingot {
namespace {

constexpr llvm::StringLiteral kMagic("\x93NUMPY");
// numpy's own limit on dimensions is 64.
constexpr size_t kMaxRank = 64;

/// What the header says.
struct Header {
  DType type = DType::F32;
  bool bigEndian = false, fortran = false;
  std::vector<int64_t> shape;
};

std::optional<DType> dtypeOf(llvm::StringRef kind) {
  return llvm::StringSwitch<std::optional<DType>>(kind)
      .Case("b1", DType::Bool).Case("i1", DType::I8).Case("i2", DType::I16).Case("i4", DType::I32).Case("i8", DType::I64)
      .Case("u1", DType::U8).Case("u2", DType::U16).Case("u4", DType::U32).Case("u8", DType::U64)
      .Case("f2", DType::F16).Case("f4", DType::F32).Case("f8", DType::F64)
      .Default(std::nullopt);
}

llvm::StringRef descrOf(DType type) {
  switch (type) {
  case DType::Bool: return "|b1";
  case DType::I8: case DType::I4: case DType::I2: return "|i1";
  case DType::I16: return "<i2";
  case DType::I32: return "<i4";
  case DType::I64: return "<i8";
  case DType::U16: case DType::BF16: return "<u2";
  case DType::U32: return "<u4";
  case DType::U64: return "<u8";
  case DType::F16: return "<f2";
  case DType::F32: return "<f4";
  case DType::F64: return "<f8";
  case DType::U8: case DType::U4: case DType::U2: case DType::F8E4M3FN: case DType::F8E4M3FNUZ: case DType::F8E5M2: case DType::F8E5M2FNUZ:
  case DType::F8E8M0: case DType::F4E2M1: return "|u1";
  }
  return "|u1";
}

/// A reader of the header's dict; every method returns false on a surprise.
class DictReader {
public:
  explicit DictReader(llvm::StringRef text) : text(text) {}

  bool read(Header &header, std::string &why) {
    if (!eat("{"))
      return fail(why, "the header is not a dictionary");
    while (!eat("}")) {
      std::optional<std::string> key = quoted();
      if (!key || !eat(":"))
        return fail(why, "the header has a bad key");
      if (!readValue(*key, header, why))
        return false;
      if (!eat(",") && !peek("}"))
        return fail(why, "the header lacks a comma");
    }
    if (!sawType || !sawOrder || !sawShape)
      return fail(why, "the header lacks 'descr', 'fortran_order' or 'shape'");
    return true;
  }

private:
  static bool fail(std::string &why, llvm::StringRef reason) {
    why = reason.str();
    return false;
  }
  bool peek(llvm::StringRef token) {
    text = text.ltrim(" \n\r\t");
    return text.starts_with(token);
  }
  bool eat(llvm::StringRef token) { return peek(token) && text.consume_front(token); }

  std::optional<std::string> quoted() {
    llvm::StringRef quote = peek("\"") ? "\"" : "'";
    if (!eat(quote))
      return std::nullopt;
    size_t end = text.find(quote);
    if (end == llvm::StringRef::npos)
      return std::nullopt;
    std::string result = text.take_front(end).str();
    text = text.drop_front(end + 1);
    return result;
  }

  bool readValue(llvm::StringRef key, Header &header, std::string &why) {
    if (key == "descr")
      return readType(header, why);
    if (key == "fortran_order") {
      sawOrder = true;
      header.fortran = eat("True");
      return header.fortran || eat("False") || fail(why, "'fortran_order' is neither True nor False");
    }
    if (key == "shape")
      return readShape(header, why);
    return fail(why, "the header has an unknown key");
  }

  bool readType(Header &header, std::string &why) {
    std::optional<std::string> descr = quoted();
    if (!descr || descr->size() < 3)
      return fail(why, "it holds records or objects, not plain numbers");
    std::optional<DType> type = dtypeOf(llvm::StringRef(*descr).drop_front());
    if (!type || !llvm::StringRef("<>|=").contains((*descr)[0]))
      return fail(why, "element type '" + printable(*descr, 40) + "' is not a plain number");
    sawType = true;
    header.type = *type;
    header.bigEndian = (*descr)[0] == '>';
    return true;
  }

  bool readShape(Header &header, std::string &why) {
    sawShape = true;
    header.shape.clear();
    if (!eat("("))
      return fail(why, "'shape' is not a tuple");
    while (!eat(")")) {
      uint64_t extent = 0;
      text = text.ltrim(" \n\r\t");
      if (text.consumeInteger(10, extent) || extent > INT64_MAX || header.shape.size() >= kMaxRank)
        return fail(why, "'shape' holds something other than at most 64 extents");
      header.shape.push_back(static_cast<int64_t>(extent));
      (void)text.consume_front("L"); // Python 2 wrote long integers so
      if (!eat(",") && !peek(")"))
        return fail(why, "'shape' lacks a comma");
    }
    return true;
  }

  llvm::StringRef text;
  bool sawType = false, sawOrder = false, sawShape = false;
};

void swapBytes(char *data, int64_t count, int64_t width) {
  for (int64_t i = 0; i < count; ++i)
    std::reverse(data + i * width, data + (i + 1) * width);
}

/// Column-major elements of `shape` to row-major.
Tensor fromFortran(const Tensor &source, llvm::ArrayRef<int64_t> shape) {
  Tensor result(source.dtype(), shape);
  int64_t width = byteWidth(source.dtype());
  std::vector<int64_t> index(shape.size(), 0);
  char *out = result.mutableData();
  for (int64_t i = 0; i < result.count(); ++i) {
    int64_t from = 0;
    for (size_t d = shape.size(); d-- > 0;)
      from = from * shape[d] + index[d];
    std::memcpy(out + i * width, source.data() + from * width, width);
    for (size_t d = shape.size(); d-- > 0 && ++index[d] == shape[d];)
      index[d] = 0;
  }
  return result;
}

/// The dict's text, and the rest of `bytes` after it. False when the frame is damaged.
bool splitHeader(llvm::StringRef &bytes, llvm::StringRef &dict) {
  if (!bytes.consume_front(kMagic) || bytes.size() < 4)
    return false;
  unsigned major = static_cast<uint8_t>(bytes[0]);
  size_t prefix = major == 1 ? 4 : 6;
  if (major < 1 || major > 3 || bytes.size() < prefix)
    return false;
  uint32_t length = major == 1 ? llvm::support::endian::read16le(bytes.data() + 2) : llvm::support::endian::read32le(bytes.data() + 2);
  if (length > bytes.size() - prefix)
    return false;
  dict = bytes.substr(prefix, length);
  bytes = bytes.drop_front(prefix + length);
  return true;
}

} // namespace

std::optional<Tensor> parseNpy(llvm::StringRef bytes, std::string &why) {
  llvm::StringRef dict;
  Header header;
  if (!splitHeader(bytes, dict)) {
    why = "it is no .npy array (bad magic, version or header length)";
    return std::nullopt;
  }
  if (!DictReader(dict).read(header, why))
    return std::nullopt;
  int64_t width = byteWidth(header.type), size = 0;
  std::optional<int64_t> count = elementCount(header.shape);
  if (!count || llvm::MulOverflow(*count, width, size) || static_cast<uint64_t>(size) > bytes.size()) {
    why = "its shape asks for more bytes than there are (" + std::to_string(bytes.size()) + ")";
    return std::nullopt;
  }
  Tensor tensor(header.type, header.shape);
  if (size != 0)
    std::memcpy(tensor.mutableData(), bytes.data(), size);
  if (header.bigEndian && size != 0)
    swapBytes(tensor.mutableData(), *count, width);
  if (header.type == DType::Bool)
    for (int64_t i = 0; i < size; ++i)
      tensor.mutableData()[i] = tensor.data()[i] != 0;
  return header.fortran && header.shape.size() > 1 ? fromFortran(tensor, header.shape) : tensor;
}

std::string writeNpyBytes(const Tensor &tensor) {
  std::string shape;
  for (int64_t extent : tensor.shape())
    shape += std::to_string(extent) + (tensor.rank() == 1 ? "," : ", ");
  if (tensor.rank() > 1)
    shape.resize(shape.size() - 2);
  std::string dict = "{'descr': '" + descrOf(tensor.dtype()).str() + "', 'fortran_order': False, 'shape': (" + shape + "), }";
  // Magic, version and length take 10 bytes; the elements start at a multiple of 64.
  dict.append(63 - (10 + dict.size()) % 64, ' ');
  dict += '\n';
  std::string out = kMagic.str() + std::string("\x01\x00", 2);
  out += static_cast<char>(dict.size() & 0xff);
  out += static_cast<char>(dict.size() >> 8);
  out += dict;
  out.append(tensor.data(), tensor.bytes());
  return out;
}

} // namespace ingot
