// The reader's door: maps the file, or the files of a split set, parses each, and checks that the parts belong together.
#include "compiler/import/gguf/GgufParser.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"

namespace ingot {
namespace {

constexpr int64_t kMaxParts = 65535;         // split.count is a u16
constexpr llvm::StringLiteral kSuffix = ".gguf";

/// What a part says about the set.
struct Split {
  int64_t number = 0, count = 1, tensors = -1; // number counts from 0
};

bool splitFault(llvm::StringRef path, std::string what, std::string help, Diagnostics &diagnostics) {
  diagnostics.report("IG0615", std::move(what), Where{path.str()}, std::move(help));
  return false;
}

/// Reads the split.* keys, which must be numbers in range when they are there.
bool readSplit(const GgufFile &file, llvm::StringRef path, Split &split, Diagnostics &diagnostics) {
  auto read = [&](llvm::StringRef key, int64_t low, int64_t high, int64_t &into) {
    const GgufValue *value = file.find(key);
    if (!value)
      return true;
    std::optional<int64_t> number = value->asInt();
    if (!number || *number < low || *number > high)
      return splitFault(path, (key + " is " + value->text()).str(), "the file is damaged; fetch it again", diagnostics);
    into = *number;
    return true;
  };
  return read("split.count", 0, kMaxParts, split.count) && read("split.no", 0, kMaxParts, split.number) &&
         read("split.tensors.count", 0, INT32_MAX, split.tensors);
}

/// "-00001-of-00003.gguf" of part 0 of 3.
std::string partEnding(int64_t number, int64_t count) {
  return llvm::formatv("-{0,0+5}-of-{1,0+5}{2}", number + 1, count, kSuffix);
}

bool readPart(llvm::StringRef path, unsigned part, GgufFile &file, std::vector<std::shared_ptr<const void>> &owners, Diagnostics &diagnostics) {
  std::optional<GgufBytes> mapped = mapGguf(path, diagnostics);
  if (!mapped)
    return false;
  file.parts.push_back(path.str());
  file.bytes += mapped->bytes.size();
  owners.push_back(mapped->owner);
  return GgufParser(path, mapped->bytes, part, diagnostics).parse(file);
}

/// Reads parts 1 .. count-1, whose names follow from the first one's. Their metadata but split.* are not used.
bool readOtherParts(const Split &split, GgufFile &file, std::vector<std::shared_ptr<const void>> &owners, Diagnostics &diagnostics) {
  llvm::StringRef stem = file.path;
  if (split.number != 0)
    return splitFault(file.path, llvm::formatv("this is part {0} of {1} of a split model", split.number + 1, split.count),
                      "give the first part, whose name ends in '" + partEnding(0, split.count) + "'", diagnostics);
  if (!stem.consume_back(partEnding(0, split.count)))
    return splitFault(file.path, llvm::formatv("the file is the first of {0} parts, but its name does not say so", split.count),
                      "give the parts the names they were made with: they end in '" + partEnding(0, split.count) + "' and so on", diagnostics);
  for (int64_t i = 1; i < split.count; ++i) {
    GgufFile part;
    part.path = (stem + partEnding(i, split.count)).str();
    part.tensors = std::move(file.tensors);
    part.tensorIndex = std::move(file.tensorIndex);
    bool good = readPart(part.path, static_cast<unsigned>(i), part, owners, diagnostics);
    Split own;
    if (!good || !readSplit(part, part.path, own, diagnostics))
      return false;
    if (own.number != i || own.count != split.count)
      return splitFault(part.path, llvm::formatv("the file says that it is part {0} of {1}, its name says {2} of {3}", own.number + 1, own.count, i + 1, split.count),
                        "the parts belong to different models; fetch them again", diagnostics);
    file.tensors = std::move(part.tensors);
    file.tensorIndex = std::move(part.tensorIndex);
    file.parts.push_back(part.path);
    file.bytes += part.bytes;
  }
  if (split.tensors >= 0 && static_cast<uint64_t>(split.tensors) != file.tensors.size())
    return splitFault(file.path, llvm::formatv("the parts hold {0} tensors, split.tensors.count says {1}", file.tensors.size(), split.tensors),
                      "the parts belong to different models; fetch them again", diagnostics);
  return true;
}

} // namespace

std::optional<GgufBytes> mapGguf(llvm::StringRef path, Diagnostics &diagnostics) {
  auto fail = [&](std::string why) {
    diagnostics.report("IG0601", "the file cannot be read: " + std::move(why), Where{path.str()}, "check the path");
    return std::nullopt;
  };
  llvm::sys::fs::file_status status;
  if (std::error_code error = llvm::sys::fs::status(path, status))
    return fail(error.message());
  if (!llvm::sys::fs::is_regular_file(status))
    return fail("it is not an ordinary file");
  if (status.getSize() == 0)
    return fail("it is empty");
  llvm::Expected<llvm::sys::fs::file_t> file = llvm::sys::fs::openNativeFileForRead(path);
  if (!file)
    return fail(llvm::toString(file.takeError()));
  std::error_code error;
  auto region = std::make_shared<llvm::sys::fs::mapped_file_region>(*file, llvm::sys::fs::mapped_file_region::readonly, status.getSize(), 0, error);
  llvm::sys::fs::closeFile(*file);
  if (error)
    return fail(error.message());
  return GgufBytes{{region->const_data(), region->size()}, region};
}

int64_t GgufTensor::elements() const {
  int64_t count = 1;
  for (int64_t extent : shape)
    count *= extent;
  return count;
}

const GgufValue *GgufFile::find(llvm::StringRef key) const {
  auto found = keyIndex.find(key);
  return found == keyIndex.end() ? nullptr : &metadata[found->second].value;
}

const GgufTensor *GgufFile::findTensor(llvm::StringRef name) const {
  auto found = tensorIndex.find(name);
  return found == tensorIndex.end() ? nullptr : &tensors[found->second];
}

std::optional<GgufFile> readGguf(llvm::StringRef path, Diagnostics &diagnostics) {
  GgufFile file;
  file.path = path.str();
  auto owners = std::make_shared<std::vector<std::shared_ptr<const void>>>();
  Split split;
  if (!readPart(path, 0, file, *owners, diagnostics) || !readSplit(file, path, split, diagnostics))
    return std::nullopt;
  if (split.count > 1 && !readOtherParts(split, file, *owners, diagnostics))
    return std::nullopt;
  file.owner = owners;
  return file;
}

bool isGgufFile(llvm::StringRef path) {
  llvm::sys::fs::file_status status;
  if (llvm::sys::fs::status(path, status) || !llvm::sys::fs::is_regular_file(status) || status.getSize() < 4)
    return false;
  auto opened = llvm::MemoryBuffer::getFileSlice(path, 4, 0);
  return opened && (*opened)->getBuffer() == "GGUF";
}

} // namespace ingot
