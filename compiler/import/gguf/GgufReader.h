// Reads a .gguf file, or the first of a split set: mapped, every count, length, type and offset checked before it is used, nothing copied.
// The tensors and strings are views of the mapping and live as long as the GgufFile or a copy of `owner`.
#ifndef INGOT_COMPILER_IMPORT_GGUF_GGUFREADER_H
#define INGOT_COMPILER_IMPORT_GGUF_GGUFREADER_H

#include "compiler/Diag.h"
#include "compiler/import/gguf/GgufTypes.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"

#include <memory>

namespace ingot {

/// The kinds of metadata values, by their numbers in the file.
enum class GgufKind : int32_t { U8, I8, U16, I16, U32, I32, F32, Bool, String, Array, U64, I64, F64 };
/// "u32", "string", "array".
llvm::StringRef name(GgufKind kind);

/// A metadata value. Accessors of another kind than the value's give nullopt, so that no caller can take an array for what it is not.
class GgufValue {
public:
  GgufKind kind() const { return valueKind; }
  /// Of an array's elements.
  GgufKind elementKind() const { return element; }
  /// Elements of an array; 1 for everything else.
  uint64_t size() const { return count; }
  /// Where the value stands in its file, for diagnostics.
  uint64_t offset() const { return at; }

  std::optional<int64_t> asInt() const;           // any integer kind, when it fits
  std::optional<double> asFloat() const;          // f32, f64
  std::optional<bool> asBool() const;
  std::optional<llvm::StringRef> asString() const; // may hold any bytes
  std::optional<std::vector<int64_t>> asInts() const;
  std::optional<std::vector<double>> asFloats() const;
  std::optional<std::vector<bool>> asBools() const;
  std::optional<llvm::StringRef> asBytes() const;  // an array of u8 or i8
  std::optional<std::vector<llvm::StringRef>> asStrings() const;
  /// For people: at most `limit` bytes, arrays as "[string x 512] a, b, ...".
  std::string text(size_t limit = 60) const;

private:
  friend class GgufParser;
  GgufKind valueKind = GgufKind::U8, element = GgufKind::U8;
  uint64_t count = 1;
  uint64_t at = 0;
  llvm::StringRef bytes; // the payload, its size checked
};

/// One tensor: a matrix of `shape[0]` columns (contiguous, the K of a product) and shape[1] rows, up to four dimensions.
struct GgufTensor {
  llvm::StringRef name;
  llvm::SmallVector<int64_t, 4> shape; // as in the file, at least 1 extent, all >= 1
  const GgufType *type = nullptr;
  uint64_t offset = 0; // of the data in its file
  uint64_t bytes = 0;
  const char *data = nullptr;
  unsigned part = 0; // of a split set

  int64_t elements() const;
};

struct GgufEntry {
  llvm::StringRef key;
  GgufValue value;
};

struct GgufFile {
  std::string path;               // of the first part
  std::vector<std::string> parts; // paths
  uint64_t bytes = 0;             // of all parts
  uint32_t version = 0;
  uint64_t alignment = 32;
  std::vector<GgufEntry> metadata; // in file order; of the first part
  std::vector<GgufTensor> tensors; // in file order, part after part
  std::shared_ptr<const void> owner;

  const GgufValue *find(llvm::StringRef key) const;
  const GgufTensor *findTensor(llvm::StringRef name) const;

  llvm::StringMap<size_t> keyIndex, tensorIndex; // into the two lists
};

/// Nullopt: reported (IG0601 .. IG0619).
std::optional<GgufFile> readGguf(llvm::StringRef path, Diagnostics &diagnostics);

/// Whether the file begins with GGUF's magic; false when it cannot be read.
bool isGgufFile(llvm::StringRef path);

} // namespace ingot

#endif
