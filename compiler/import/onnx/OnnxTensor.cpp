// TensorProto -> Tensor: shape, type and byte count are checked against each other before any byte is read. Sub-byte types are unpacked
// to one element a byte; bytes that already have a Tensor's layout are not copied.
#include "compiler/import/onnx/OnnxTensor.h"

#include "onnx-ml.pb.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <cstring>

namespace ingot {
namespace {

struct TypeRow {
  int onnx;
  DType type;
  int bits; // of one element in the file
};
constexpr TypeRow kTypes[] = {
    {1, DType::F32, 32},      {2, DType::U8, 8},         {3, DType::I8, 8},          {4, DType::U16, 16},   {5, DType::I16, 16},
    {6, DType::I32, 32},      {7, DType::I64, 64},       {9, DType::Bool, 8},        {10, DType::F16, 16},  {11, DType::F64, 64},
    {12, DType::U32, 32},     {13, DType::U64, 64},      {16, DType::BF16, 16},      {17, DType::F8E4M3FN, 8}, {18, DType::F8E4M3FNUZ, 8},
    {19, DType::F8E5M2, 8},   {20, DType::F8E5M2FNUZ, 8}, {21, DType::U4, 4},        {22, DType::I4, 4},    {23, DType::F4E2M1, 4},
    {24, DType::F8E8M0, 8},   {25, DType::U2, 2},        {26, DType::I2, 2}};

const TypeRow *findType(int64_t onnx) {
  for (const TypeRow &row : kTypes)
    if (row.onnx == onnx)
      return &row;
  return nullptr;
}

/// A tensor on its way from the file: the parts that every step needs.
struct Source {
  const onnx::TensorProto &proto;
  const TypeRow &type;
  std::vector<int64_t> shape;
  int64_t count;
  std::shared_ptr<const void> owner;
  OnnxError &error;

  std::nullopt_t fail(const char *code, const std::string &what, const char *help = "re-export the model; this file is damaged") const {
    error = {code, "tensor " + what, help};
    return std::nullopt;
  }
};

/// Element `i` of packed bytes, least significant bits first; signed types are sign-extended.
uint8_t unpack(const char *bytes, int64_t i, const TypeRow &type) {
  int64_t bit = i * type.bits;
  uint8_t value = (static_cast<uint8_t>(bytes[bit / 8]) >> (bit % 8)) & ((1u << type.bits) - 1);
  bool negative = isSignedInt(type.type) && (value >> (type.bits - 1)) != 0;
  return negative ? static_cast<uint8_t>(value | (0xffu << type.bits)) : value;
}

bool needsCopy(const Source &source, const MappedBytes &bytes) {
  if (source.type.bits < 8 || reinterpret_cast<uintptr_t>(bytes.data) % byteWidth(source.type.type) != 0)
    return true;
  if (source.type.type != DType::Bool)
    return false;
  return llvm::any_of(llvm::StringRef(bytes.data, bytes.size), [](char c) { return static_cast<unsigned char>(c) > 1; });
}

/// Little-endian bytes in the file's layout.
std::optional<Tensor> fromBytes(const Source &source, const MappedBytes &bytes) {
  uint64_t expected = (static_cast<uint64_t>(source.count) * source.type.bits + 7) / 8;
  if (bytes.size != expected)
    return source.fail("IG0108", llvm::formatv("has {0} bytes of data, its shape and type need {1}", bytes.size, expected));
  if (!needsCopy(source, bytes))
    return Tensor(source.type.type, source.shape, bytes.data, bytes.owner);
  Tensor tensor(source.type.type, source.shape);
  char *out = tensor.mutableData();
  if (source.type.bits < 8) {
    for (int64_t i = 0; i < source.count; ++i)
      out[i] = static_cast<char>(unpack(bytes.data, i, source.type));
    return tensor;
  }
  if (bytes.size != 0)
    std::memcpy(out, bytes.data, bytes.size);
  if (source.type.type == DType::Bool)
    for (int64_t i = 0; i < source.count; ++i)
      out[i] = out[i] != 0;
  return tensor;
}

/// A typed field whose entries have the tensor's own layout: a view.
template <typename Field> std::optional<Tensor> fromField(const Source &source, const Field &field) {
  if (field.size() != source.count)
    return source.fail("IG0108", llvm::formatv("has {0} values, its shape needs {1}", field.size(), source.count));
  return fromBytes(source, {reinterpret_cast<const char *>(field.data()), static_cast<uint64_t>(field.size()) * sizeof(*field.data()), source.owner});
}

/// A typed field whose entries are wider than the tensor's: keeps the low `width` bytes of each; packed types have one byte an entry.
template <typename Field> std::optional<Tensor> fromWideField(const Source &source, const Field &field) {
  int64_t entries = source.type.bits < 8 ? (source.count * source.type.bits + 7) / 8 : source.count;
  if (field.size() != entries)
    return source.fail("IG0108", llvm::formatv("has {0} values, its shape needs {1}", field.size(), entries));
  size_t width = source.type.bits < 8 ? 1 : source.type.bits / 8;
  auto packed = std::make_shared<std::vector<char>>(entries * width + 1);
  for (int64_t i = 0; i < entries; ++i)
    std::memcpy(packed->data() + i * width, &field.data()[i], width);
  return fromBytes(source, {packed->data(), static_cast<uint64_t>(entries) * width, packed});
}

std::optional<Tensor> fromTypedFields(const Source &source) {
  switch (source.type.type) {
  case DType::F32:
    return fromField(source, source.proto.float_data());
  case DType::F64:
    return fromField(source, source.proto.double_data());
  case DType::I64:
    return fromField(source, source.proto.int64_data());
  case DType::I32:
    return fromField(source, source.proto.int32_data());
  case DType::U64:
    return fromField(source, source.proto.uint64_data());
  case DType::U32:
    return fromWideField(source, source.proto.uint64_data());
  default:
    return fromWideField(source, source.proto.int32_data());
  }
}

std::optional<uint64_t> decimal(llvm::StringRef text) {
  uint64_t value = 0;
  if (text.empty() || !llvm::all_of(text, [](char c) { return llvm::isDigit(c); }) || text.getAsInteger(10, value))
    return std::nullopt;
  return value;
}

std::optional<Tensor> fromExternal(const Source &source, ExternalFiles *files) {
  const char *help = "an external tensor has the keys location, offset, length and checksum; save the model again with onnx.save_model";
  if (!files)
    return source.fail("IG0110", "refers to another file, which is not allowed here", help);
  std::string location;
  uint64_t offset = 0;
  uint64_t length = (static_cast<uint64_t>(source.count) * source.type.bits + 7) / 8;
  for (const onnx::StringStringEntryProto &entry : source.proto.external_data()) {
    std::optional<uint64_t> number = decimal(entry.value());
    if (entry.key() == "location")
      location = entry.value();
    else if (entry.key() == "offset" && number)
      offset = *number;
    else if (entry.key() == "length" && number && *number == length)
      continue;
    else if (entry.key() == "length" && number)
      return source.fail("IG0113", llvm::formatv("says its data have {0} bytes, its shape and type need {1}", *number, length));
    else if (entry.key() != "checksum")
      return source.fail("IG0110", "has external data with " + std::string(number ? "an unknown key" : "an unknown key or a value that is no number"),
                         help);
  }
  std::optional<MappedBytes> bytes = files->view(location, offset, length, source.error);
  return bytes ? fromBytes(source, *bytes) : std::nullopt;
}

bool hasTypedData(const onnx::TensorProto &proto) {
  return proto.float_data_size() != 0 || proto.int32_data_size() != 0 || proto.int64_data_size() != 0 || proto.double_data_size() != 0 ||
         proto.uint64_data_size() != 0;
}

} // namespace

std::optional<DType> dtypeOfOnnx(int64_t type) {
  const TypeRow *row = findType(type);
  return row ? std::optional<DType>(row->type) : std::nullopt;
}

std::string nameOfOnnxType(int64_t type) {
  if (const TypeRow *row = findType(type))
    return name(row->type).str();
  if (type == onnx::TensorProto::STRING)
    return "string";
  if (type == onnx::TensorProto::COMPLEX64 || type == onnx::TensorProto::COMPLEX128)
    return "complex";
  return "type " + std::to_string(type);
}

std::string badShape(llvm::ArrayRef<int64_t> shape) {
  if (shape.size() > kMaxOnnxRank)
    return llvm::formatv("has rank {0}, the limit is {1}", shape.size(), kMaxOnnxRank);
  for (int64_t extent : shape)
    if (extent < 0)
      return llvm::formatv("has the negative extent {0}", extent);
  std::optional<int64_t> count = elementCount(shape);
  if (!count || *count > kMaxOnnxElements)
    return llvm::formatv("has more than 2^32 elements (shape {0:$[x]})", llvm::make_range(shape.begin(), shape.end()));
  return "";
}

std::optional<Tensor> readTensor(const onnx::TensorProto &proto, std::shared_ptr<const void> owner, ExternalFiles *files, OnnxError &error) {
  const TypeRow *type = findType(proto.data_type());
  if (!type) {
    bool known = proto.data_type() >= 0 && onnx::TensorProto::DataType_IsValid(proto.data_type()) && proto.data_type() != 0;
    error = {known ? "" : "IG0109", "tensor has the element type " + nameOfOnnxType(proto.data_type()), "re-export the model; this file is damaged"};
    return std::nullopt;
  }
  std::vector<int64_t> shape(proto.dims().begin(), proto.dims().end());
  std::string bad = badShape(shape);
  Source source{proto, *type, shape, bad.empty() ? *elementCount(shape) : 0, std::move(owner), error};
  if (!bad.empty())
    return source.fail("IG0107", bad);
  if (proto.has_segment())
    return source.fail("IG0108", "is stored in segments, which ONNX never defined", "re-export the model");
  bool raw = proto.has_raw_data();
  bool external = proto.data_location() == onnx::TensorProto::EXTERNAL;
  if ((raw && !proto.raw_data().empty()) + external + hasTypedData(proto) > 1)
    return source.fail("IG0108", "has its data in two places (raw_data, typed fields or another file)");
  if (external)
    return fromExternal(source, files);
  if (raw && !hasTypedData(proto))
    return fromBytes(source, {proto.raw_data().data(), proto.raw_data().size(), source.owner});
  return fromTypedFields(source);
}

} // namespace ingot
