// Containers: what was written is read back; any change is refused.
#include "Check.h"
#include "compiler/package/Metadata.h"
#include "compiler/package/PackageReader.h"
#include "compiler/package/PackageWriter.h"
#include "compiler/package/TreeHash.h"

#include "ingot/container.h"
#include "ingot/runtime.h"

#include "llvm/Support/Endian.h"

#include <cstring>
#include <random>

using namespace ingot;
using namespace ingot::test;

/// A container that begins on the boundary the runtime asks for.
namespace {
struct Aligned {
  explicit Aligned(llvm::StringRef bytes) : memory(new Block[bytes.size() / sizeof(Block) + 1]) {
    std::memcpy(memory.get(), bytes.data(), bytes.size());
  }
  struct alignas(64) Block {
    char bytes[64];
  };
  std::unique_ptr<Block[]> memory;
};
} // namespace

// Equal bytes for any number of threads; layout, weights and hashes come back.
void test::testContainer() {
  Sample sample = makeSample();
  std::string bytes = containerOf(sample, 1);
  CHECK(bytes == containerOf(sample, 2));
  CHECK(bytes == containerOf(sample, 0));
  llvm::Expected<Container> container = readContainerBytes(bytes, "memory");
  if (!container) {
    CHECK(codeOf(std::move(container)).empty());
    return;
  }
  CHECK(container->layout.weights.size() == 2 && container->layout.weights[1].recipe == "double");
  CHECK(container->layout.entries[0].inputs[0].name == "in" && container->layout.entries[0].outputs[0].shape == std::vector<int64_t>{5});
  CHECK(container->weights.size() == 128);
  CHECK(llvm::support::endian::read32le(container->weights.data() + 64) == 0x40000000); // 2.0f
  Aligned aligned(bytes);
  ingot_container found;
  CHECK(ingot_check(nullptr, aligned.memory.get(), bytes.size(), &found) == INGOT_OK);
  CHECK(found.weights_bytes == 128 && std::memcmp(found.abi_hash, container->abi.data(), 32) == 0);
  sample.program.arenaBytes = 128;
  llvm::Expected<Container> other = readContainerBytes(containerOf(sample, 1), "memory");
  CHECK(other && other->abi != container->abi);
  Steps steps = makeSteps();
  llvm::Expected<Layout> layout = makeLayout(steps.programs, steps.store, "m", "d");
  CHECK(layout && layout->arenaBytes() == 128);
  llvm::Expected<Layout> back = readMetadata(llvm::cantFail(writeMetadata(*layout)));
  CHECK(back && back->entries.size() == 2 && back->entries[1].name == "total" && abiHash(*back) == abiHash(*layout));
  layout->entries[1].name = "feed";
  CHECK(!checkLayout(*layout).empty());
  layout->entries[1].name = "9";
  CHECK(!checkLayout(*layout).empty());
  CHECK(toText(treeHash("")) != toText(treeHash(std::string(1, '\0'))));
}

/// Neither reader may crash; the host's must refuse.
static void expectRefused(llvm::StringRef bytes) {
  CHECK(!codeOf(readContainerBytes(bytes, "memory")).empty());
  Aligned aligned(bytes);
  ingot_container found;
  (void)ingot_check(nullptr, aligned.memory.get(), bytes.size(), &found);
}

/// Rewrites the boot table's hash, so that what stands behind it is looked at.
static void resealTable(std::string &bytes) {
  uint32_t count = llvm::support::endian::read32le(bytes.data() + INGOT_AT_SEGMENTS);
  uint64_t at = INGOT_BOOT_HEADER_BYTES + uint64_t(count) * INGOT_BOOT_SEGMENT_BYTES;
  if (at + 32 > bytes.size())
    return;
  llvm::BLAKE3 hasher;
  hasher.update(llvm::StringRef(bytes).take_front(at));
  Hash hash = hasher.final<32>();
  std::memcpy(&bytes[at], hash.data(), hash.size());
}

// A changed byte anywhere, a cut anywhere, and a byte too many are refused.
static void testFlips(const std::string &good) {
  for (size_t at = 0; at < good.size(); at += at < 512 || (at >= 16384 && at < 18000) ? 1 : 97) {
    std::string bad = good;
    bad[at] ^= 0x41;
    expectRefused(bad);
  }
  for (size_t size = 0; size < good.size(); size += size < 512 ? 1 : 499)
    expectRefused(llvm::StringRef(good).take_front(size));
  expectRefused(good + std::string(1, '\0'));
  CHECK(codeOf(readContainerBytes(good + std::string(1, '\0'), "memory")) == "IG0513");
}

// Who only runs a model does not hash its weights, but all else.
static void testUnhashedWeights(const std::string &good) {
  std::string bad = good;
  bad.back() ^= 0x41;
  llvm::Expected<Container> container = readContainerBytes(bad, "memory", Verify::AllButWeights);
  CHECK(container && container->weights.back() == bad.back());
  CHECK(codeOf(readContainerBytes(bad, "memory")) == "IG0513");
  bad[INGOT_SEGMENT_ALIGNMENT] ^= 0x41; // the first byte of the metadata
  CHECK(codeOf(readContainerBytes(bad, "memory", Verify::AllButWeights)) == "IG0513");
}

// Boot tables that are sealed but false: every field takes extreme values.
static void testTables(const std::string &good) {
  for (size_t at = 8; at < 192; at += 4)
    for (uint64_t value : {uint64_t(0), uint64_t(1), uint64_t(0x7fffffff), UINT64_MAX, UINT64_MAX - 16383, uint64_t(16384), uint64_t(1) << 63}) {
      std::string bad = good;
      llvm::support::endian::write64le(&bad[at], value);
      resealTable(bad);
      if (bad != good)
        expectRefused(bad);
    }
}

// Metadata of any bytes is read without a fault: random changes of a good one.
static void testMetadata() {
  Sample sample = makeHostile();
  llvm::Expected<Layout> layout = makeLayout(sample.program, sample.store, "m", "d");
  CHECK(bool(layout));
  layout->entries[0].inputs.resize(4);
  layout->entries[0].outputs.resize(4);
  std::string good = llvm::cantFail(writeMetadata(*layout));
  CHECK(codeOf(readMetadata(good.substr(0, good.size() / 2))) == "IG0514");
  std::mt19937 random(1);
  for (int round = 0; round < 20000; ++round) {
    std::string bad = good;
    for (int change = 0; change < 1 + round % 4; ++change)
      bad[random() % bad.size()] = static_cast<char>(random());
    if (round % 5 == 0)
      bad.resize(random() % bad.size());
    llvm::Expected<Layout> read = readMetadata(bad);
    if (!read)
      llvm::consumeError(read.takeError());
    else
      CHECK(checkLayout(*read).empty());
  }
}

void test::testDamage() {
  std::string good = containerOf(makeSample(), 1);
  testFlips(good);
  testUnhashedWeights(good);
  testTables(good);
  testMetadata();
  CHECK(codeOf(readContainerBytes("", "memory")) == "IG0511");
  CHECK(codeOf(readContainer("/nonexistent/x.ingot")) == "IG0510");
  std::string future = good;
  future[INGOT_AT_VERSION] = 9;
  CHECK(codeOf(readContainerBytes(future, "memory")) == "IG0512");
}
