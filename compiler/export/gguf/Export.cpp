// The file is laid out anew: header, metadata (copied), tensor table, data of each tensor at the file's alignment.
#include "compiler/export/gguf/Export.h"

#include "compiler/import/gguf/GgufReader.h"
#include "passes/compress/math/GgufBlocks.h"

#include "llvm/Support/Endian.h"
#include "llvm/Support/MemoryBuffer.h"

#include <cmath>
#include <limits>

using llvm::StringRef;

namespace ingot {
namespace {

constexpr llvm::StringLiteral kCode = "IG0225";
constexpr size_t kHeaderBytes = 24; // magic, version, two counts

/// How one type is made.
struct Method {
  llvm::StringLiteral type;
  uint32_t fileType; // general.file_type, llama.cpp's number of the mix
  void (*quantize)(const float *, uint8_t *);
};
constexpr Method kMethods[] = {{"q8_0", 7, quantizeQ8_0}, {"q4_0", 2, quantizeQ4_0}, {"q6_k", 18, quantizeQ6_K}};

const Method &methodOf(StringRef type) { return *llvm::find_if(kMethods, [&](const Method &m) { return m.type == type; }); }

template <typename T> void append(std::string &out, T value) {
  char bytes[sizeof(T)];
  llvm::support::endian::write<T, llvm::endianness::little>(bytes, value);
  out.append(bytes, sizeof(T));
}

void pad(std::string &out, uint64_t alignment) { out.resize((out.size() + alignment - 1) / alignment * alignment); }

/// Walks the metadata of a file that the reader has checked.
class MetadataWalker {
public:
  explicit MetadataWalker(StringRef file) : file(file), at(kHeaderBytes) {}

  /// The next key and its type and value, as they stand in the file.
  std::pair<StringRef, StringRef> next() {
    size_t start = at;
    StringRef key = string();
    uint32_t kind = read<uint32_t>();
    skip(static_cast<GgufKind>(kind));
    return {key, file.slice(start, at)};
  }

private:
  template <typename T> T read() {
    T value = llvm::support::endian::read<T, llvm::endianness::little>(file.data() + at);
    at += sizeof(T);
    return value;
  }
  StringRef string() {
    uint64_t size = read<uint64_t>();
    StringRef text = file.substr(at, size);
    at += size;
    return text;
  }
  static size_t widthOf(GgufKind kind) {
    switch (kind) {
    case GgufKind::U8: case GgufKind::I8: case GgufKind::Bool: return 1;
    case GgufKind::U16: case GgufKind::I16: return 2;
    case GgufKind::U64: case GgufKind::I64: case GgufKind::F64: return 8;
    default: return 4;
    }
  }
  void skip(GgufKind kind) {
    if (kind == GgufKind::String)
      return (void)string();
    if (kind != GgufKind::Array)
      return (void)(at += widthOf(kind));
    GgufKind element = static_cast<GgufKind>(read<uint32_t>());
    uint64_t count = read<uint64_t>();
    if (element != GgufKind::String)
      at += count * widthOf(element);
    for (uint64_t i = 0; element == GgufKind::String && i < count; ++i)
      string();
  }

  StringRef file;
  size_t at;
};

class Exporter {
public:
  Exporter(const GgufFile &file, StringRef mapped, StringRef type, std::vector<LayerNote> &layers) : file(file), mapped(mapped), type(type), layers(layers) {}

  std::string run() {
    out.append("GGUF");
    append<uint32_t>(out, 3);
    append<uint64_t>(out, file.tensors.size());
    writeMetadata();
    std::vector<const GgufType *> types;
    uint64_t offset = 0;
    for (const GgufTensor &tensor : file.tensors) {
      types.push_back(typeFor(tensor));
      writeInfo(tensor, *types.back(), offset);
      uint64_t bytes = static_cast<uint64_t>(types.back()->rowBytes(tensor.elements()));
      offset += (bytes + file.alignment - 1) / file.alignment * file.alignment;
    }
    pad(out, file.alignment);
    out.reserve(out.size() + offset);
    for (auto [tensor, target] : llvm::zip(file.tensors, types)) {
      writeData(tensor, *target);
      pad(out, file.alignment);
    }
    return std::move(out);
  }

private:
  void writeMetadata() {
    bool hasVersion = file.find("general.quantization_version") != nullptr, hasType = file.find("general.file_type") != nullptr;
    append<uint64_t>(out, file.metadata.size() + !hasVersion + !hasType);
    MetadataWalker walker(mapped);
    for (size_t i = 0; i < file.metadata.size(); ++i) {
      auto [key, bytes] = walker.next();
      if (key == "general.file_type")
        writeNumber(key, methodOf(type).fileType);
      else
        out.append(bytes.data(), bytes.size());
    }
    if (!hasType)
      writeNumber("general.file_type", methodOf(type).fileType);
    if (!hasVersion)
      writeNumber("general.quantization_version", 2);
  }

  void writeNumber(StringRef key, uint32_t value) {
    append<uint64_t>(out, key.size());
    out.append(key.data(), key.size());
    append<uint32_t>(out, static_cast<uint32_t>(GgufKind::U32));
    append<uint32_t>(out, value);
  }

  void writeInfo(const GgufTensor &tensor, const GgufType &target, uint64_t offset) {
    append<uint64_t>(out, tensor.name.size());
    out.append(tensor.name.data(), tensor.name.size());
    append<uint32_t>(out, static_cast<uint32_t>(tensor.shape.size()));
    for (int64_t extent : tensor.shape)
      append<uint64_t>(out, static_cast<uint64_t>(extent));
    append<uint32_t>(out, static_cast<uint32_t>(target.id));
    append<uint64_t>(out, offset);
  }

  bool isOutput(StringRef name) const { return name == "output.weight" || (name == "token_embd.weight" && !file.findTensor("output.weight")); }

  /// The type that a tensor is written in: its own when it is no large matrix of floats.
  const GgufType *typeFor(const GgufTensor &tensor) const {
    bool isMatrix = tensor.shape.size() >= 2 && tensor.shape[1] > 1 && tensor.name.ends_with(".weight") && !tensor.name.contains("ffn_gate_inp");
    bool isReal = tensor.type->name == "F32" || tensor.type->name == "F16" || tensor.type->name == "BF16";
    if (!isMatrix || !isReal || tensor.shape[0] % findGgufType(type)->elements != 0)
      return tensor.type;
    bool finer = type == "q4_0" && isOutput(tensor.name);
    if (finer)
      return findGgufType(tensor.shape[0] % findGgufType("q6_k")->elements == 0 ? "q6_k" : "q8_0");
    return findGgufType(type);
  }

  void writeData(const GgufTensor &tensor, const GgufType &target) {
    if (&target == tensor.type) {
      out.append(tensor.data, tensor.bytes);
      return;
    }
    std::string name = target.name.lower();
    const Method &method = methodOf(name);
    int64_t columns = tensor.shape[0], rows = tensor.elements() / columns, rowBytes = target.rowBytes(columns);
    std::vector<float> row(columns), back(columns);
    std::vector<uint8_t> blocks(rowBytes);
    double lost = 0, all = 0;
    for (int64_t r = 0; r < rows; ++r) {
      (void)dequantizeRow(*tensor.type, tensor.data + r * tensor.type->rowBytes(columns), row.data(), columns);
      for (int64_t block = 0; block < columns / target.elements; ++block)
        method.quantize(row.data() + block * target.elements, blocks.data() + block * target.bytes);
      (void)dequantizeRow(target, blocks.data(), back.data(), columns);
      for (int64_t i = 0; i < columns; ++i) {
        double error = static_cast<double>(row[i]) - static_cast<double>(back[i]);
        lost += error * error;
        all += static_cast<double>(row[i]) * static_cast<double>(row[i]);
      }
      out.append(reinterpret_cast<const char *>(blocks.data()), blocks.size());
    }
    layers.push_back({tensor.name.str(), name, static_cast<int64_t>(tensor.bytes), rows * rowBytes, all > 0 ? std::sqrt(lost / all) : 0, 1});
  }

  const GgufFile &file;
  StringRef mapped, type;
  std::vector<LayerNote> &layers;
  std::string out;
};

} // namespace

std::string exportGguf(StringRef path, StringRef type, std::vector<LayerNote> &layers, Diagnostics &diagnostics) {
  std::optional<GgufFile> file = readGguf(path, diagnostics);
  if (!file)
    return "";
  auto fail = [&](std::string why, std::string help) {
    diagnostics.report(kCode, std::move(why), {path.str()}, std::move(help));
    return std::string();
  };
  if (file->parts.size() > 1 || file->version < 2)
    return fail("split sets and files of version 1 are not written", "join the parts into one file of version 3");
  auto mapped = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!mapped)
    return fail("the file cannot be read again: " + mapped.getError().message(), "check the path");
  std::string bytes = Exporter(*file, (*mapped)->getBuffer(), type, layers).run();
  if (layers.empty())
    return fail("the model has no matrix of floats to quantise", "give the model in f16 or f32");
  return bytes;
}

} // namespace ingot
