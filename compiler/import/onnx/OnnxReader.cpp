// Reads an .onnx file: mapped, parsed with protobuf's lite runtime under a recursion and a size limit, then unmapped. Before the parse a
// scan of the wire format counts the graph's items, because a two-byte field can become a message of 200 bytes in memory.
#include "compiler/import/onnx/OnnxReader.h"
#include "compiler/import/onnx/OnnxTensor.h"

#include "onnx-ml.pb.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"

#include <climits>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

namespace ingot {
namespace {

constexpr int kRecursionLimit = 100;        // protobuf's own default, written down
constexpr uint64_t kMaxMessages = 20000000; // messages and strings of a file; a million nodes have about 10 million

/// A cursor over protobuf's wire format that never reads past its end.
struct Wire {
  llvm::StringRef bytes;

  bool varint(uint64_t &value) {
    value = 0;
    for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
      uint8_t byte = static_cast<uint8_t>(bytes.front());
      bytes = bytes.drop_front();
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80)
        return true;
    }
    return false;
  }

  /// The next field; `payload` is set for length-delimited ones. False at the end or at damage (which the real parser reports).
  bool field(uint64_t &number, llvm::StringRef &payload) {
    uint64_t tag = 0;
    uint64_t value = 0;
    payload = {};
    if (!varint(tag))
      return false;
    number = tag >> 3;
    switch (tag & 7) {
    case 0:
      return varint(value);
    case 1:
      return skip(8);
    case 2:
      if (!varint(value) || value > bytes.size())
        return false;
      payload = bytes.take_front(value);
      return skip(value);
    case 5:
      return skip(4);
    default:
      return false;
    }
  }

  bool skip(uint64_t size) {
    if (size > bytes.size())
      return false;
    bytes = bytes.drop_front(size);
    return true;
  }
};

/// The levels that can hold many small messages, and the field numbers of each that lead down.
enum class Level { Model, Graph, Node, Attribute };

std::optional<Level> below(Level level, uint64_t field) {
  switch (level) {
  case Level::Model: // 7 graph, 25 functions
    return field == 7 || field == 25 ? std::optional<Level>(Level::Graph) : std::nullopt;
  case Level::Graph: // 1 a graph's nodes, 7 a function's
    return field == 1 || field == 7 ? std::optional<Level>(Level::Node) : std::nullopt;
  case Level::Node: // 5 attributes
    return field == 5 ? std::optional<Level>(Level::Attribute) : std::nullopt;
  case Level::Attribute: // 6 a graph, 11 graphs
    return field == 6 || field == 11 ? std::optional<Level>(Level::Graph) : std::nullopt;
  }
  return std::nullopt;
}

/// Messages and strings at the levels above; stops soon after kMaxMessages.
uint64_t countMessages(llvm::StringRef bytes, Level level, int depth) {
  uint64_t count = 0;
  uint64_t number = 0;
  llvm::StringRef payload;
  for (Wire wire{bytes}; count < kMaxMessages && wire.field(number, payload);) {
    count += payload.data() != nullptr;
    std::optional<Level> next = below(level, number);
    if (next && depth > 0)
      count += countMessages(payload, *next, depth - 1);
  }
  return count;
}

std::string hintFor(llvm::StringRef bytes) {
  if (bytes.starts_with("version https://git-lfs"))
    return "this is a Git LFS pointer; fetch the model itself with `git lfs pull`";
  if (bytes.starts_with("GGUF"))
    return "this is a GGUF file; rename it to .gguf";
  if (bytes.starts_with("PK"))
    return "this is a ZIP or PyTorch file; export the model with torch.onnx.export";
  return "check that the file is complete and an ONNX model (a ModelProto in binary form)";
}

bool longName(const std::string &name) { return name.size() > kMaxOnnxName; }

bool hasLongNames(const onnx::NodeProto &node) {
  return longName(node.name()) || longName(node.op_type()) || longName(node.domain()) || llvm::any_of(node.input(), longName) ||
         llvm::any_of(node.output(), longName);
}

/// What breaks a limit of the graph, or "".
std::string brokenLimit(const onnx::GraphProto &graph) {
  if (graph.node_size() > kMaxOnnxItems || graph.initializer_size() > kMaxOnnxItems || graph.input_size() > kMaxOnnxItems ||
      graph.output_size() > kMaxOnnxItems)
    return llvm::formatv("the graph has more than {0} nodes, initialisers, inputs or outputs", kMaxOnnxItems);
  bool tooLong = llvm::any_of(graph.node(), hasLongNames);
  tooLong |= llvm::any_of(graph.initializer(), [](const onnx::TensorProto &tensor) { return longName(tensor.name()); });
  tooLong |= llvm::any_of(graph.input(), [](const onnx::ValueInfoProto &value) { return longName(value.name()); });
  tooLong |= llvm::any_of(graph.output(), [](const onnx::ValueInfoProto &value) { return longName(value.name()); });
  return tooLong ? "a name is longer than 64 KiB" : "";
}

std::string parseProto(llvm::StringRef bytes, google::protobuf::MessageLite &message) {
  google::protobuf::io::ArrayInputStream array(bytes.data(), static_cast<int>(bytes.size()));
  google::protobuf::io::CodedInputStream stream(&array);
  stream.SetTotalBytesLimit(INT_MAX);
  stream.SetRecursionLimit(kRecursionLimit);
  if (!message.ParseFromCodedStream(&stream) || !stream.ConsumedEntireMessage())
    return "IG0102:the file is not a complete protobuf message (damaged, cut short, or of another format)";
  return "";
}

std::string openFile(llvm::StringRef path, std::unique_ptr<llvm::MemoryBuffer> &buffer) {
  llvm::sys::fs::file_status status;
  if (std::error_code ec = llvm::sys::fs::status(path, status))
    return "IG0101:the file cannot be read: " + ec.message();
  if (!llvm::sys::fs::is_regular_file(status))
    return "IG0101:the path is not an ordinary file";
  if (status.getSize() > INT_MAX)
    return llvm::formatv("IG0103:the file has {0} bytes, protobuf's limit is 2 GiB", status.getSize());
  auto opened = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!opened)
    return "IG0101:the file cannot be read: " + opened.getError().message();
  buffer = std::move(*opened);
  return "";
}

/// protobuf prints its own lines about bad UTF-8 or depth to stderr; Ingot reports through Diagnostics alone.
void silenceProtobuf() { google::protobuf::SetLogHandler(nullptr); }

} // namespace

std::string parseProtoFile(llvm::StringRef path, google::protobuf::MessageLite &message) {
  silenceProtobuf();
  std::unique_ptr<llvm::MemoryBuffer> buffer;
  std::string problem = openFile(path, buffer);
  return problem.empty() ? parseProto(buffer->getBuffer(), message) : problem;
}

std::shared_ptr<onnx::ModelProto> readOnnxModel(llvm::StringRef path, Diagnostics &diagnostics) {
  silenceProtobuf();
  auto fail = [&](llvm::StringRef code, std::string what, std::string help) {
    diagnostics.report(code, std::move(what), Where{path.str()}, std::move(help));
    return nullptr;
  };
  std::unique_ptr<llvm::MemoryBuffer> buffer;
  std::string problem = openFile(path, buffer);
  if (!problem.empty())
    return fail(problem.substr(0, 6), problem.substr(7), problem.substr(0, 6) == "IG0103" ? "save the model with external data" : "check the path");
  llvm::StringRef bytes = buffer->getBuffer();
  if (countMessages(bytes, Level::Model, kRecursionLimit) >= kMaxMessages)
    return fail("IG0106", "the file has more than 20 million fields", "no real model looks like this; re-export it");
  auto model = std::make_shared<onnx::ModelProto>();
  problem = parseProto(bytes, *model);
  if (!problem.empty())
    return fail(problem.substr(0, 6), problem.substr(7), hintFor(bytes));
  if (!model->has_graph() || !model->has_ir_version())
    return fail("IG0104", model->has_graph() ? "the model has no IR version" : "the file has no graph", hintFor(bytes));
  if (model->ir_version() < 3 || model->ir_version() > onnx::IR_VERSION)
    return fail("IG0105", llvm::formatv("the model has IR version {0}; Ingot reads 3 to {1}", model->ir_version(), int(onnx::IR_VERSION)),
                "convert it with onnx.version_converter or re-export it");
  std::string limit = brokenLimit(model->graph());
  if (!limit.empty())
    return fail("IG0106", limit, "no real model looks like this; re-export it");
  return model;
}

std::string dimensionName(const onnx::ValueInfoProto &input, int axis) {
  const std::string &own = input.type().tensor_type().shape().dim(axis).dim_param();
  return own.empty() || own == "?" ? (input.name() + "." + llvm::Twine(axis)).str() : own;
}

} // namespace ingot
