// Private to import/gguf: the parser of one file of a (split) GGUF model, and the mapping of its bytes.
#ifndef INGOT_COMPILER_IMPORT_GGUF_GGUFPARSER_H
#define INGOT_COMPILER_IMPORT_GGUF_GGUFPARSER_H

#include "compiler/import/gguf/GgufReader.h"

#include "llvm/ADT/Twine.h"

namespace ingot {

/// Bytes of one element of a fixed-size kind; 0 for strings and arrays.
uint64_t byteWidth(GgufKind kind);

/// A file's read-only bytes.
struct GgufBytes {
  llvm::StringRef bytes;
  std::shared_ptr<const void> owner;
};
std::optional<GgufBytes> mapGguf(llvm::StringRef path, Diagnostics &diagnostics);

/// Walks one file from its first byte to its last tensor. Stops at the first fault, since nothing after it can be trusted.
class GgufParser {
public:
  GgufParser(llvm::StringRef path, llvm::StringRef bytes, unsigned part, Diagnostics &diagnostics)
      : path(path), bytes(bytes), part(part), diagnostics(diagnostics) {}
  /// Fills `file`, to which the tensors of earlier parts may already belong. False: reported.
  bool parse(GgufFile &file);

private:
  struct Counts {
    uint64_t tensors = 0, keys = 0;
  };
  bool readHeader(GgufFile &file, Counts &counts);
  bool readEntry(GgufFile &file, GgufEntry &entry);
  bool readValue(GgufKind kind, GgufValue &value, llvm::StringRef key);
  bool readArray(GgufValue &value, llvm::StringRef key);
  bool readMetadata(GgufFile &file, uint64_t count);
  bool readAlignment(GgufFile &file);
  bool readTensorInfo(GgufFile &file, GgufTensor &tensor);
  bool readShape(GgufTensor &tensor);
  bool readType(GgufTensor &tensor);
  bool sizeTensor(GgufTensor &tensor);
  bool placeTensors(GgufFile &file, size_t first);

  /// The next `size` bytes; false (reported) when fewer are left. `what` names the field.
  bool take(uint64_t size, llvm::StringRef &field, const llvm::Twine &what);
  template <typename T> bool number(T &value, const llvm::Twine &what);
  bool string(llvm::StringRef &value, uint64_t limit, const llvm::Twine &what);
  bool bounded(uint64_t count, uint64_t least, uint64_t limit, const llvm::Twine &what);
  bool readKind(GgufKind &kind, const llvm::Twine &what);

  struct Fault {
    llvm::StringRef code;
    std::string what;
    std::string expected = "", found = "", help = "the file is damaged; fetch or convert it again";
    llvm::StringRef tensor = "";
  };
  bool fail(Fault fault, std::optional<uint64_t> byte = std::nullopt);

  std::string path;
  llvm::StringRef bytes;
  uint64_t at = 0;
  unsigned part;
  Diagnostics &diagnostics;
  uint64_t alignment = 32;
};

} // namespace ingot

#endif
