// The shapes that one package is compiled for: every combination of the extents given to symbolic dimensions (--dim seq=1,16,128). Each
// combination becomes an entry point of its own; all share the weights. No MLIR here.
#ifndef INGOT_COMPILER_PACKAGE_SHAPESETS_H
#define INGOT_COMPILER_PACKAGE_SHAPESETS_H

#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace ingot {

/// Most shapes of one package: each costs time to compile and a row of numbers, and where the target cannot share the steps, code of its own.
constexpr int64_t kMostShapes = 4096, kMostUnsharedShapes = 64;
/// Most that bounds alone (LO..HI) make.
constexpr int64_t kMostBetween = 1024;

struct ShapeSets {
  /// Dimensions that take more than one extent: name -> extents, increasing. The names' order is that of the generated API.
  std::map<std::string, std::vector<int64_t>> dims;
  /// Of these, those given by bounds alone (LO..HI): the extents between them that the model has no shape with may be left out.
  std::set<std::string> bounded;

  bool empty() const { return dims.empty(); }
  /// Combinations, 1 when no dimension varies; -1 when there are more than kMostShapes.
  int64_t count() const;
  /// Extents of combination `set`, one a dimension; the last dimension varies fastest.
  std::vector<int64_t> extents(int64_t set) const;
  /// Likewise by name.
  std::map<std::string, int64_t> byName(int64_t set) const;
  /// Names of the combinations' entry points, short C identifiers: "shape_seq_16", or "shape_1" where the dimensions' names would make them long.
  std::vector<std::string> entries() const;
  /// "batch=2, seq=16", for people.
  std::string text(int64_t set) const;
};

/// "16", "1,16,128", "8..12" or "32..960:32" (every 32nd) as increasing extents without repetition, at most kMostShapes. Nullopt: none of these.
/// `tooMany` is set when it only is too long.
std::optional<std::vector<int64_t>> parseExtents(llvm::StringRef text, bool &tooMany);

} // namespace ingot

#endif
