// The file is laid out anew: header, metadata (copied), tensor table, data of each tensor at the file's alignment, one tensor in memory at a time.
#include "compiler/export/gguf/Export.h"

#include "compiler/import/gguf/Requantize.h"
#include "compiler/support/Files.h"

#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>
#include <sys/mman.h>

using llvm::StringRef;

namespace ingot {
namespace {

constexpr llvm::StringLiteral kCode = "IG0225";
constexpr size_t kHeaderBytes = 24; // magic, version, two counts

template <typename T> void append(std::string &out, T value) {
  char bytes[sizeof(T)];
  llvm::support::endian::write<T, llvm::endianness::little>(bytes, value);
  out.append(bytes, sizeof(T));
}

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

/// Tells the system that mapped bytes will hardly be read again: what has been written need not stay in memory.
void letGo(const char *data, uint64_t bytes) {
#ifdef MADV_PAGEOUT
  uintptr_t page = llvm::sys::Process::getPageSizeEstimate(), begin = llvm::alignTo(reinterpret_cast<uintptr_t>(data), page);
  uintptr_t end = (reinterpret_cast<uintptr_t>(data) + bytes) / page * page;
  if (begin < end)
    madvise(reinterpret_cast<void *>(begin), end - begin, MADV_PAGEOUT);
#else
  (void)data, (void)bytes;
#endif
}

class Exporter {
public:
  Exporter(const GgufFile &file, StringRef mapped, StringRef type, std::vector<LayerNote> &layers)
      : file(file), mapped(mapped), type(type), plan(file, type), layers(layers) {}

  /// Header and metadata at once, then one tensor after another.
  void run(llvm::raw_ostream &stream) {
    out.append("GGUF");
    append<uint32_t>(out, 3);
    append<uint64_t>(out, file.tensors.size());
    writeMetadata();
    uint64_t offset = 0;
    for (const GgufTensor &tensor : file.tensors) {
      const GgufType &target = plan.typeFor(tensor);
      writeInfo(tensor, target, offset);
      offset += aligned(static_cast<uint64_t>(target.rowBytes(tensor.elements())));
    }
    out.resize(aligned(out.size()));
    stream << out;
    for (const GgufTensor &tensor : file.tensors)
      writeData(stream, tensor, plan.typeFor(tensor));
  }

private:
  uint64_t aligned(uint64_t bytes) const { return (bytes + file.alignment - 1) / file.alignment * file.alignment; }

  /// Keys that tell of a split set are left out: the result is one file.
  void writeMetadata() {
    bool hasVersion = file.find("general.quantization_version") != nullptr, hasType = file.find("general.file_type") != nullptr;
    uint64_t split = static_cast<uint64_t>(llvm::count_if(file.metadata, [](const GgufEntry &entry) { return entry.key.starts_with("split."); }));
    append<uint64_t>(out, file.metadata.size() - split + !hasVersion + !hasType);
    MetadataWalker walker(mapped);
    for (size_t i = 0; i < file.metadata.size(); ++i) {
      auto [key, bytes] = walker.next();
      if (key == "general.file_type")
        writeNumber(key, GgufRequantizer::fileType(type));
      else if (!key.starts_with("split."))
        out.append(bytes.data(), bytes.size());
    }
    if (!hasType)
      writeNumber("general.file_type", GgufRequantizer::fileType(type));
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

  void writeData(llvm::raw_ostream &stream, const GgufTensor &tensor, const GgufType &target) {
    uint64_t size = static_cast<uint64_t>(target.rowBytes(tensor.elements()));
    if (&target == tensor.type) {
      stream.write(tensor.data, tensor.bytes);
    } else {
      std::vector<char> blocks(size);
      BlockLoss loss;
      GgufRequantizer::quantize(tensor, target, blocks.data(), &loss);
      stream.write(blocks.data(), blocks.size());
      layers.push_back({tensor.name.str(), target.name.lower(), static_cast<int64_t>(tensor.bytes), static_cast<int64_t>(size),
                        loss.all > 0 ? std::sqrt(loss.lost / loss.all) : 0, 1});
    }
    stream.write_zeros(static_cast<unsigned>(aligned(size) - size));
    letGo(tensor.data, tensor.bytes);
  }

  const GgufFile &file;
  StringRef mapped, type;
  GgufRequantizer plan;
  std::vector<LayerNote> &layers;
  std::string out; // all in front of the tensors' data
};

} // namespace

bool exportGguf(StringRef path, StringRef type, StringRef to, std::vector<LayerNote> &layers, GgufSizes &sizes, Diagnostics &diagnostics) {
  std::optional<GgufFile> file = readGguf(path, diagnostics);
  if (!file)
    return false;
  auto fail = [&](std::string why, std::string help) {
    diagnostics.report(kCode, std::move(why), {path.str()}, std::move(help));
    return false;
  };
  if (file->version < 2)
    return fail("files of version 1 are not written", "convert the model again: current tools write version 3");
  GgufRequantizer plan(*file, type);
  if (llvm::none_of(file->tensors, [&](const GgufTensor &tensor) { return plan.changes(tensor); }))
    return fail("the model has no matrix of floats to quantise", "give the model in f16 or f32");
  plan.warnOfFallbacks(diagnostics);
  auto mapped = llvm::MemoryBuffer::getFile(file->parts.front(), /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!mapped)
    return fail("the file cannot be read again: " + mapped.getError().message(), "check the path");
  sizes.before = static_cast<int64_t>(file->bytes);
  for (const GgufTensor &tensor : file->tensors)
    sizes.weights += tensor.elements();
  return writeFileAtomically(to, diagnostics, [&](llvm::raw_ostream &stream) {
    Exporter(*file, (*mapped)->getBuffer(), type, layers).run(stream);
    sizes.after = static_cast<int64_t>(stream.tell());
  });
}

} // namespace ingot
