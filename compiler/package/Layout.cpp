// Layouts: made from a planned program, checked, hashed. All arithmetic is bounded before it is done: a layout may come from a
// hostile file.
#include "compiler/package/Layout.h"
#include "compiler/package/Identifiers.h"
#include "compiler/package/PackageError.h"

#include "ingot/abi.h"
#include "ingot/runtime.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/BLAKE3.h"
#include "llvm/Support/Endian.h"

#include <limits>
#include <set>
#include <tuple>

using namespace ingot;

/// Entry points name functions of the generated header.
constexpr size_t longestEntryName = 64;

int64_t Layout::arenaBytes() const {
  int64_t most = 0;
  for (const EntryLayout &entry : entries)
    most = std::max(most, entry.arenaBytes);
  return most;
}

int64_t Layout::scratchBytes() const {
  int64_t most = 0;
  for (const EntryLayout &entry : entries)
    most = std::max(most, entry.scratchBytes);
  return most;
}

llvm::Expected<Layout> ingot::makeLayout(llvm::ArrayRef<Program> programs, const WeightStore &store, llvm::StringRef model, llvm::StringRef device) {
  if (programs.empty())
    return packageError("IG0502", "the model has no entry point");
  const Program &common = programs.front();
  Layout layout{model.str(), device.str(), common.stateBytes, common.workers, common.weightsBytes, {}, {}};
  for (const Program &program : programs)
    layout.entries.push_back({program.entry, program.arenaBytes, program.scratchBytes, program.inputs, program.outputs, program.serial, program.liveBytes});
  for (const ProgramWeight &weight : common.weights) {
    if (!store.contains(weight.name))
      return packageError("IG0503", "the plan places the weight '" + printable(weight.name) + "', which does not exist");
    if (store.bytes(weight.name) != weight.bytes)
      return packageError("IG0503", "the weight '" + printable(weight.name) + "' has " + std::to_string(store.bytes(weight.name)) +
                                        " bytes, but " + std::to_string(weight.bytes) + " were planned");
    llvm::ArrayRef<int64_t> shape = store.shape(weight.name);
    layout.weights.push_back({weight.name, store.dtype(weight.name), shape.vec(), weight.offset, weight.bytes, store.doc(weight.name).str()});
  }
  llvm::sort(layout.weights, [](const PackedWeight &a, const PackedWeight &b) {
    return std::tie(a.offset, a.bytes, a.name) < std::tie(b.offset, b.bytes, b.name);
  });
  std::string fault = checkLayout(layout);
  if (!fault.empty())
    return packageError("IG0502", fault);
  return layout;
}

/// "" when `bytes` is what the type and the shape say.
static std::string checkTensor(llvm::StringRef role, llvm::StringRef name, DType type, llvm::ArrayRef<int64_t> shape, int64_t bytes) {
  std::string who = (role + " '" + printable(name) + "'").str();
  std::optional<int64_t> count = elementCount(shape);
  if (!count)
    return who + " has an impossible shape";
  if (*count > std::numeric_limits<int64_t>::max() / byteWidth(type) || *count * byteWidth(type) != bytes)
    return who + " has " + std::to_string(bytes) + " bytes, which its type and shape contradict";
  return "";
}

static std::string checkWeights(const Layout &layout) {
  int64_t end = 0;
  for (const PackedWeight &weight : layout.weights) {
    std::string fault = checkTensor("weight", weight.name, weight.type, weight.shape, weight.bytes);
    if (!fault.empty())
      return fault;
    std::string who = "weight '" + printable(weight.name) + "'";
    if (weight.offset < 0 || weight.offset % INGOT_MEMORY_ALIGNMENT != 0)
      return who + " begins at byte " + std::to_string(weight.offset) + ", which is no multiple of 64";
    if (weight.offset > layout.weightsBytes || weight.bytes > layout.weightsBytes - weight.offset)
      return who + " lies outside the weights segment";
    if (weight.offset < end)
      return who + " overlaps the one before it";
    end = weight.offset + weight.bytes;
  }
  return "";
}

static std::string checkEntry(const EntryLayout &entry) {
  if (!isIdentifier(entry.name) || entry.name.size() > longestEntryName)
    return "the entry point '" + printable(entry.name) + "' is no short C identifier";
  if (entry.arenaBytes < 0 || entry.scratchBytes < 0)
    return "a memory size is negative";
  for (const ProgramIo &io : entry.inputs)
    if (std::string fault = checkTensor("input", io.name, io.type, io.shape, io.bytes); !fault.empty())
      return fault;
  for (const ProgramIo &io : entry.inputs)
    if (!io.bound.empty() && static_cast<int64_t>(io.bound.size()) != io.bytes)
      return "input '" + printable(io.name) + "' is bound to a value of another size";
  for (const ProgramIo &io : entry.outputs)
    if (std::string fault = checkTensor("output", io.name, io.type, io.shape, io.bytes); !fault.empty())
      return fault;
  return "";
}

std::string ingot::checkLayout(const Layout &layout) {
  if (layout.stateBytes < 0 || layout.weightsBytes < 0)
    return "a memory size is negative";
  if (layout.entries.empty())
    return "there is no entry point";
  if (layout.workers < 1 || layout.workers > std::numeric_limits<uint32_t>::max())
    return "the number of workers is " + std::to_string(layout.workers);
  std::set<llvm::StringRef> names;
  for (const EntryLayout &entry : layout.entries) {
    if (std::string fault = checkEntry(entry); !fault.empty())
      return fault;
    if (!names.insert(entry.name).second)
      return "two entry points are called '" + entry.name + "'";
  }
  return checkWeights(layout);
}

namespace {
/// Feeds values to the hash in one fixed form: numbers as 8 bytes little-endian, lists and texts behind their length.
class Feed {
public:
  void number(uint64_t value) {
    char bytes[8];
    llvm::support::endian::write64le(bytes, value);
    hasher.update(llvm::StringRef(bytes, sizeof bytes));
  }
  void text(llvm::StringRef value) {
    number(value.size());
    hasher.update(value);
  }
  void tensor(llvm::StringRef name, DType type, llvm::ArrayRef<int64_t> shape, int64_t bytes) {
    text(name);
    number(static_cast<uint64_t>(type));
    number(shape.size());
    for (int64_t extent : shape)
      number(extent);
    number(bytes);
  }
  void ios(llvm::ArrayRef<ProgramIo> list) {
    number(list.size());
    for (const ProgramIo &io : list) {
      tensor(io.name, io.type, io.shape, io.bytes);
      text(io.bound);
    }
  }
  Hash finish() { return hasher.final<32>(); }

private:
  llvm::BLAKE3 hasher;
};
} // namespace

Hash ingot::abiHash(const Layout &layout) {
  Feed feed;
  feed.text("ingot abi 3");
  feed.number(INGOT_ABI_VERSION);
  for (int64_t size : {layout.stateBytes, layout.workers, layout.weightsBytes})
    feed.number(size);
  feed.number(layout.entries.size());
  for (const EntryLayout &entry : layout.entries) {
    feed.text(entry.name);
    feed.number(entry.arenaBytes);
    feed.number(entry.scratchBytes);
    feed.ios(entry.inputs);
    feed.ios(entry.outputs);
  }
  feed.number(layout.weights.size());
  for (const PackedWeight &weight : layout.weights) {
    feed.tensor(weight.name, weight.type, weight.shape, weight.bytes);
    feed.number(weight.offset);
    feed.text(weight.recipe);
  }
  return feed.finish();
}

std::string ingot::toText(const Hash &hash) { return llvm::toHex(hash, /*LowerCase=*/true); }
