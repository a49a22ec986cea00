// The searches are never worse than plain rounding, and better where they must be: on a long tail. Numbers from a fixed
// generator; expected values worked out by hand where there is a closed form.
#include "passes/compress/math/Blocks.h"
#include "passes/compress/math/GgufBlocks.h"
#include "passes/compress/math/Int8.h"
#include "passes/compress/math/Prune.h"
#include "passes/compress/math/Ranges.h"

#include <cmath>
#include <cstdio>
#include <cstring>

using namespace ingot;

namespace {

int failures = 0;

void check(bool good, const char *what) {
  if (!good)
    std::printf("FAIL %s\n", what);
  failures += !good;
}

/// Laplace-distributed numbers: a long tail, as weights and activations have.
std::vector<float> longTail(int64_t count, uint64_t seed) {
  std::vector<float> values(count);
  for (float &value : values) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    double uniform = (static_cast<double>(seed >> 11) + 0.5) / 9007199254740992.0 - 0.5;
    value = static_cast<float>((uniform < 0 ? 1 : -1) * std::log(1 - 2 * std::fabs(uniform)));
  }
  return values;
}

double byteError(const std::vector<float> &values, Range range) {
  ByteParams params = byteParams(range);
  double sum = 0;
  for (float value : values) {
    double byte = std::fmin(std::fmax(std::nearbyint(value / params.scale) + params.zero, 0), 255);
    double error = static_cast<double>(value) - (byte - params.zero) * static_cast<double>(params.scale);
    sum += error * error;
  }
  return sum;
}

void testRanges() {
  ByteParams params = byteParams({-1, 1.55f});
  check(params.zero == 100 && std::fabs(params.scale - 0.01f) < 1e-8f, "byte grid of [-1, 1.55]");
  check(byteParams({0, 0}).scale == 1, "byte grid of nothing");
  std::vector<float> values = longTail(20000, 1);
  RangeStats whole, pieces;
  check(whole.add(values.data(), 20000), "finite values");
  for (int64_t i = 0; i < 20000; i += 100)
    pieces.add(values.data() + i, 100);
  Range plain = whole.minMax(), searched = whole.leastSquares();
  check(searched.low == pieces.leastSquares().low && searched.high == pieces.leastSquares().high, "ranges do not depend on the cut into calls");
  check(byteError(values, searched) < 0.98 * byteError(values, plain), "least squares beats the extremes on a long tail");
  check(searched.low >= plain.low && searched.high <= plain.high, "least squares only narrows");
  float bad[] = {1, NAN};
  check(!RangeStats().add(bad, 2), "NaN is refused");
}

void testInt8() {
  std::vector<float> weights = longTail(4096, 2);
  for (ChannelLayout layout : {ChannelLayout{8, 512}, ChannelLayout{8, 1}}) {
    Int8Weights plain = quantizeChannels(weights.data(), 4096, layout, {}, false), searched = quantizeChannels(weights.data(), 4096, layout, {}, true);
    check(searched.error < plain.error, "searched scales beat max / 127");
    check(plain.error < 0.03, "int8 weights of a long tail");
  }
  float two[] = {2.54f, -1.27f, 0, 0};
  Int8Weights exact = quantizeChannels(two, 4, {4, 1}, {}, false);
  check(exact.values[0] == 127 && exact.values[1] == -127 && exact.values[2] == 0 && exact.scales[2] == 1, "one weight a channel");
  float bias = 1e6f;
  std::vector<float> least = leastScales(&bias, 1, 1e-6f);
  check(least[0] > 0 && quantizeBias(&bias, 1, 1e-6f, least)[0] <= (1 << 30) + 64, "a large bias raises the scale");
}

void testBlocks() {
  double plainSum = 0, searchedSum = 0;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    std::vector<float> values = longTail(32, seed);
    double plain = blockError(values.data(), 32, plainBlock(values.data(), 32, 4), 4);
    double searched = blockError(values.data(), 32, searchBlock(values.data(), 32, 4), 4);
    check(searched <= plain, "the search is never worse than plain rounding");
    plainSum += plain;
    searchedSum += searched;
  }
  check(searchedSum < 0.93 * plainSum, "the search gains at 4 bits");
  std::vector<float> zeros(32, 0.0f);
  check(blockError(zeros.data(), 32, searchBlock(zeros.data(), 32, 4), 4) == 0, "a block of zeros is exact");
}

double halfAt(const uint8_t *bytes) {
  _Float16 half;
  std::memcpy(&half, bytes, sizeof half);
  return static_cast<double>(half);
}

/// The values of a Q4_K block, read as the format's specification says.
std::vector<double> valuesOfQ4K(const uint8_t *block) {
  const uint8_t *pairs = block + 4;
  std::vector<double> values;
  for (int i = 0; i < 256; ++i) {
    int j = i / 32, scale = j < 4 ? pairs[j] & 63 : (pairs[j + 4] & 15) | (pairs[j - 4] >> 6) << 4;
    int minimum = j < 4 ? pairs[j + 4] & 63 : (pairs[j + 4] >> 4) | (pairs[j] >> 6) << 4;
    values.push_back(halfAt(block) * scale * ((block[16 + i / 64 * 32 + i % 32] >> i % 64 / 32 * 4) & 15) - halfAt(block + 2) * minimum);
  }
  return values;
}

void testQ4K() {
  double searched = 0, plain = 0;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    std::vector<float> values = longTail(256, seed);
    uint8_t block[144];
    quantizeQ4_K(values.data(), block);
    std::vector<double> got = valuesOfQ4K(block);
    for (size_t i = 0; i < 256; ++i)
      searched += (got[i] - static_cast<double>(values[i])) * (got[i] - static_cast<double>(values[i]));
    for (size_t i = 0; i < 256; i += 32) // with scales and minima of any size, where Q4_K has 6 bits for each
      plain += blockError(values.data() + i, 32, plainBlock(values.data() + i, 32, 4), 4);
  }
  check(searched < 0.95 * plain, "the search gains in Q4_K");
  std::vector<float> zeros(256, 0.0f);
  uint8_t block[144];
  quantizeQ4_K(zeros.data(), block);
  for (double value : valuesOfQ4K(block))
    check(value == 0, "a Q4_K block of zeros is exact");
}

void testGgufBlocks() {
  double searched = 0, plain = 0;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    std::vector<float> values = longTail(32, seed);
    uint8_t block[18];
    quantizeQ4_0(values.data(), block);
    float extreme = 0;
    for (float value : values)
      extreme = std::fabs(value) > std::fabs(extreme) ? value : extreme;
    double rounded = static_cast<double>(static_cast<_Float16>(extreme / -8)), d = halfAt(block);
    for (int i = 0; i < 32; ++i) {
      double value = values[i], q = (block[2 + i % 16] >> 4 * (i / 16)) & 15;
      searched += (value - d * (q - 8)) * (value - d * (q - 8));
      double p = std::fmin(std::fmax(std::nearbyint(value / rounded), -8), 7);
      plain += (value - rounded * p) * (value - rounded * p);
    }
  }
  check(searched < 0.93 * plain, "the search gains in Q4_0");
  float exact[32];
  for (int i = 0; i < 32; ++i)
    exact[i] = static_cast<float>(i * 8 - 127);
  uint8_t block[34];
  quantizeQ8_0(exact, block);
  double d = halfAt(block);
  check(d * static_cast<int8_t>(block[2]) == -127 && d * static_cast<int8_t>(block[33]) == 121, "integers are exact in Q8_0");
}

void testPrune() {
  std::vector<float> values = {3, -1, 2, 1, 0.5f, -4, 5, 6};
  pruneMagnitude(values.data(), 8, 0.5);
  check(values == std::vector<float>({3, 0, 0, 0, 0, -4, 5, 6}), "the smallest half goes");
  std::vector<float> equal(4, 1.0f);
  pruneMagnitude(equal.data(), 4, 0.5);
  check(equal == std::vector<float>({0, 0, 1, 1}), "of equals the first go");
  std::vector<float> matrix = {1, 1, 1, 1, 9, 0, 0, 0, 2, 2}; // one output of 10 inputs: blocks with 4, 81 and 8
  pruneBlocks4x1({matrix.data(), 1, 10, 10, 1}, 0.67);
  check(matrix == std::vector<float>({0, 0, 0, 0, 9, 0, 0, 0, 0, 0}), "the weakest blocks go, a short one too");
  check(countZeros(matrix.data(), 10) == 9, "zeros are counted");
}

} // namespace

int main() {
  testRanges();
  testInt8();
  testBlocks();
  testGgufBlocks();
  testQ4K();
  testPrune();
  std::printf("%s\n", failures ? "FAILED" : "ok");
  return failures ? 1 : 0;
}
