// Named constants: plain tensors, and recipes that make tensors from other entries on request.
// A recipe may name only entries that were added before it, so the chain of recipes always ends.
#include "compiler/weights/WeightStore.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"

#include <sys/mman.h>

using llvm::ArrayRef;
using llvm::StringRef;

namespace ingot {
namespace {

/// Takes the whole pages of a mapped tensor out of this process's memory, so that a model's file does not stay there while it is packed. The system
/// reads them again from its cache when they are wanted.
void letGo(const Tensor &tensor) {
  uintptr_t page = llvm::sys::Process::getPageSizeEstimate(), address = reinterpret_cast<uintptr_t>(tensor.data());
  uintptr_t begin = llvm::alignTo(address, page), end = llvm::alignDown(address + static_cast<uintptr_t>(tensor.bytes()), page);
  if (begin < end)
    madvise(reinterpret_cast<void *>(begin), end - begin, MADV_DONTNEED);
}

/// Type, shape and `rest`, each with its length: equal only where all are.
std::string keyOf(DType type, ArrayRef<int64_t> shape, StringRef rest) {
  std::string key;
  llvm::raw_string_ostream out(key);
  out << static_cast<int>(type);
  for (int64_t extent : shape)
    out << ',' << extent;
  out << ':' << rest;
  return key;
}

} // namespace

std::string WeightStore::uniqueName(StringRef name) {
  std::string wanted = name.empty() ? "weight" : name.str();
  if (!contains(wanted))
    return wanted;
  unsigned &suffix = nextSuffix.try_emplace(wanted, 1).first->second;
  std::string candidate;
  do
    candidate = wanted + "." + std::to_string(suffix++);
  while (contains(candidate));
  return candidate;
}

std::string WeightStore::add(StringRef name, Tensor tensor, bool isMapped) {
  std::string kept = uniqueName(name);
  DType type = tensor.dtype();
  std::vector<int64_t> shape = tensor.shape().vec();
  entries.try_emplace(kept, Entry{type, std::move(shape), std::move(tensor), std::nullopt, isMapped});
  return kept;
}

std::string WeightStore::addShared(StringRef name, const Tensor &tensor) {
  constexpr int64_t kSmall = 1 << 16; // bytes
  StringRef bytes(tensor.data(), static_cast<size_t>(tensor.bytes()));
  bool isSmall = tensor.bytes() <= kSmall;
  std::string place = std::to_string(reinterpret_cast<uintptr_t>(tensor.data()));
  auto [kept, isNew] = known.try_emplace(keyOf(tensor.dtype(), tensor.shape(), isSmall ? ("=" + bytes).str() : "@" + place), "");
  if (isNew)
    kept->second = add(name, tensor); // which keeps a large one's place from being another's
  return kept->second;
}

std::string WeightStore::addRecipe(StringRef name, DType type, ArrayRef<int64_t> shape, Recipe recipe) {
  std::string *shared = nullptr;
  if (!recipe.make.identity.empty()) {
    std::string how = "(";
    for (const std::string &input : recipe.inputs)
      how += std::to_string(input.size()) + " " + input;
    auto [earlier, isNew] = known.try_emplace(keyOf(type, shape, how + ")" + recipe.make.identity), "");
    if (!isNew)
      return earlier->second;
    shared = &earlier->second;
  }
  std::string kept = uniqueName(name);
  if (shared)
    *shared = kept;
  entries.try_emplace(kept, Entry{type, shape.vec(), Tensor(), std::move(recipe), false});
  return kept;
}

DType WeightStore::dtype(StringRef name) const { return entries.find(name)->second.type; }
ArrayRef<int64_t> WeightStore::shape(StringRef name) const { return entries.find(name)->second.shape; }

int64_t WeightStore::bytes(StringRef name) const {
  const Entry &entry = entries.find(name)->second;
  return elementCount(entry.shape).value_or(0) * byteWidth(entry.type);
}

bool WeightStore::isPlain(StringRef name) const { return !entries.find(name)->second.recipe; }

ArrayRef<std::string> WeightStore::inputs(StringRef name) const {
  const Entry &entry = entries.find(name)->second;
  return entry.recipe ? ArrayRef<std::string>(entry.recipe->inputs) : ArrayRef<std::string>();
}
StringRef WeightStore::doc(StringRef name) const {
  const Entry &entry = entries.find(name)->second;
  return entry.recipe ? StringRef(entry.recipe->doc) : StringRef();
}

Tensor WeightStore::get(StringRef name) const {
  const Entry &entry = entries.find(name)->second;
  if (!entry.recipe)
    return entry.tensor;
  llvm::SmallVector<Tensor, 2> inputs;
  for (const std::string &input : entry.recipe->inputs)
    inputs.push_back(get(input));
  Tensor made = entry.recipe->make.run(inputs);
  for (const auto &[input, from] : llvm::zip_equal(inputs, entry.recipe->inputs))
    if (entries.find(from)->second.isMapped)
      letGo(input);
  return made;
}

} // namespace ingot
