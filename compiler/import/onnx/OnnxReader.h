// The bytes of an .onnx file -> a parsed ModelProto, with the file-level limits checked.
#ifndef INGOT_COMPILER_IMPORT_ONNX_ONNXREADER_H
#define INGOT_COMPILER_IMPORT_ONNX_ONNXREADER_H

#include "compiler/Diag.h"

#include <memory>

namespace onnx {
class ModelProto;
class ValueInfoProto;
} // namespace onnx
namespace google {
namespace protobuf {
class MessageLite;
} // namespace protobuf
} // namespace google

namespace ingot {

constexpr int64_t kMinOnnxOpset = 1;
constexpr int64_t kMaxOnnxOpset = 28; // of onnx 1.23, whose onnx-ml.proto is compiled in
constexpr int64_t kMaxOnnxItems = 1000000;    // nodes, initialisers, or inputs of one graph
constexpr int64_t kMaxExpandedNodes = 100000; // nodes that functions and branches expand to

/// Null after reporting (IG0101 .. IG0106). Tensors in the model are not checked yet; OnnxTensor.h does that when one is used.
std::shared_ptr<onnx::ModelProto> readOnnxModel(llvm::StringRef path, Diagnostics &diagnostics);

/// What the user calls this dimension: its own name, or INPUT.AXIS where it has none. '?' is no name: exporters write it into every dimension they do not know,
/// and equal names would make the dimensions equal.
std::string dimensionName(const onnx::ValueInfoProto &input, int axis);

/// Parses one message from a file. Empty when it worked, else code and reason separated by a colon.
std::string parseProtoFile(llvm::StringRef path, google::protobuf::MessageLite &message);

} // namespace ingot

#endif
