// The WeightStore: names of constant tensors -> where their bytes lie (a mapped file, or memory), or a recipe that makes
// them from others. Why: weights never enter the IR; a recipe runs once, when the container is written, tensor by tensor.
#ifndef INGOT_COMPILER_WEIGHTS_WEIGHTSTORE_H
#define INGOT_COMPILER_WEIGHTS_WEIGHTSTORE_H

#include "compiler/reference/Tensor.h"

#include "llvm/ADT/StringMap.h"

#include <functional>

namespace ingot {

/// Makes a tensor from others. `doc` is shown in dumps and the report ("transpose [1,0]", "pack conv panels of 8").
struct Recipe {
  std::vector<std::string> inputs;
  std::string doc;
  std::function<Tensor(llvm::ArrayRef<Tensor>)> make;
};

class WeightStore {
public:
  /// Adds a tensor. The name is made unique by a suffix; returns the name under which it is kept. `isMapped`: its bytes are a view of a file mapped for
  /// reading, whose pages are given back to the system once a recipe has read them.
  std::string add(llvm::StringRef name, Tensor tensor, bool isMapped = false);
  /// Adds a tensor to be made later. Type and shape are known now.
  std::string addRecipe(llvm::StringRef name, DType type, llvm::ArrayRef<int64_t> shape, Recipe recipe);

  bool contains(llvm::StringRef name) const { return entries.count(name) != 0; }
  DType dtype(llvm::StringRef name) const;
  llvm::ArrayRef<int64_t> shape(llvm::StringRef name) const;
  int64_t bytes(llvm::StringRef name) const;
  /// True when reading it runs no recipe.
  bool isPlain(llvm::StringRef name) const;
  /// What the recipe makes it from; empty for a plain tensor.
  llvm::ArrayRef<std::string> inputs(llvm::StringRef name) const;
  /// The recipe's doc, or "" for a plain tensor.
  llvm::StringRef doc(llvm::StringRef name) const;
  /// The tensor itself; runs recipes (not cached: the caller streams).
  Tensor get(llvm::StringRef name) const;

private:
  struct Entry {
    DType type;
    std::vector<int64_t> shape;
    Tensor tensor;
    std::optional<Recipe> recipe;
    bool isMapped = false;
  };
  std::string uniqueName(llvm::StringRef name);
  llvm::StringMap<Entry> entries;
  llvm::StringMap<unsigned> nextSuffix; // of a name that is taken: all suffixes below are, too
};

} // namespace ingot

#endif
