// See PackageWriter.h; the file's form stands in ingot/container.h.
#include "compiler/package/PackageWriter.h"
#include "compiler/package/Metadata.h"
#include "compiler/package/PackageError.h"
#include "compiler/package/TreeHash.h"

#include "ingot/container.h"

#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/ThreadPool.h"

#include <deque>

using namespace ingot;
using namespace llvm::support;

/// Bytes of made weights that may wait to be written, beside the one being written.
constexpr int64_t waitingLimit = int64_t(256) << 20;

namespace {
/// Runs recipes ahead of their use.
class WeightMaker {
public:
  WeightMaker(const Layout &layout, const WeightStore &store, unsigned jobs)
      : layout(layout), store(store), pool(llvm::hardware_concurrency(jobs)), inPlace(jobs == 1) {}

  /// Weight i; called for 0, 1, 2 ... in turn.
  Tensor get(size_t i) {
    if (inPlace)
      return store.get(layout.weights[i].name);
    while (next < layout.weights.size() && (waiting.empty() || waitingBytes + layout.weights[next].bytes <= waitingLimit))
      start(next++);
    Tensor tensor = waiting.front().get();
    waiting.pop_front();
    waitingBytes -= layout.weights[i].bytes;
    return tensor;
  }

private:
  void start(size_t i) {
    const std::string &name = layout.weights[i].name;
    waitingBytes += layout.weights[i].bytes;
    waiting.push_back(pool.async([this, &name] { return store.get(name); }));
  }

  const Layout &layout;
  const WeightStore &store;
  llvm::DefaultThreadPool pool;
  bool inPlace;
  std::deque<std::shared_future<Tensor>> waiting;
  int64_t waitingBytes = 0;
  size_t next = 0;
};
} // namespace

static void writeZeros(int64_t count, llvm::function_ref<void(llvm::StringRef)> write) {
  static const char zeros[4096] = {};
  for (; count > 0; count -= sizeof zeros)
    write(llvm::StringRef(zeros, std::min<int64_t>(count, sizeof zeros)));
}

llvm::Error ingot::streamWeights(const Layout &layout, const WeightStore &store, unsigned jobs,
                                 llvm::function_ref<void(llvm::StringRef)> write, const PackingWatcher &watch) {
  WeightMaker maker(layout, store, jobs);
  int64_t at = 0;
  for (size_t i = 0; i < layout.weights.size(); ++i) {
    const PackedWeight &weight = layout.weights[i];
    writeZeros(weight.offset - at, write);
    Tensor tensor = maker.get(i);
    if (tensor.bytes() != weight.bytes)
      return packageError("IG0503", "the weight '" + printable(weight.name) + "' was made with " + std::to_string(tensor.bytes()) +
                                        " bytes by '" + weight.recipe + "', but " + std::to_string(weight.bytes) + " were planned");
    write(llvm::StringRef(tensor.data(), tensor.bytes()));
    at = weight.offset + weight.bytes;
    if (watch)
      watch({i + 1, layout.weights.size(), at, layout.weightsBytes});
  }
  writeZeros(layout.weightsBytes - at, write);
  return llvm::Error::success();
}

namespace {
struct Segment {
  uint32_t kind;
  uint64_t offset, bytes;
  Hash hash;
};
} // namespace

static void appendBytes(std::string &table, const Hash &hash) { table.append(reinterpret_cast<const char *>(hash.data()), hash.size()); }

template <typename T> static void appendNumber(std::string &table, T value) {
  char bytes[sizeof(T)];
  endian::write<T>(bytes, value, llvm::endianness::little);
  table.append(bytes, sizeof bytes);
}

static std::string bootTable(llvm::ArrayRef<Segment> segments, const Hash &abi) {
  static const unsigned char magic[8] = INGOT_MAGIC_BYTES;
  std::string table(reinterpret_cast<const char *>(magic), sizeof magic);
  appendNumber<uint32_t>(table, INGOT_CONTAINER_VERSION);
  appendNumber<uint32_t>(table, segments.size());
  appendNumber<uint64_t>(table, segments.back().offset + segments.back().bytes);
  appendNumber<uint64_t>(table, 0);
  appendBytes(table, abi);
  for (const Segment &segment : segments) {
    appendNumber<uint32_t>(table, segment.kind);
    appendNumber<uint32_t>(table, 0);
    appendNumber<uint64_t>(table, segment.offset);
    appendNumber<uint64_t>(table, segment.bytes);
    appendNumber<uint64_t>(table, 0);
    appendBytes(table, segment.hash);
  }
  llvm::BLAKE3 hasher;
  hasher.update(llvm::StringRef(table));
  appendBytes(table, hasher.final<32>());
  return table;
}

/// Writes a segment of bytes that are there already, after the one before it.
static Segment writeSegment(uint32_t kind, llvm::StringRef bytes, uint64_t &at, llvm::function_ref<void(llvm::StringRef)> write) {
  Segment segment{kind, llvm::alignTo(at, INGOT_SEGMENT_ALIGNMENT), bytes.size(), treeHash(bytes)};
  writeZeros(static_cast<int64_t>(segment.offset - at), write);
  write(bytes);
  at = segment.offset + segment.bytes;
  return segment;
}

llvm::Expected<ContainerInfo> ingot::writeContainer(llvm::raw_pwrite_stream &out, const Layout &layout, const WeightStore &store, unsigned jobs,
                                                    llvm::StringRef tokenizer, const PackingWatcher &watch) {
  llvm::Expected<std::string> metadata = writeMetadata(layout);
  if (!metadata)
    return metadata.takeError();
  auto write = [&](llvm::StringRef bytes) { out << bytes; };
  writeZeros(INGOT_SEGMENT_ALIGNMENT, write); // the boot table comes last, when the hashes are known
  uint64_t at = INGOT_SEGMENT_ALIGNMENT;
  llvm::SmallVector<Segment> segments{writeSegment(INGOT_SEGMENT_METADATA, *metadata, at, write)};
  if (!tokenizer.empty())
    segments.push_back(writeSegment(INGOT_SEGMENT_TOKENIZER, tokenizer, at, write));
  Segment weights{INGOT_SEGMENT_WEIGHTS, llvm::alignTo(at, INGOT_SEGMENT_ALIGNMENT), static_cast<uint64_t>(layout.weightsBytes), {}};
  writeZeros(static_cast<int64_t>(weights.offset - at), write);
  TreeHash hash;
  auto writeHashed = [&](llvm::StringRef bytes) {
    hash.update(bytes);
    write(bytes);
  };
  llvm::Error error = streamWeights(layout, store, jobs, writeHashed, watch);
  if (error)
    return std::move(error);
  weights.hash = hash.finish();
  segments.push_back(weights);
  ContainerInfo info{abiHash(layout), static_cast<int64_t>(weights.offset + weights.bytes)};
  std::string table = bootTable(segments, info.abi);
  out.pwrite(table.data(), table.size(), 0);
  return info;
}
