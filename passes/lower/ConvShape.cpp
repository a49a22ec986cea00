// The geometry of convolutions: simplified forms, and how many rows of lines fit a cache.
#include "passes/lower/ConvShape.h"

namespace ingot {

bool ConvShape::isTrivial(int axis) const {
  return params[IK_CONV_ID + axis] == 1 && params[IK_CONV_OD + axis] == 1 && params[IK_CONV_KD + axis] == 1 && params[IK_CONV_PD + axis] == 0;
}

void ConvShape::simplify() {
  constexpr int kFirsts[] = {IK_CONV_ID, IK_CONV_OD, IK_CONV_KD, IK_CONV_SD, IK_CONV_PD, IK_CONV_DD};
  for (int shift = 0; shift < 2 && isTrivial(2) && !(isTrivial(0) && isTrivial(1)); ++shift)
    for (int first : kFirsts) {
      params[first + 2] = params[first + 1];
      params[first + 1] = params[first];
      params[first] = first == IK_CONV_PD ? 0 : 1;
    }
  bool isPointwise = !isDepthwise();
  for (int axis = 0; axis < 3; ++axis)
    isPointwise &= params[IK_CONV_KD + axis] == 1 && params[IK_CONV_SD + axis] == 1 && params[IK_CONV_PD + axis] == 0 &&
                   params[IK_CONV_ID + axis] == params[IK_CONV_OD + axis];
  if (!isPointwise)
    return;
  for (int first : {IK_CONV_ID, IK_CONV_OD}) {
    params[first + 2] *= params[first] * params[first + 1];
    params[first] = params[first + 1] = 1;
  }
}

int64_t ConvShape::band(int64_t mostBytes) const {
  int64_t rows = 4;
  auto bytes = [&](int64_t band) {
    return IK_DWCONV_SCRATCH(band, params[IK_CONV_KH], params[IK_CONV_SH], params[IK_CONV_DH], params[IK_CONV_OW], params[IK_CONV_KW],
                             params[IK_CONV_DW], params[IK_CONV_SW]);
  };
  while (rows < params[IK_CONV_OH] && bytes(rows + 4) <= mostBytes)
    rows += 4;
  return rows;
}

int64_t ConvShape::lineFloats(int64_t band) const {
  int64_t phases = IK_CONVLINES_PHASES(params[IK_CONV_KH], params[IK_CONV_DH], params[IK_CONV_SH]) *
                   IK_CONVLINES_PHASES(params[IK_CONV_KW], params[IK_CONV_DW], params[IK_CONV_SW]);
  return phases * IK_CONVLINES_LINES(band, params[IK_CONV_KH], params[IK_CONV_DH], params[IK_CONV_SH]) * linePitch();
}

int64_t ConvShape::insideFloats(int64_t band) const {
  int64_t lines = IK_CONVLINES_LINES(band, params[IK_CONV_KH], params[IK_CONV_DH], params[IK_CONV_SH]), rows = (params[IK_CONV_IH] - 1) / params[IK_CONV_SH] + 1;
  return lineFloats(band) / lines * std::min(lines, rows);
}

int64_t ConvShape::bandWithin(int64_t channelBytes, int64_t mostBytes, bool inside) const {
  int64_t oh = params[IK_CONV_OH];
  if (!isTrivial(0) || params[IK_CONV_KH] * params[IK_CONV_KW] > IK_CONVLINES_TAPS)
    return 0;
  int64_t band = oh;
  while (band > 0 && channelBytes * (inside ? insideFloats(band) : lineFloats(band)) > mostBytes)
    --band;
  int64_t bands = band ? (oh + band - 1) / band : 0;
  return bands ? (oh + bands - 1) / bands : 0;
}

int64_t ConvShape::lineBandWithin(int64_t channelBytes, int64_t mostBytes) const {
  return params[IK_CONV_KH] * params[IK_CONV_KW] < 3 ? 0 : bandWithin(channelBytes, mostBytes);
}

static int64_t vectorsOf(int64_t places) { return (places + 15) / 16; }

bool ConvShape::readsInPlace() const {
  int64_t vectors = vectorsOf(params[IK_CONV_OW]), tiles = (vectors + 2) / 3, reach = (params[IK_CONV_KW] - 1) * params[IK_CONV_DW], read = 0;
  for (int64_t tile = 0; tile < tiles; ++tile) {
    int64_t first = tile * vectors / tiles, end = (tile + 1) * vectors / tiles;
    bool isInside = first * 16 >= params[IK_CONV_PW] && end * 16 - params[IK_CONV_PW] + reach <= params[IK_CONV_IW];
    read += isInside ? end - first : 0;
  }
  return ik_conv_is_row(params.data()) && 2 * read > vectors;
}

int64_t ConvShape::tileCost(bool isF32) const {
  // The copy of a vector for a tap costs a little for whole planes and more for every row that it meets.
  constexpr int64_t kCopyCost = 8, kRowCost = 22;
  int64_t copy = isF32 && readsInPlace() ? 0 : isPointwise() ? kCopyCost : kRowCost + kRowCost * 16 / params[IK_CONV_OW];
  return vectorsOf(area()) * (panels() * IK_CONV_PANEL + copy);
}

int64_t ConvShape::lineCost(int64_t band) const {
  int64_t bands = (params[IK_CONV_OH] + band - 1) / band;
  return bands * vectorsOf((band - 1) * linePitch() + params[IK_CONV_OW]) * panels() * IK_CONV_PANEL;
}

int64_t ConvShape::livePairs() const {
  constexpr int64_t kPlaces = 8;
  auto live = [&](int axis, int64_t at, int64_t count) {
    ik_conv_taps taps = ik_conv_live(params.data(), axis, at, count);
    return count * (taps.end - taps.first);
  };
  int64_t oh = params[IK_CONV_OH], ow = params[IK_CONV_OW], tiles = (ow + kPlaces - 1) / kPlaces, rows = 0, columns = 0;
  for (int64_t h = 0; h < oh; ++h)
    rows += live(1, h, 1);
  for (int64_t tile = 0; tile < tiles; ++tile)
    columns += live(2, tile * ow / tiles, (tile + 1) * ow / tiles - tile * ow / tiles);
  return rows * columns;
}

int64_t ConvShape::channelsCost(bool skips) const {
  constexpr int64_t kTurnCost = 16; // the end of a tile, for each of its places
  int64_t pairs = skips ? livePairs() : area() * taps();
  return vectorsOf(params[IK_CONV_OC]) * (pairs * params[IK_CONV_IC] + area() * kTurnCost) / depth();
}

int64_t ConvShape::channelsBand(int64_t channelBytes, bool skips) const {
  constexpr int64_t kLineBytes = 640 << 10, kLeastPlaces = 4, kMostPlane = 1024, kUnits = 8; // a pointwise plane: rows of it within a page
  int64_t size = params[isPointwise() ? IK_CONV_OW : IK_CONV_OH], band = size, vectors = vectorsOf(params[IK_CONV_OC]);
  if (params[IK_CONV_OW] < kLeastPlaces || vectors == 1 || (isPointwise() && size > kMostPlane))
    return 0;
  if (!isPointwise())
    band = bandWithin(channelBytes, kLineBytes, skips);
  int64_t bands = std::max((kUnits + vectors - 1) / vectors, band ? (size + band - 1) / band : 0);
  return band ? (size + bands - 1) / bands : 0;
}

int64_t ConvShape::lineBand(int64_t channelBytes, bool isF32) const {
  // Reading a weight that no near cache keeps, once a band or once a tile of three vectors.
  constexpr int64_t kWeightCost = 1, kKeptWeights = 256 * 1024;
  int64_t band = lineBandWithin(channelBytes, mostLineBytes()), rows = panels() * IK_CONV_PANEL;
  if (!band || area() == 0)
    return 0;
  int64_t bands = (params[IK_CONV_OH] + band - 1) / band, tiles = (vectorsOf(area()) + 2) / 3, read = rows * depth() > kKeptWeights ? kWeightCost * rows : 0;
  int64_t lines = lineCost(band) + bands * read, copies = tileCost(isF32) + tiles * read;
  bool isLess = isF32 && readsInPlace() ? lines < copies : lines <= copies;
  return isLess ? band : 0;
}

ConvShape::MatrixBands ConvShape::matrixBands(int64_t channels, int64_t least) const {
  constexpr int64_t kMostBytes = 1 << 20, kBlockBytes = 64;
  int64_t taps = params[IK_CONV_KH] * params[IK_CONV_KW], blocks = (params[IK_CONV_IC] + channels - 1) / channels, panels = vectorsOf(params[IK_CONV_OC]);
  int64_t size = isPointwise() ? area() : params[IK_CONV_OH], bands = 0, band, places;
  if (area() == 0 || !isTrivial(0) || taps > IK_CONVLINES_TAPS)
    return {};
  do {
    band = (size + bands) / (bands + 1), ++bands;
    places = isPointwise() ? band : lineFloats(band);
  } while (band > 1 && (bands < least || IK_CONVMATRIX_CHANNEL(places) * kBlockBytes * blocks > kMostBytes));
  int64_t covered = isPointwise() ? band : (band - 1) * linePitch() + params[IK_CONV_OW];
  return {band, places, bands * vectorsOf(covered) * panels * (taps * blocks * kMatrixProduct + kMatrixEnd)};
}

ConvShape::MatrixBands ConvShape::tapBands(int64_t depth, int64_t blocks, int64_t least) const {
  constexpr int64_t kMostBytes = 128 << 10, kWords = 6; // cycles: to make a vector of words
  int64_t pitch = IK_CONVMATRIX_CHANNEL(params[IK_CONV_OW]), oh = params[IK_CONV_OH], bands = std::clamp<int64_t>(least, 1, std::max<int64_t>(oh, 1)), band = (oh + bands - 1) / bands;
  if (area() == 0 || !isTrivial(0) || params[IK_CONV_DH] != 1 || params[IK_CONV_DW] != 1)
    return {};
  auto rows = [&] { return IK_CONVTAPS_ROWS(band, params[IK_CONV_SH], params[IK_CONV_KH]); };
  while (band > 1 && rows() * depth * pitch * 4 > kMostBytes)
    --band;
  bands = (oh + band - 1) / band;
  band = (oh + bands - 1) / bands;
  int64_t vectors = vectorsOf(params[IK_CONV_OW]);
  return {band, pitch, oh * vectors * vectorsOf(params[IK_CONV_OC]) * (blocks * kMatrixProduct + kMatrixEnd) + bands * rows() * depth * vectors * kWords};
}

std::string ConvShape::text() const {
  static constexpr std::pair<llvm::StringLiteral, int> kAxes[] = {{" in ", IK_CONV_ID},     {" out ", IK_CONV_OD}, {" kernel ", IK_CONV_KD},
                                                                  {" stride ", IK_CONV_SD}, {" pad ", IK_CONV_PD}, {" dilation ", IK_CONV_DD}};
  std::string text;
  llvm::raw_string_ostream out(text);
  out << 'n' << params[IK_CONV_N] << " g" << params[IK_CONV_G] << " c" << params[IK_CONV_IC] << " o" << params[IK_CONV_OC];
  for (const auto &[name, first] : kAxes)
    out << name << params[first] << 'x' << params[first + 1] << 'x' << params[first + 2];
  return text;
}

} // namespace ingot
