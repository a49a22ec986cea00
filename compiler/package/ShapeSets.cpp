// Combinations of extents, and how they are written on the command line.
#include "compiler/package/ShapeSets.h"

#include "compiler/package/Identifiers.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"

#include <set>

namespace ingot {
namespace {

/// "V" or "LO..HI" or "LO..HI:STEP" into `extents`. False: it is none of these. Stops behind the first extent too many.
bool parsePart(llvm::StringRef part, std::set<int64_t> &extents) {
  auto [range, stepText] = part.split(':');
  auto [lowText, highText] = range.split("..");
  bool isRange = range.contains("..");
  int64_t low, high, step = 1;
  if (lowText.getAsInteger(10, low) || low < 0 || (!isRange && part.contains(':')))
    return false;
  high = low;
  if (isRange && (highText.getAsInteger(10, high) || high < low))
    return false;
  if (part.contains(':') && (stepText.getAsInteger(10, step) || step < 1))
    return false;
  for (int64_t extent = low;; extent += step) {
    extents.insert(extent);
    if (static_cast<int64_t>(extents.size()) > kMostShapes || step > high - extent)
      return true;
  }
}

} // namespace

int64_t ShapeSets::count() const {
  int64_t product = 1;
  for (const auto &[name, extents] : dims) {
    product *= static_cast<int64_t>(extents.size()); // both at most kMostShapes
    if (product > kMostShapes)
      return -1;
  }
  return product;
}

std::vector<int64_t> ShapeSets::extents(int64_t set) const {
  std::vector<int64_t> result(dims.size());
  auto at = result.rbegin();
  for (auto dim = dims.rbegin(); dim != dims.rend(); ++dim) {
    int64_t choices = static_cast<int64_t>(dim->second.size());
    *at++ = dim->second[static_cast<size_t>(set % choices)];
    set /= choices;
  }
  return result;
}

std::map<std::string, int64_t> ShapeSets::byName(int64_t set) const {
  std::map<std::string, int64_t> result;
  std::vector<int64_t> values = extents(set);
  for (const auto &[dim, extent] : llvm::zip_equal(dims, values))
    result[dim.first] = extent;
  return result;
}

std::vector<std::string> ShapeSets::entries() const {
  constexpr size_t kLongest = 40; // leaves room for the model's name before it
  std::vector<std::string> names, numbers;
  for (int64_t set = 0; set < count(); ++set) {
    std::string name = "shape";
    for (const auto &[dim, extent] : byName(set))
      name += "_" + uniqueSuffixes({dim}).front() + "_" + std::to_string(extent);
    names.push_back(std::move(name));
    numbers.push_back("shape_" + std::to_string(set));
  }
  names = uniqueSuffixes(names);
  return llvm::all_of(names, [](const std::string &name) { return name.size() <= kLongest; }) ? names : numbers;
}

std::string ShapeSets::text(int64_t set) const {
  std::string result;
  for (const auto &[name, extent] : byName(set))
    result += (result.empty() ? "" : ", ") + name + "=" + std::to_string(extent);
  return result;
}

std::optional<std::vector<int64_t>> parseExtents(llvm::StringRef text, bool &tooMany) {
  std::set<int64_t> extents;
  llvm::SmallVector<llvm::StringRef> parts;
  text.split(parts, ',');
  for (llvm::StringRef part : parts)
    if (!parsePart(part, extents))
      return std::nullopt;
  tooMany = static_cast<int64_t>(extents.size()) > kMostShapes;
  if (tooMany)
    return std::nullopt;
  return std::vector<int64_t>(extents.begin(), extents.end());
}

} // namespace ingot
