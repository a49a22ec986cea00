// The zip around .npy arrays: central directory, stored and deflated entries, zip64 sizes; zlib does the deflate and the CRC.
// Refused: encryption, other methods, entries that overlap, duplicate keys, sizes beyond the file or kNpzMaxBytes.
#include "compiler/support/Npz.h"

#include "compiler/support/Files.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/Path.h"

#include <algorithm>
#include <zlib.h>

namespace ingot {
namespace {

using llvm::support::endian::read16le;
using llvm::support::endian::read32le;
using llvm::support::endian::read64le;

constexpr uint32_t kEndMark = 0x06054b50, kEnd64Mark = 0x06064b50, kLocator64Mark = 0x07064b50, kEntryMark = 0x02014b50, kLocalMark = 0x04034b50;
constexpr size_t kEndBytes = 22, kEnd64Bytes = 56, kLocatorBytes = 20, kEntryBytes = 46, kLocalBytes = 30;
constexpr uint32_t kWide = 0xffffffff; // "see the zip64 extra field"

struct Entry {
  std::string name;
  unsigned flags = 0, method = 0;
  uint32_t crc = 0;
  uint64_t packed = 0, unpacked = 0, local = 0;
};

/// Bytes of a file, read at 64-bit offsets with the bounds checked.
class ZipReader {
public:
  explicit ZipReader(llvm::StringRef bytes) : bytes(bytes) {}

  bool readDirectory(std::vector<Entry> &entries, std::string &why);
  std::optional<std::string> unpack(const Entry &entry, std::string &why);

private:
  bool inside(uint64_t offset, uint64_t size) const { return offset <= bytes.size() && size <= bytes.size() - offset; }
  bool findDirectory(uint64_t &offset, uint64_t &count);
  bool readEntry(uint64_t &at, Entry &entry, std::string &why);
  std::optional<llvm::StringRef> packedBytes(const Entry &entry);

  llvm::StringRef bytes;
};

bool ZipReader::findDirectory(uint64_t &offset, uint64_t &count) {
  if (bytes.size() < kEndBytes)
    return false;
  // The end record lies before a comment of at most 64 KiB.
  size_t low = bytes.size() > kEndBytes + 0xffff ? bytes.size() - kEndBytes - 0xffff : 0;
  for (size_t at = bytes.size() - kEndBytes + 1; at-- > low;) {
    const char *p = bytes.data() + at;
    if (read32le(p) != kEndMark || read16le(p + 20) != bytes.size() - at - kEndBytes)
      continue;
    count = read16le(p + 10);
    offset = read32le(p + 16);
    if (at < kLocatorBytes || read32le(p - kLocatorBytes) != kLocator64Mark)
      return true;
    uint64_t end64 = read64le(p - kLocatorBytes + 8);
    if (!inside(end64, kEnd64Bytes) || read32le(bytes.data() + end64) != kEnd64Mark)
      return false;
    count = read64le(bytes.data() + end64 + 32);
    offset = read64le(bytes.data() + end64 + 48);
    return true;
  }
  return false;
}

/// Takes the 64-bit fields from the zip64 extra field (id 1), in the order in which the narrow ones overflow.
bool widen(llvm::StringRef extra, Entry &entry) {
  while (extra.size() >= 4) {
    unsigned id = read16le(extra.data()), size = read16le(extra.data() + 2);
    extra = extra.drop_front(4);
    if (size > extra.size())
      return false;
    llvm::StringRef field = extra.take_front(size);
    extra = extra.drop_front(size);
    if (id != 1)
      continue;
    for (uint64_t *value : {&entry.unpacked, &entry.packed, &entry.local}) {
      if (*value != kWide)
        continue;
      if (field.size() < 8)
        return false;
      *value = read64le(field.data());
      field = field.drop_front(8);
    }
    return true;
  }
  return true;
}

bool ZipReader::readEntry(uint64_t &at, Entry &entry, std::string &why) {
  why = "the zip directory is damaged";
  if (!inside(at, kEntryBytes) || read32le(bytes.data() + at) != kEntryMark)
    return false;
  const char *p = bytes.data() + at;
  uint64_t nameBytes = read16le(p + 28), extraBytes = read16le(p + 30), commentBytes = read16le(p + 32);
  if (!inside(at + kEntryBytes, nameBytes + extraBytes + commentBytes))
    return false;
  entry.flags = read16le(p + 8);
  entry.method = read16le(p + 10);
  entry.crc = read32le(p + 16);
  entry.packed = read32le(p + 20);
  entry.unpacked = read32le(p + 24);
  entry.local = read32le(p + 42);
  entry.name = std::string(p + kEntryBytes, nameBytes);
  at += kEntryBytes + nameBytes + extraBytes + commentBytes;
  return widen(llvm::StringRef(p + kEntryBytes + nameBytes, extraBytes), entry);
}

bool ZipReader::readDirectory(std::vector<Entry> &entries, std::string &why) {
  uint64_t at = 0, count = 0;
  if (!findDirectory(at, count) || at > bytes.size() || count > (bytes.size() - at) / kEntryBytes) {
    why = "it is neither a zip nor an .npy file, or was cut short";
    return false;
  }
  uint64_t total = 0;
  for (uint64_t i = 0; i < count; ++i) {
    Entry entry;
    if (!readEntry(at, entry, why))
      return false;
    if (entry.unpacked > uint64_t(kNpzMaxBytes) || (total += entry.unpacked) > uint64_t(kNpzMaxBytes)) {
      why = "its arrays unpack to more than 16 GiB";
      return false;
    }
    entries.push_back(std::move(entry));
  }
  // Entries that share bytes are how small files claim to hold much.
  std::vector<std::pair<uint64_t, uint64_t>> ranges;
  for (const Entry &entry : entries)
    if (inside(entry.local, entry.packed))
      ranges.emplace_back(entry.local, entry.local + kLocalBytes + entry.packed);
  std::sort(ranges.begin(), ranges.end());
  for (size_t i = 1; i < ranges.size(); ++i)
    if (ranges[i].first < ranges[i - 1].second) {
      why = "its zip entries overlap";
      return false;
    }
  return true;
}

std::optional<llvm::StringRef> ZipReader::packedBytes(const Entry &entry) {
  if (!inside(entry.local, kLocalBytes) || read32le(bytes.data() + entry.local) != kLocalMark)
    return std::nullopt;
  const char *p = bytes.data() + entry.local;
  uint64_t begin = entry.local + kLocalBytes + read16le(p + 26) + read16le(p + 28);
  if (!inside(begin, entry.packed))
    return std::nullopt;
  return bytes.substr(begin, entry.packed);
}

/// Raw deflate of exactly `size` bytes. zlib counts in 32 bits, so both sides go in pieces.
bool inflateAll(llvm::StringRef packed, std::string &out) {
  constexpr size_t kPiece = 1u << 30;
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
    return false;
  stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(packed.data()));
  size_t inLeft = packed.size(), outLeft = out.size();
  stream.next_out = reinterpret_cast<Bytef *>(out.data());
  int status = Z_OK;
  while (status == Z_OK) {
    uInt in = std::min(inLeft, kPiece), room = std::min(outLeft, kPiece);
    stream.avail_in = in;
    stream.avail_out = room;
    status = inflate(&stream, Z_NO_FLUSH);
    inLeft -= in - stream.avail_in;
    outLeft -= room - stream.avail_out;
    if (status == Z_OK && in == stream.avail_in && room == stream.avail_out)
      break;
  }
  inflateEnd(&stream);
  return status == Z_STREAM_END && outLeft == 0;
}

uint32_t crcOf(llvm::StringRef bytes) {
  return static_cast<uint32_t>(crc32_z(crc32_z(0, nullptr, 0), reinterpret_cast<const Bytef *>(bytes.data()), bytes.size()));
}

std::optional<std::string> ZipReader::unpack(const Entry &entry, std::string &why) {
  constexpr unsigned kEncrypted = 1, kStored = 0, kDeflated = 8;
  // Deflate shrinks at most 1032 to 1: a larger claim is a lie, refused before memory is asked for.
  constexpr uint64_t kBestRatio = 1032;
  std::optional<llvm::StringRef> packed = packedBytes(entry);
  why = "its zip entry is damaged";
  if (!packed)
    return std::nullopt;
  if (entry.flags & kEncrypted || (entry.method != kStored && entry.method != kDeflated)) {
    why = entry.flags & kEncrypted ? "it is encrypted" : "it is packed with zip method " + std::to_string(entry.method) + "; stored and deflated ones are read";
    return std::nullopt;
  }
  std::string out;
  if (entry.method == kStored) {
    if (entry.unpacked != packed->size())
      return std::nullopt;
    out = packed->str();
  } else {
    if (entry.unpacked / kBestRatio > packed->size())
      return std::nullopt;
    out.resize(entry.unpacked);
    if (!inflateAll(*packed, out))
      return std::nullopt;
  }
  if (crcOf(out) != entry.crc) {
    why = "its checksum does not match";
    return std::nullopt;
  }
  return out;
}

std::nullopt_t refuse(llvm::StringRef label, std::string what, Diagnostics &diagnostics) {
  Where where;
  where.file = label.str();
  diagnostics.report("IG0404", std::move(what), where, "write it with numpy.savez");
  return std::nullopt;
}

void put(std::string &out, uint64_t value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i)
    out += static_cast<char>(value >> (8 * i));
}

/// The fields that the local header and the directory share: version .. extra length. Time stamp: 1980-01-01 00:00.
void putCommon(std::string &out, uint32_t crc, uint64_t size, size_t nameBytes) {
  constexpr unsigned kVersion = 20, kUtf8Names = 0x800, kFirstDay = 0x21;
  put(out, kVersion, 2);
  put(out, kUtf8Names, 2);
  put(out, 0, 2); // stored
  put(out, 0, 2);
  put(out, kFirstDay, 2);
  put(out, crc, 4);
  put(out, size, 4);
  put(out, size, 4);
  put(out, nameBytes, 2);
  put(out, 0, 2);
}

} // namespace

std::optional<NamedTensors> readNpzBytes(llvm::StringRef bytes, llvm::StringRef label, Diagnostics &diagnostics) {
  std::string why;
  NamedTensors result;
  if (bytes.starts_with("\x93NUMPY")) {
    std::optional<Tensor> tensor = parseNpy(bytes, why);
    if (!tensor)
      return refuse(label, "cannot read the array: " + why, diagnostics);
    result.emplace_back("arr_0", std::move(*tensor));
    return result;
  }
  ZipReader zip(bytes);
  std::vector<Entry> entries;
  if (!zip.readDirectory(entries, why))
    return refuse(label, "cannot read the file of arrays: " + why, diagnostics);
  llvm::StringSet<> seen;
  for (const Entry &entry : entries) {
    llvm::StringRef key = entry.name;
    key.consume_back(".npy");
    if (!seen.insert(key).second)
      return refuse(label, "the array '" + printable(key) + "' is there twice", diagnostics);
    std::optional<std::string> unpacked = zip.unpack(entry, why);
    std::optional<Tensor> tensor = unpacked ? parseNpy(*unpacked, why) : std::nullopt;
    if (!tensor)
      return refuse(label, "cannot read the array '" + printable(key) + "': " + why, diagnostics);
    result.emplace_back(key.str(), std::move(*tensor));
  }
  return result;
}

std::optional<NamedTensors> readNpz(llvm::StringRef path, Diagnostics &diagnostics) {
  std::unique_ptr<llvm::MemoryBuffer> buffer = readFile(path, diagnostics);
  if (!buffer)
    return std::nullopt;
  return readNpzBytes(buffer->getBuffer(), path, diagnostics);
}

llvm::Expected<std::string> writeNpzBytes(const NamedTensors &tensors) {
  constexpr uint64_t kLimit = 0xffff0000; // narrow zip fields
  std::string out, directory;
  for (const auto &[key, tensor] : tensors) {
    std::string name = key + ".npy", body = writeNpyBytes(tensor);
    uint64_t at = out.size();
    if (at + body.size() + directory.size() + name.size() > kLimit || name.size() > 0xffff || tensors.size() >= 0xffff)
      return llvm::createStringError("the arrays take more than 4 GiB, or there are more than 65534");
    uint32_t crc = crcOf(body);
    put(out, kLocalMark, 4);
    putCommon(out, crc, body.size(), name.size());
    out += name + body;
    put(directory, kEntryMark, 4);
    put(directory, 20, 2);
    putCommon(directory, crc, body.size(), name.size());
    put(directory, 0, 2); // comment
    put(directory, 0, 2); // disk
    put(directory, 0, 2); // internal attributes
    put(directory, 0, 4); // external attributes
    put(directory, at, 4);
    directory += name;
  }
  uint64_t start = out.size();
  out += directory;
  put(out, kEndMark, 4);
  put(out, 0, 4); // disks
  put(out, tensors.size(), 2);
  put(out, tensors.size(), 2);
  put(out, directory.size(), 4);
  put(out, start, 4);
  put(out, 0, 2);
  return out;
}

bool writeNpz(llvm::StringRef path, const NamedTensors &tensors, Diagnostics &diagnostics) {
  llvm::Expected<std::string> bytes = writeNpzBytes(tensors);
  if (bytes)
    return writeFileAtomically(path, *bytes, diagnostics);
  diagnostics.report("IG0004", "cannot write '" + printable(path, 400) + "': " + llvm::toString(bytes.takeError()));
  return false;
}

const Tensor *findTensor(const NamedTensors &tensors, llvm::StringRef prefix, llvm::StringRef name) {
  std::string full = (prefix + "|" + name).str();
  for (llvm::StringRef key : {llvm::StringRef(full), name})
    for (const auto &[have, tensor] : tensors)
      if (have == key)
        return &tensor;
  return nullptr;
}

} // namespace ingot
