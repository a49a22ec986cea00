// The legal ways of a convolution and the rules among them. Sizes that are offered lie around the caches of small and large cores.
#include "passes/lower/ConvWays.h"

#include "passes/lower/Winograd.h"

#include "llvm/ADT/STLExtras.h"

namespace ingot {
namespace {

/// Adds a way that is not there yet.
void offer(std::vector<ConvWay> &ways, ConvWay way) {
  if (!llvm::is_contained(ways, way))
    ways.push_back(way);
}

/// The way wished for under the key, or the rule's.
ChosenWay choose(std::string key, const std::vector<ConvWay> &ways, ConvWay rule, Choices *choices) {
  if (!choices || ways.size() < 2)
    return {"", rule};
  std::vector<std::string> texts;
  for (const ConvWay &way : ways)
    texts.push_back(way.text());
  std::string taken = choices->choose(key, texts, rule.text());
  return {std::move(key), ways[llvm::find(texts, taken) - texts.begin()]};
}

/// k of a tile: equal blocks of at most `most`.
ConvWay tiles(const ConvShape &shape, int64_t most) {
  int64_t blocks = (shape.depth() + most - 1) / most;
  return {ConvWay::Tiles, (shape.depth() + blocks - 1) / blocks};
}

/// What ik_dwconv_direct_f32 covers, which is where it was measured to be faster than ik_dwconv_f32.
bool isDirect(const ConvShape &shape) {
  for (int i : {IK_CONV_DH, IK_CONV_PH, IK_CONV_PW})
    if (shape[i] > INT16_MAX)
      return false;
  return shape[IK_CONV_KH] == shape[IK_CONV_KW] && (shape[IK_CONV_KH] == 3 || shape[IK_CONV_KH] == 5) && shape[IK_CONV_SH] == shape[IK_CONV_SW] &&
         shape[IK_CONV_DH] == shape[IK_CONV_DW] && shape[IK_CONV_SH] <= (shape[IK_CONV_DH] == 1 ? 2 : 1) && shape[IK_CONV_OC] == 1;
}

} // namespace

std::string ConvWay::text() const {
  constexpr llvm::StringLiteral names[] = {"tiles", "lines", "channels", "winograd", "rows", "direct"};
  std::string name = names[kind].str();
  return kind == Winograd ? name : name + " " + std::to_string(size);
}

ChosenWay chooseConvWay(const ConvShape &shape, llvm::StringRef types, bool mayRepack, Choices *choices) {
  constexpr int64_t kMostOfTiles[] = {128, IK_CONV_KBLOCK, 512}, kLineBytes[] = {48 << 10, 96 << 10, 192 << 10, 384 << 10, 768 << 10};
  int64_t channelBytes = 4 * shape[IK_CONV_IC], band = shape.lineBand(channelBytes, types == "f32");
  bool isWinograd = mayRepack && isWinogradFaster(shape);
  int64_t channels = mayRepack && types == "f32" ? shape.channelsBand(channelBytes, /*skips=*/true) : 0;
  ConvWay rule = isWinograd ? ConvWay{ConvWay::Winograd} : band ? ConvWay{ConvWay::Lines, band} : tiles(shape, IK_CONV_KBLOCK);
  if (channels && !isWinograd && shape.isChannelsFaster(band, /*isF32=*/true))
    rule = {ConvWay::Channels, channels};
  bool mayChangeBits = choices && choices->mayChangeBits();
  std::vector<ConvWay> ways{rule};
  if (!choices || (isWinograd && !mayChangeBits))
    return {"", rule};
  if (mayChangeBits && mayRepack && hasWinograd(shape))
    offer(ways, {ConvWay::Winograd});
  for (int64_t bytes : kLineBytes)
    if (int64_t rows = shape.lineBandWithin(channelBytes, bytes))
      offer(ways, {ConvWay::Lines, rows});
  for (int64_t parts : {1, 2, 4})
    if (channels)
      offer(ways, {ConvWay::Channels, std::max<int64_t>(channels / parts, 1)});
  for (int64_t most : kMostOfTiles)
    offer(ways, tiles(shape, most));
  std::string filter = shape[IK_CONV_PACKED] ? " constant" : "";
  return choose(("conv " + types + filter + " " + shape.text()).str(), ways, rule, choices);
}

ChosenWay chooseDepthwiseWay(const ConvShape &shape, llvm::StringRef types, Choices *choices) {
  constexpr int64_t kBytes[] = {8 << 10, 24 << 10, 64 << 10, 256 << 10};
  bool mayDirect = types == "f32" && isDirect(shape);
  ConvWay rule{mayDirect ? ConvWay::Direct : ConvWay::Rows, shape.band()};
  std::vector<ConvWay> ways{rule};
  for (int64_t bytes : kBytes) {
    int64_t band = shape.band(bytes);
    if (mayDirect)
      offer(ways, {ConvWay::Direct, band});
    offer(ways, {ConvWay::Rows, band});
  }
  return choose(("depthwise " + types + " " + shape.text()).str(), ways, rule, choices);
}

} // namespace ingot
