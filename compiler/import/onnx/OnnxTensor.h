// TensorProto -> Tensor, with every number of the file checked before it is used, and the files that external data lie in.
// Why one place: initialisers, attributes and .pb test files all pass here, so a limit cannot be forgotten.
#ifndef INGOT_COMPILER_IMPORT_ONNX_ONNXTENSOR_H
#define INGOT_COMPILER_IMPORT_ONNX_ONNXTENSOR_H

#include "compiler/reference/Tensor.h"

#include "llvm/ADT/StringRef.h"

#include <map>
#include <optional>

namespace onnx {
class TensorProto;
} // namespace onnx

namespace ingot {

constexpr int64_t kMaxOnnxRank = 16;
constexpr int64_t kMaxOnnxElements = int64_t(1) << 32; // of one tensor; above any device that Ingot builds for
constexpr size_t kMaxOnnxName = 64 * 1024;             // bytes

/// Why something was not read. An empty code means: well formed, but of a kind that Ingot does not compile.
struct OnnxError {
  std::string code;
  std::string what;
  std::string help;
};

/// Read-only bytes kept alive by `owner`.
struct MappedBytes {
  const char *data = nullptr;
  uint64_t size = 0;
  std::shared_ptr<const void> owner;
};

/// The files beneath a model's folder. Opens each once; refuses every path that could leave the folder.
class ExternalFiles {
public:
  explicit ExternalFiles(llvm::StringRef folder) : folder(folder.str()) {}
  /// The bytes [offset, offset + length) of `location`; nullopt with the reason in `error`.
  std::optional<MappedBytes> view(const std::string &location, uint64_t offset, uint64_t length, OnnxError &error);

private:
  std::optional<MappedBytes> map(const std::string &location, OnnxError &error);
  std::string folder;
  std::map<std::string, MappedBytes> files;
};

/// The DType of a TensorProto.DataType number; nullopt for strings, complex and numbers ONNX has not given out.
std::optional<DType> dtypeOfOnnx(int64_t type);
/// "float32", "string", "type 77".
std::string nameOfOnnxType(int64_t type);
/// Empty when the shape is usable, else what is wrong with it ("has rank 17, the limit is 16").
std::string badShape(llvm::ArrayRef<int64_t> shape);

/// The value of `proto`: a view kept alive by `owner` (which owns `proto`) where its bytes are laid out as in a Tensor, else a copy.
/// `files` is null where external data are not allowed.
std::optional<Tensor> readTensor(const onnx::TensorProto &proto, std::shared_ptr<const void> owner, ExternalFiles *files, OnnxError &error);

} // namespace ingot

#endif
