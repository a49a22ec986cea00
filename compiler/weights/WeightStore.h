// The WeightStore: names of constant tensors -> where their bytes lie (a mapped file, or memory), or a recipe that makes
// them from others. Why: weights never enter the IR; a recipe runs once, when the container is written, tensor by tensor.
#ifndef INGOT_COMPILER_WEIGHTS_WEIGHTSTORE_H
#define INGOT_COMPILER_WEIGHTS_WEIGHTSTORE_H

#include "compiler/reference/Tensor.h"

#include "llvm/ADT/StringMap.h"

#include <functional>
#include <type_traits>

namespace ingot {

/// How a recipe makes its tensor from others. Two with one `identity` make the same of the same; "": it is like no other that is known.
struct Making {
  std::function<Tensor(llvm::ArrayRef<Tensor>)> run;
  std::string identity;
};

/// Calls `function` with the tensors (or the one) and `numbers`: a function and numbers, unlike a closure, can be compared before they run.
template <typename From, typename... Numbers> Making calling(Tensor (*function)(From, Numbers...), std::common_type_t<Numbers>... numbers) {
  static_assert((std::has_unique_object_representations_v<Numbers> && ...), "equal numbers have equal bytes");
  std::string identity(reinterpret_cast<const char *>(&function), sizeof function);
  (identity.append(reinterpret_cast<const char *>(&numbers), sizeof numbers), ...);
  auto run = [=](llvm::ArrayRef<Tensor> from) {
    if constexpr (std::is_same_v<From, const Tensor &>)
      return function(from[0], numbers...);
    else
      return function(from, numbers...);
  };
  return {run, std::move(identity)};
}

/// Makes a tensor from others. `doc` is shown in dumps and the report ("transpose [1,0]", "pack conv panels of 8").
struct Recipe {
  std::vector<std::string> inputs;
  std::string doc;
  Making make;
};

class WeightStore {
public:
  /// Adds a tensor. The name is made unique by a suffix; returns the name under which it is kept. `isMapped`: its bytes are a view of a file mapped for
  /// reading, whose pages are given back to the system once a recipe has read them.
  std::string add(llvm::StringRef name, Tensor tensor, bool isMapped = false);
  /// The name under which this tensor is kept: an earlier one's where that was added here too and is the same (a small one: equal, a large one: the same
  /// bytes in memory), else a new one.
  std::string addShared(llvm::StringRef name, const Tensor &tensor);
  /// Adds a tensor to be made later. Type and shape are known now. Returns the name of an earlier recipe where both are known to make the same.
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
  llvm::StringMap<std::string> known; // what decides a tensor -> its name
  llvm::StringMap<unsigned> nextSuffix; // of a name that is taken: all suffixes below are, too
};

} // namespace ingot

#endif
