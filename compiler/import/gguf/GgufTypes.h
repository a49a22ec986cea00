// The tensor types of GGUF as data, and the exact values of their blocks. No MLIR here: the reader, the reference evaluator and the packers
// of the targets share it. A type's name in lower case ("q4_0") is the `format` of the quant dialect's block ops.
#ifndef INGOT_COMPILER_IMPORT_GGUF_GGUFTYPES_H
#define INGOT_COMPILER_IMPORT_GGUF_GGUFTYPES_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>

namespace ingot {

enum class GgufTypeId : int32_t {
#define GGUF_TYPE(id, name, elements, bytes) name = id,
#define GGUF_REMOVED(id, name, instead)
#include "compiler/import/gguf/GgufTypes.def"
#undef GGUF_TYPE
#undef GGUF_REMOVED
};

/// One row of GgufTypes.def. A row of K elements has K / elements blocks of `bytes` bytes.
struct GgufType {
  GgufTypeId id;
  llvm::StringRef name; // "Q4_0"
  int64_t elements;
  int64_t bytes;

  /// Bytes of a row of `count` elements, a multiple of `elements`.
  int64_t rowBytes(int64_t count) const { return count / elements * bytes; }
};

llvm::ArrayRef<GgufType> ggufTypes();
/// By the number in the file; null when it is unknown or removed.
const GgufType *findGgufType(int64_t id);
/// By name in either case: "Q4_0", "q4_0".
const GgufType *findGgufType(llvm::StringRef name);

/// A type that GGUF once had.
struct RemovedGgufType {
  int64_t id;
  llvm::StringRef name;
  llvm::StringRef instead; // the type to convert such a file to
};
const RemovedGgufType *findRemovedGgufType(int64_t id);

/// The values of `count` elements (a multiple of type.elements) whose blocks begin at `bytes`, exactly as the format defines them: f32
/// products and sums in the format's order, no fused multiply-add. False: this type has no values as weights (activation types, integers).
bool dequantizeRow(const GgufType &type, const void *bytes, float *out, int64_t count);
/// Whether dequantizeRow knows the type.
bool canDequantize(const GgufType &type);

} // namespace ingot

#endif
