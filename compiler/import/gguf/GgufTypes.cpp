// The table of tensor types, made from GgufTypes.def.
#include "compiler/import/gguf/GgufTypes.h"

#include "llvm/ADT/STLExtras.h"

namespace ingot {
namespace {

constexpr GgufType kTypes[] = {
#define GGUF_TYPE(id, name, elements, bytes) {GgufTypeId::name, #name, elements, bytes},
#define GGUF_REMOVED(id, name, instead)
#include "compiler/import/gguf/GgufTypes.def"
#undef GGUF_TYPE
#undef GGUF_REMOVED
};

constexpr RemovedGgufType kRemoved[] = {
#define GGUF_TYPE(id, name, elements, bytes)
#define GGUF_REMOVED(id, name, instead) {id, #name, #instead},
#include "compiler/import/gguf/GgufTypes.def"
#undef GGUF_TYPE
#undef GGUF_REMOVED
};

} // namespace

llvm::ArrayRef<GgufType> ggufTypes() { return kTypes; }

const GgufType *findGgufType(int64_t id) {
  const GgufType *found = llvm::find_if(kTypes, [&](const GgufType &type) { return static_cast<int64_t>(type.id) == id; });
  return found == std::end(kTypes) ? nullptr : found;
}

const GgufType *findGgufType(llvm::StringRef name) {
  const GgufType *found = llvm::find_if(kTypes, [&](const GgufType &type) { return type.name.equals_insensitive(name); });
  return found == std::end(kTypes) ? nullptr : found;
}

const RemovedGgufType *findRemovedGgufType(int64_t id) {
  const RemovedGgufType *found = llvm::find_if(kRemoved, [&](const RemovedGgufType &type) { return type.id == id; });
  return found == std::end(kRemoved) ? nullptr : found;
}

} // namespace ingot
