// See PackageReader.h; the file's form stands in ingot/container.h.
#include "compiler/package/PackageReader.h"
#include "compiler/package/Metadata.h"
#include "compiler/package/PackageError.h"
#include "compiler/package/TreeHash.h"

#include "ingot/container.h"

#include "llvm/Support/Endian.h"

#include <cstring>

using namespace ingot;
using namespace llvm::support;

namespace {
struct Segment {
  uint32_t kind;
  uint64_t offset, bytes;
  llvm::StringRef hash;
};

/// Reads one container, front to back. Each step returns an error that names the byte.
class Reader {
public:
  Reader(llvm::StringRef bytes, llvm::StringRef name, Verify verify) : bytes(bytes), name(printable(name)), verify(verify) {}
  llvm::Expected<Container> read();

private:
  llvm::Error fail(llvm::StringRef code, uint64_t at, std::string what) const {
    Where where;
    where.file = name;
    where.byte = at;
    return packageError(code, std::move(what), where, "copy the file again as binary, or build the model again");
  }
  uint32_t number32(uint64_t at) const { return endian::read32le(bytes.data() + at); }
  uint64_t number64(uint64_t at) const { return endian::read64le(bytes.data() + at); }
  llvm::Error readHeader();
  llvm::Error readSegment(uint64_t at, uint64_t end);
  llvm::Error readTable();
  llvm::Error checkPadding(uint64_t begin, uint64_t end) const;
  llvm::Error checkHashes() const;

  llvm::StringRef bytes;
  std::string name;
  Verify verify;
  std::vector<Segment> segments;
};
} // namespace

llvm::Error Reader::readHeader() {
  static const unsigned char magic[8] = INGOT_MAGIC_BYTES;
  if (bytes.size() < sizeof magic || std::memcmp(bytes.data(), magic, sizeof magic) != 0)
    return fail("IG0511", 0, "the file does not begin as an .ingot container does");
  if (bytes.size() < INGOT_BOOT_HEADER_BYTES)
    return fail("IG0513", bytes.size(), "the file ends inside the boot table");
  if (number32(INGOT_AT_VERSION) != INGOT_CONTAINER_VERSION)
    return fail("IG0512", INGOT_AT_VERSION,
                "the container has format version " + std::to_string(number32(INGOT_AT_VERSION)) + ", this Ingot reads version " +
                    std::to_string(INGOT_CONTAINER_VERSION));
  if (number64(INGOT_AT_FILE_BYTES) != bytes.size())
    return fail("IG0513", INGOT_AT_FILE_BYTES,
                "the table says " + std::to_string(number64(INGOT_AT_FILE_BYTES)) + " bytes, the file has " + std::to_string(bytes.size()));
  if (number64(INGOT_AT_ZERO) != 0)
    return fail("IG0513", INGOT_AT_ZERO, "a reserved field is not zero");
  return llvm::Error::success();
}

/// The row at `at`; the segment before it ended at `end`.
llvm::Error Reader::readSegment(uint64_t at, uint64_t end) {
  Segment segment{number32(at), number64(at + INGOT_SEGMENT_AT_OFFSET), number64(at + INGOT_SEGMENT_AT_BYTES),
                  bytes.substr(at + INGOT_SEGMENT_AT_HASH, sizeof(Hash))};
  if (number32(at + INGOT_SEGMENT_AT_ZERO) != 0 || number64(at + INGOT_SEGMENT_AT_ZERO2) != 0)
    return fail("IG0513", at, "a reserved field is not zero");
  if (segment.offset % INGOT_SEGMENT_ALIGNMENT != 0 || segment.offset < end)
    return fail("IG0513", at + INGOT_SEGMENT_AT_OFFSET, "a segment begins at byte " + std::to_string(segment.offset));
  if (segment.offset > bytes.size() || segment.bytes > bytes.size() - segment.offset)
    return fail("IG0513", at + INGOT_SEGMENT_AT_BYTES, "a segment of " + std::to_string(segment.bytes) + " bytes leaves the file");
  segments.push_back(segment);
  return checkPadding(end, segment.offset);
}

llvm::Error Reader::readTable() {
  uint32_t count = number32(INGOT_AT_SEGMENTS);
  if (count == 0 || count > INGOT_MAX_SEGMENTS)
    return fail("IG0513", INGOT_AT_SEGMENTS, "the table has " + std::to_string(count) + " segments");
  uint64_t hashAt = INGOT_BOOT_HEADER_BYTES + uint64_t(INGOT_BOOT_SEGMENT_BYTES) * count;
  if (hashAt + sizeof(Hash) > bytes.size())
    return fail("IG0513", bytes.size(), "the file ends inside the boot table");
  llvm::BLAKE3 hasher;
  hasher.update(bytes.take_front(hashAt));
  Hash hash = hasher.final<32>();
  if (std::memcmp(hash.data(), bytes.data() + hashAt, hash.size()) != 0)
    return fail("IG0513", hashAt, "the boot table's hash is wrong");
  uint64_t end = hashAt + sizeof(Hash);
  for (uint32_t i = 0; i < count; ++i) {
    if (llvm::Error error = readSegment(INGOT_BOOT_HEADER_BYTES + uint64_t(INGOT_BOOT_SEGMENT_BYTES) * i, end))
      return error;
    end = segments.back().offset + segments.back().bytes;
  }
  if (end != bytes.size())
    return fail("IG0513", end, "bytes follow the last segment");
  return llvm::Error::success();
}

llvm::Error Reader::checkPadding(uint64_t begin, uint64_t end) const {
  size_t at = bytes.slice(begin, end).find_first_not_of('\0');
  return at == llvm::StringRef::npos ? llvm::Error::success() : fail("IG0513", begin + at, "padding is not zero");
}

llvm::Error Reader::checkHashes() const {
  for (const Segment &segment : segments) {
    if (verify == Verify::AllButWeights && segment.kind == INGOT_SEGMENT_WEIGHTS)
      continue;
    Hash hash = treeHash(bytes.substr(segment.offset, segment.bytes));
    if (std::memcmp(hash.data(), segment.hash.data(), hash.size()) != 0)
      return fail("IG0513", segment.offset,
                  "the segment of " + std::to_string(segment.bytes) + " bytes that begins here has hash " + toText(hash) + ", not the table's");
  }
  return llvm::Error::success();
}

llvm::Expected<Container> Reader::read() {
  if (llvm::Error error = readHeader())
    return std::move(error);
  if (llvm::Error error = readTable())
    return std::move(error);
  if (llvm::Error error = checkHashes())
    return std::move(error);
  const Segment *meta = nullptr, *weights = nullptr;
  for (const Segment &segment : segments) {
    const Segment *&slot = segment.kind == INGOT_SEGMENT_METADATA ? meta : weights;
    if (segment.kind != INGOT_SEGMENT_METADATA && segment.kind != INGOT_SEGMENT_WEIGHTS)
      continue;
    if (slot)
      return fail("IG0513", segment.offset, "a second segment of kind " + std::to_string(segment.kind));
    slot = &segment;
  }
  if (!meta || !weights)
    return fail("IG0513", INGOT_BOOT_HEADER_BYTES, "the metadata or the weights segment is missing");
  llvm::Expected<Layout> layout = readMetadata(bytes.substr(meta->offset, meta->bytes));
  if (!layout)
    return layout.takeError();
  Container container{std::move(*layout), {}, bytes.substr(weights->offset, weights->bytes), nullptr};
  std::memcpy(container.abi.data(), bytes.data() + INGOT_AT_ABI_HASH, sizeof(Hash));
  if (container.layout.weightsBytes != static_cast<int64_t>(weights->bytes))
    return fail("IG0514", meta->offset, "metadata and table differ about the bytes of weights");
  Hash computed = abiHash(container.layout);
  if (computed != container.abi)
    return fail("IG0514", INGOT_AT_ABI_HASH, "the table's ABI hash is " + toText(container.abi) + ", the layout's is " + toText(computed));
  return container;
}

llvm::Expected<Container> ingot::readContainerBytes(llvm::StringRef bytes, llvm::StringRef name, Verify verify) {
  return Reader(bytes, name, verify).read();
}

llvm::Expected<Container> ingot::readContainer(llvm::StringRef path, Verify verify) {
  llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> file =
      llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  Where where;
  where.file = printable(path);
  if (!file)
    return packageError("IG0510", "cannot read the file: " + file.getError().message(), where);
  llvm::Expected<Container> container = readContainerBytes((*file)->getBuffer(), path, verify);
  if (container)
    container->file = std::move(*file);
  return container;
}
