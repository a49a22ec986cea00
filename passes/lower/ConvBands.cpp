// The geometry of bands.
#include "passes/lower/ConvBands.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <algorithm>

namespace ingot {

std::string ConvBands::row() const {
  return llvm::join(llvm::map_range(stages, [](const Stage &stage) { return stage.kernel; }), "+");
}

llvm::SmallVector<int64_t> ConvBands::params() const {
  llvm::SmallVector<int64_t> out{count};
  for (const Plane &plane : planes)
    out.append({plane.channels, plane.height, plane.width});
  for (const Stage &stage : stages)
    out.append(stage.params.begin(), stage.params.end());
  return out;
}

ConvBands ConvBands::read(llvm::StringRef row, llvm::ArrayRef<int64_t> params) {
  ConvBands bands;
  bands.count = params.consume_front();
  llvm::SmallVector<llvm::StringRef> kernels;
  row.split(kernels, '+');
  for (size_t i = 0; i <= kernels.size(); ++i, params = params.drop_front(3))
    bands.planes.push_back({params[0], params[1], params[2]});
  for (llvm::StringRef kernel : kernels) {
    bands.stages.push_back({kernel.str(), params.take_front(IK_CONV_COUNT).vec()});
    params = params.drop_front(IK_CONV_COUNT);
  }
  return bands;
}

std::vector<ConvBands::Rows> ConvBands::rows(int64_t band) const {
  std::vector<Rows> out(planes.size());
  int64_t height = planes.back().height, first = band * height / count;
  out.back() = {first, (band + 1) * height / count - first};
  for (size_t i = stages.size(); i-- > 0;) {
    const std::vector<int64_t> &p = stages[i].params;
    int64_t low = out[i + 1].first * p[IK_CONV_SH] - p[IK_CONV_PH], high = low + (out[i + 1].count - 1) * p[IK_CONV_SH] + (p[IK_CONV_KH] - 1) * p[IK_CONV_DH] + 1;
    low = std::clamp<int64_t>(low, 0, planes[i].height - 1);
    out[i] = {low, std::clamp(high, low + 1, planes[i].height) - low};
  }
  return out;
}

std::vector<int64_t> ConvBands::bandParams(size_t stage, llvm::ArrayRef<Rows> rows) const {
  std::vector<int64_t> p = stages[stage].params;
  if (ik_conv_is_pointwise(p.data())) { // its places are one row
    p[IK_CONV_IW] = p[IK_CONV_OW] = rows[stage + 1].count * planes[stage + 1].width;
    return p;
  }
  p[IK_CONV_PH] += rows[stage].first - rows[stage + 1].first * p[IK_CONV_SH];
  p[IK_CONV_IH] = rows[stage].count;
  p[IK_CONV_OH] = rows[stage + 1].count;
  return p;
}

int64_t ConvBands::mostRows(size_t tensor) const {
  int64_t most = 0;
  for (int64_t band = 0; band < count; ++band)
    most = std::max(most, rows(band)[tensor].count);
  return most;
}

int64_t ConvBands::sumRows(size_t tensor) const {
  int64_t sum = 0;
  for (int64_t band = 0; band < count; ++band)
    sum += rows(band)[tensor].count;
  return sum;
}

ConvBands::Room ConvBands::room() const {
  Room room;
  int64_t at = 0;
  auto take = [&](size_t tensor) {
    constexpr int64_t kAlign = 64;
    int64_t offset = at;
    at += (planes[tensor].bytes(mostRows(tensor)) + kAlign - 1) / kAlign * kAlign;
    return offset;
  };
  for (size_t i = 0; i < planes.size(); ++i)
    room.tensors.push_back(take(i));
  if (hasResidual())
    room.residual = take(planes.size() - 1);
  room.kernels = at;
  return room;
}

} // namespace ingot
