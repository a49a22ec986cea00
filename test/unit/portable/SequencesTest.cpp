// Rows of several sequences, each with a cache of its own: the bits of the kernels for one sequence, row by row, for every number of workers.
#include "targets/common/ukernels/sequence.h"
#include "test/unit/portable/Portable.h"

#define KERNEL_FUNCTION(name) extern "C" void name(void *const *, const int64_t *, int64_t, int64_t);
#define KERNEL_FUNCTIONS(type)                        \
  KERNEL_FUNCTION(ik_cache_append_##type)             \
  KERNEL_FUNCTION(ik_cache_append_sequences_##type)   \
  KERNEL_FUNCTION(ik_cached_attention_##type)         \
  KERNEL_FUNCTION(ik_cached_attention_sequences_##type) \
  KERNEL_FUNCTION(ik_cached_attention_sinks_##type)   \
  KERNEL_FUNCTION(ik_cached_attention_sequences_sinks_##type)
KERNEL_FUNCTIONS(f16)
KERNEL_FUNCTIONS(f32)
KERNEL_FUNCTIONS(q8)
KERNEL_FUNCTION(ik_rope)
KERNEL_FUNCTION(ik_rope_each)

namespace {

constexpr int64_t kSequences = 3, kHeads = 2, kQueryHeads = 6, kLength = 96, kDepth = 20, kWindow = 24;

using Bytes = std::vector<char>;
using Floats = std::vector<float>;
using Ids = std::vector<int32_t>;

struct Type {
  const char *name;
  Kernel append, appendSequences, attention, attentionSequences, sinks, sinksSequences;
  int64_t rowBytes;
  int64_t cacheBytes() const { return kHeads * kLength * rowBytes; }
};

int64_t rowsOf(const Floats &rows, int64_t heads) { return int64_t(rows.size()) / (heads * kDepth); }

/// Appends rows to the cache of one sequence.
void appendOne(const Type &type, char *cache, const float *rows, int64_t count, int32_t position, bool ring) {
  int64_t p[] = {count, kHeads, kLength, kDepth, ring};
  void *buffers[] = {cache, const_cast<float *>(rows), &position, cache};
  type.append(buffers, p, 0, 1);
}

/// Appends rows to the caches of their sequences, with several numbers of workers; all must come to `want`.
void appendSequences(const Type &type, const Bytes &before, const Floats &rows, Ids positions, Ids sequences, bool ring, const Bytes &want, const char *what) {
  int64_t p[] = {rowsOf(rows, kHeads), kHeads, kLength, kDepth, ring, kSequences, int64_t(positions.size())};
  for (int64_t workers : {1, 2, 3, 7}) {
    Bytes caches = before;
    for (int64_t worker = 0; worker < workers; ++worker) {
      void *buffers[] = {caches.data(), const_cast<float *>(rows.data()), positions.data(), sequences.data(), caches.data()};
      type.appendSequences(buffers, p, worker, workers);
    }
    check(caches == want, "cache_append_sequences_%s: %s, %d workers", type.name, what, int(workers));
  }
}

/// Caches of all sequences, filled from position 0 on, past the end of a ring: by both kernels.
Bytes filledCaches(Random &random, const Type &type, bool ring) {
  Bytes caches(size_t(kSequences * type.cacheBytes()));
  for (int32_t s = 0; s < kSequences; ++s)
    for (int32_t position : {0, int32_t(kLength) - 9}) {
      Floats rows = randomVector<float>(random, (position ? 20 : kLength) * kHeads * kDepth);
      Bytes want = caches;
      appendOne(type, want.data() + s * type.cacheBytes(), rows.data(), rowsOf(rows, kHeads), position, ring);
      appendSequences(type, caches, rows, {position}, {s}, ring, want, "rows that follow each other");
      caches = want;
    }
  return caches;
}

const Ids kRowSequences = {2, -1, 0, 3, 1, 2}, kRowPositions = {94, 7, 40, 5, -2, 95};

/// Rows with places of their own: idle ones are dropped, of rows with one place the last stays.
Bytes appendEach(Random &random, const Type &type, const Bytes &caches, bool ring) {
  Floats rows = randomVector<float>(random, int64_t(kRowSequences.size()) * kHeads * kDepth);
  Bytes want = caches, twice = caches;
  for (size_t m = 0; m < kRowSequences.size(); ++m)
    if (kRowSequences[m] >= 0 && kRowSequences[m] < kSequences)
      appendOne(type, want.data() + kRowSequences[m] * type.cacheBytes(), rows.data() + int64_t(m) * kHeads * kDepth, 1, kRowPositions[m], ring);
  appendSequences(type, caches, rows, kRowPositions, kRowSequences, ring, want, "rows of their own places");
  appendOne(type, twice.data() + type.cacheBytes(), rows.data() + 5 * kHeads * kDepth, 1, 9, ring);
  appendSequences(type, caches, rows, Ids(6, 9), Ids(6, 1), ring, twice, "rows of one place");
  appendSequences(type, caches, rows, {0}, {-1}, ring, caches, "no sequence");
  return want;
}

/// Parameters of attention; scale 0.3, no softcap, in rings slopes from 2^-8 on.
std::vector<int64_t> attentionParams(int64_t rows, bool ring) {
  return {rows, kQueryHeads, kHeads, kLength, kDepth, kDepth, ring ? kWindow : 0, 0x3e99999a, 0, ring, 0, 0, ring ? 0x41000000 : 0};
}

void attendSequences(Random &random, const Type &type, const Bytes &keys, const Bytes &values, const Ids &positions, const Ids &sequences, bool ring, bool hasSinks) {
  constexpr int64_t kRow = kQueryHeads * kDepth, kRows = 6;
  Floats q = randomVector<float>(random, kRows * kRow), sinks = randomVector<float>(random, kQueryHeads), got(q.size(), 5), want(q.size());
  auto places = int64_t(positions.size()), rows = kRows / places;
  std::vector<int64_t> all = attentionParams(kRows, ring), one = attentionParams(rows, ring);
  all.insert(all.end(), {kSequences, places});
  const int64_t scratch = IK_ATTENTION_SCRATCH(kDepth, kDepth);
  for (int64_t place = 0; place < places; ++place) {
    int64_t sequence = sequences[size_t(place)], at = place * rows * kRow;
    if (sequence < 0 || sequence >= kSequences)
      continue;
    const char *k = keys.data() + sequence * type.cacheBytes(), *v = values.data() + sequence * type.cacheBytes();
    std::vector<const void *> inputs{q.data() + at, k, v, &positions[size_t(place)]};
    if (hasSinks)
      inputs.push_back(sinks.data());
    runKernel(type.name, hasSinks ? type.sinks : type.attention, inputs, {want.data() + at}, {rows * kRow * 4}, one, scratch);
  }
  std::vector<const void *> inputs{q.data(), keys.data(), values.data(), positions.data(), sequences.data()};
  if (hasSinks)
    inputs.push_back(sinks.data());
  runKernel(type.name, hasSinks ? type.sinksSequences : type.attentionSequences, inputs, {got.data()}, {int64_t(got.size() * 4)}, all, scratch);
  check(std::memcmp(got.data(), want.data(), got.size() * 4) == 0, "cached_attention_sequences_%s: %d places differ from each alone", type.name, int(places));
}

void testType(Random &random, const Type &type) {
  for (bool ring : {false, true}) {
    Bytes keys = appendEach(random, type, filledCaches(random, type, ring), ring), values = appendEach(random, type, filledCaches(random, type, ring), ring);
    for (bool hasSinks : {false, true}) {
      attendSequences(random, type, keys, values, kRowPositions, kRowSequences, ring, hasSinks);
      attendSequences(random, type, keys, values, {90}, {1}, ring, hasSinks);
      attendSequences(random, type, keys, values, {90}, {3}, ring, hasSinks);
    }
  }
}

void testRopeEach(Random &random) {
  constexpr int64_t kRows = 6, kTurned = 8;
  Floats x = randomVector<float>(random, kRows * kHeads * kDepth), table = randomVector<float>(random, kLength * kTurned), got(x.size()), want(x.size());
  for (int64_t halves : {0, 1}) {
    for (int64_t m = 0; m < kRows; ++m) {
      int64_t at = m * kHeads * kDepth;
      runKernel("rope", ik_rope, {x.data() + at, table.data(), &kRowPositions[size_t(m)]}, {want.data() + at}, {kHeads * kDepth * 4},
                {1, kHeads, kDepth, kLength, kTurned, halves});
    }
    runKernel("rope_each", ik_rope_each, {x.data(), table.data(), kRowPositions.data()}, {got.data()}, {int64_t(got.size() * 4)},
              {kRows, kHeads, kDepth, kLength, kTurned, halves});
    check(got == want, "rope_each: rows differ from each alone");
  }
}

#define TYPE(type, bytes)                                                                                                                        \
  Type{#type, ik_cache_append_##type, ik_cache_append_sequences_##type, ik_cached_attention_##type, ik_cached_attention_sequences_##type, \
       ik_cached_attention_sinks_##type, ik_cached_attention_sequences_sinks_##type, bytes}

} // namespace

void testSequences() {
  Random random(78);
  testType(random, TYPE(f16, kDepth * 2));
  testType(random, TYPE(f32, kDepth * 4));
  testType(random, TYPE(q8, IK_CACHE_ROW8(kDepth)));
  testRopeEach(random);
}
