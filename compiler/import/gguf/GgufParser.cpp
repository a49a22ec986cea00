// One GGUF file: magic, version, counts, metadata, tensor table, data. A count is believed only as far as the bytes that are left could hold
// it; sums and products are checked; nothing is allocated from a number of the file that has not passed.
#include "compiler/import/gguf/GgufParser.h"

#include "llvm/Support/Endian.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

namespace ingot {
namespace {

constexpr uint64_t kMaxString = 1ull << 30;        // bytes of a string, elements of an array: the format's own limits
constexpr uint64_t kMaxKey = 65535, kMaxName = 63; // bytes; the format's own limits
constexpr uint64_t kMaxKeys = 1 << 16, kMaxTensors = 1 << 20, kMaxAlignment = 1 << 16;
constexpr uint32_t kMaxDims = 4;
constexpr uint64_t kLeastEntry = 8 + 1 + 4 + 1;     // key length, one byte of key, kind, one byte of value
constexpr uint64_t kLeastTensor = 8 + 1 + 4 + 4 + 8; // name length, one byte of name, number of dimensions, type, offset
constexpr uint32_t kNewestVersion = 3, kOldestVersion = 2;

std::string hintForMagic(llvm::StringRef bytes) {
  if (bytes.starts_with("version https://git-lfs"))
    return "this is a Git LFS pointer; fetch the model itself with `git lfs pull`";
  if (bytes.starts_with("GGML") || bytes.starts_with("lmgg") || bytes.starts_with("fmgg") || bytes.starts_with("tjgg"))
    return "this is a GGML file from before GGUF; convert the model again";
  if (bytes.starts_with("FUGG"))
    return "this is a big-endian file; convert the model again on, or for, a little-endian machine";
  return "check that the file is complete and a GGUF model";
}

} // namespace

uint64_t byteWidth(GgufKind kind) {
  switch (kind) {
  case GgufKind::U8:
  case GgufKind::I8:
  case GgufKind::Bool:
    return 1;
  case GgufKind::U16:
  case GgufKind::I16:
    return 2;
  case GgufKind::U32:
  case GgufKind::I32:
  case GgufKind::F32:
    return 4;
  case GgufKind::U64:
  case GgufKind::I64:
  case GgufKind::F64:
    return 8;
  case GgufKind::String:
  case GgufKind::Array:
    return 0;
  }
  return 0;
}

bool GgufParser::fail(Fault fault, std::optional<uint64_t> byte) {
  Diagnostic d;
  d.code = fault.code.str();
  d.what = std::move(fault.what);
  d.where.file = path;
  d.where.tensor = fault.tensor.str();
  d.where.byte = byte.value_or(at);
  d.expected = std::move(fault.expected);
  d.found = std::move(fault.found);
  d.help = std::move(fault.help);
  diagnostics.report(std::move(d));
  return false;
}

bool GgufParser::take(uint64_t size, llvm::StringRef &field, const llvm::Twine &what) {
  uint64_t left = bytes.size() - at;
  if (size > left)
    return fail({"IG0603", ("the file ends inside " + what).str(), llvm::formatv("{0} bytes", size).str(), llvm::formatv("{0} bytes left", left),
                 "the file is cut short; fetch it again"});
  field = bytes.substr(at, size);
  at += size;
  return true;
}

template <typename T> bool GgufParser::number(T &value, const llvm::Twine &what) {
  llvm::StringRef field;
  if (!take(sizeof(T), field, what))
    return false;
  value = llvm::support::endian::read<T, llvm::endianness::little>(field.data());
  return true;
}

/// Refuses a count of things that take at least `least` bytes each unless the rest of the file could hold them.
bool GgufParser::bounded(uint64_t count, uint64_t least, uint64_t limit, const llvm::Twine &what) {
  uint64_t most = std::min(limit, (bytes.size() - at) / least);
  return count <= most ||
         fail({"IG0604", (what + " cannot be").str(), llvm::formatv("at most {0} (what the bytes left can hold)", most), std::to_string(count)}, at - 8);
}

bool GgufParser::string(llvm::StringRef &value, uint64_t limit, const llvm::Twine &what) {
  uint64_t length = 0;
  return number(length, what) && bounded(length, 1, limit, "the length of " + what) && take(length, value, what);
}

bool GgufParser::readKind(GgufKind &kind, const llvm::Twine &what) {
  int32_t id = 0;
  if (!number(id, what))
    return false;
  if (id < 0 || id > static_cast<int32_t>(GgufKind::F64))
    return fail({"IG0606", (what + " is none that GGUF has").str(), "0 to 12", std::to_string(id)}, at - 4);
  kind = static_cast<GgufKind>(id);
  return true;
}

bool GgufParser::readHeader(GgufFile &file, Counts &counts) {
  if (!bytes.starts_with("GGUF"))
    return fail({"IG0602", "the file is not a GGUF model", "the magic 'GGUF'", "'" + printable(bytes.take_front(4)) + "'", hintForMagic(bytes)});
  at = 4;
  uint32_t version = 0;
  if (!number(version, "the version"))
    return false;
  if (version != 0 && (version & 0xffff) == 0)
    return fail({"IG0605", "the file is of the other byte order", "little-endian", "big-endian",
                 "convert the model again for little-endian machines"}, 4);
  if (version < kOldestVersion || version > kNewestVersion)
    return fail({"IG0605", "the file has a version of GGUF that Ingot does not read", "2 or 3", std::to_string(version),
                 version == 1 ? "convert the model again; version 1 was replaced in 2023" : "convert the model again, or use a newer Ingot"}, 4);
  file.version = version;
  if (!number(counts.tensors, "the number of tensors") || !bounded(counts.tensors, kLeastTensor, kMaxTensors, "the number of tensors") ||
      !number(counts.keys, "the number of metadata keys"))
    return false;
  return bounded(counts.keys, kLeastEntry, kMaxKeys, "the number of metadata keys");
}

bool GgufParser::readArray(GgufValue &value, llvm::StringRef key) {
  std::string what = "the array '" + printable(key) + "'";
  if (!readKind(value.element, "the element type of " + what) || !number(value.count, what))
    return false;
  if (value.element == GgufKind::Array)
    return fail({"IG0606", what + " holds arrays", "numbers, booleans or strings", "array", "Ingot reads no nested arrays; convert the model again"});
  uint64_t width = byteWidth(value.element);
  if (!bounded(value.count, width ? width : 8, kMaxString, "the length of " + what))
    return false;
  if (width)
    return take(value.count * width, value.bytes, what);
  uint64_t begin = at;
  llvm::StringRef element;
  for (uint64_t i = 0; i < value.count; ++i)
    if (!string(element, kMaxString, "a string of " + what))
      return false;
  value.bytes = bytes.slice(begin, at);
  return true;
}

bool GgufParser::readValue(GgufKind kind, GgufValue &value, llvm::StringRef key) {
  value.valueKind = kind;
  value.at = at;
  if (kind == GgufKind::Array)
    return readArray(value, key);
  std::string what = "the value of '" + printable(key) + "'";
  return kind == GgufKind::String ? string(value.bytes, kMaxString, what) : take(byteWidth(kind), value.bytes, what);
}

bool GgufParser::readEntry(GgufFile &file, GgufEntry &entry) {
  uint64_t begin = at;
  if (!string(entry.key, kMaxKey, "a metadata key"))
    return false;
  if (entry.key.empty() || entry.key.contains('\0'))
    return fail({"IG0607", "a metadata key is empty or holds a zero byte"}, begin);
  if (!file.keyIndex.try_emplace(entry.key, file.metadata.size() - 1).second)
    return fail({"IG0608", "two metadata keys are named '" + printable(entry.key) + "'"}, begin);
  GgufKind kind;
  return readKind(kind, "the type of '" + printable(entry.key) + "'") && readValue(kind, entry.value, entry.key);
}

bool GgufParser::readMetadata(GgufFile &file, uint64_t count) {
  for (uint64_t i = 0; i < count; ++i) {
    file.metadata.emplace_back();
    if (!readEntry(file, file.metadata.back()))
      return false;
  }
  return readAlignment(file);
}

bool GgufParser::readAlignment(GgufFile &file) {
  const GgufValue *value = file.find("general.alignment");
  if (!value)
    return true;
  std::optional<int64_t> number = value->kind() == GgufKind::U32 ? value->asInt() : std::nullopt;
  if (!number || !llvm::isPowerOf2_64(*number) || static_cast<uint64_t>(*number) > kMaxAlignment)
    return fail({"IG0609", "general.alignment cannot be", "a u32 that is a power of two up to 65536", value->text()}, value->offset());
  alignment = static_cast<uint64_t>(*number);
  return true;
}

bool GgufParser::readShape(GgufTensor &tensor) {
  uint32_t rank = 0;
  if (!number(rank, "the number of dimensions of a tensor"))
    return false;
  if (rank > kMaxDims)
    return fail({"IG0610", "a tensor has too many dimensions", "0 to 4", std::to_string(rank), "the file is damaged; fetch or convert it again",
                 tensor.name}, at - 4);
  for (uint32_t d = 0; d < rank; ++d) {
    int64_t extent = 0;
    if (!number(extent, "the shape of a tensor"))
      return false;
    if (extent < 1)
      return fail({"IG0610", "a tensor has an impossible extent", "at least 1", std::to_string(extent),
                   "the file is damaged; fetch or convert it again", tensor.name}, at - 8);
    tensor.shape.push_back(extent);
  }
  if (tensor.shape.empty())
    tensor.shape.push_back(1);
  return true;
}

bool GgufParser::readType(GgufTensor &tensor) {
  int32_t id = 0;
  if (!number(id, "the type of a tensor"))
    return false;
  tensor.type = findGgufType(id);
  if (tensor.type)
    return true;
  if (const RemovedGgufType *removed = findRemovedGgufType(id))
    return fail({"IG0611", llvm::formatv("the tensor has type {0} (id {1}), which was removed from GGUF", removed->name, id), "", "",
                 llvm::formatv("re-create the file with {0}; Ingot packs it for the target itself", removed->instead), tensor.name}, at - 4);
  return fail({"IG0611", llvm::formatv("the tensor has the type id {0}, which GGUF has not given out", id), "0 to 42", std::to_string(id),
               id >= 133 ? "ids from 133 on belong to ik_llama.cpp; quantise the model again with llama.cpp"
                         : "the file is damaged, or newer than this Ingot", tensor.name}, at - 4);
}

/// Elements and bytes, checked against overflow; whole blocks only.
bool GgufParser::sizeTensor(GgufTensor &tensor) {
  int64_t columns = tensor.shape[0], count = 1;
  if (columns % tensor.type->elements != 0)
    return fail({"IG0612", llvm::formatv("the rows of the tensor are no whole blocks of {0}", tensor.type->name),
                 llvm::formatv("a multiple of {0}", tensor.type->elements), std::to_string(columns), "the file is damaged; fetch or convert it again",
                 tensor.name});
  for (int64_t extent : tensor.shape)
    if (llvm::MulOverflow(count, extent, count))
      return fail({"IG0610", "the tensor has more elements than 2^63", "", "", "the file is damaged; fetch or convert it again", tensor.name});
  int64_t size = 0;
  if (llvm::MulOverflow(count / tensor.type->elements, tensor.type->bytes, size))
    return fail({"IG0610", "the tensor has more bytes than 2^63", "", "", "the file is damaged; fetch or convert it again", tensor.name});
  tensor.bytes = static_cast<uint64_t>(size);
  return true;
}

bool GgufParser::readTensorInfo(GgufFile &file, GgufTensor &tensor) {
  uint64_t begin = at;
  tensor.part = part;
  if (!string(tensor.name, kMaxName, "the name of a tensor"))
    return false;
  if (tensor.name.empty() || tensor.name.contains('\0'))
    return fail({"IG0607", "the name of a tensor is empty or holds a zero byte"}, begin);
  if (!file.tensorIndex.try_emplace(tensor.name, file.tensors.size() - 1).second)
    return fail({"IG0608", "two tensors have one name", "", "", "the file is damaged; fetch or convert it again", tensor.name}, begin);
  return readShape(tensor) && readType(tensor) && sizeTensor(tensor) && number(tensor.offset, "the offset of a tensor");
}

/// Each tensor begins where the one before ended, rounded up to the alignment; all lie inside the file.
bool GgufParser::placeTensors(GgufFile &file, size_t first) {
  uint64_t start = llvm::alignTo(at, alignment), expected = 0;
  for (size_t i = first; i < file.tensors.size(); ++i) {
    GgufTensor &tensor = file.tensors[i];
    if (tensor.offset != expected)
      return fail({"IG0613", "the data of the tensor do not begin where those before it end", std::to_string(expected), std::to_string(tensor.offset),
                   "the file is damaged; fetch or convert it again", tensor.name});
    bool inside = start <= bytes.size() && expected <= bytes.size() - start && tensor.bytes <= bytes.size() - start - expected;
    if (!inside)
      return fail({"IG0614", "the data of the tensor reach past the end of the file", llvm::formatv("{0} bytes at {1}", tensor.bytes, start + expected),
                   llvm::formatv("a file of {0} bytes", bytes.size()), "the file is cut short; fetch it again", tensor.name});
    tensor.offset = start + expected;
    tensor.data = bytes.data() + tensor.offset;
    expected = llvm::alignTo(expected + tensor.bytes, alignment);
  }
  return true;
}

bool GgufParser::parse(GgufFile &file) {
  Counts counts;
  size_t first = file.tensors.size();
  if (!readHeader(file, counts) || !readMetadata(file, counts.keys))
    return false;
  for (uint64_t i = 0; i < counts.tensors; ++i) {
    file.tensors.emplace_back();
    if (!readTensorInfo(file, file.tensors.back()))
      return false;
  }
  file.alignment = alignment;
  return placeTensors(file, first);
}

} // namespace ingot
