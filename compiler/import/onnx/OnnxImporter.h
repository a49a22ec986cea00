// The walk over an ONNX graph: names -> values, nodes -> op functions, and everything that goes wrong collected for one report.
// Private to import/onnx: op files see OnnxOps.h alone.
#ifndef INGOT_COMPILER_IMPORT_ONNX_ONNXIMPORTER_H
#define INGOT_COMPILER_IMPORT_ONNX_ONNXIMPORTER_H

#include "compiler/import/onnx/DimExpr.h"
#include "compiler/import/onnx/Import.h"
#include "compiler/import/onnx/OnnxCounted.h"
#include "compiler/import/onnx/OnnxOps.h"
#include "compiler/import/onnx/OnnxReader.h"
#include "compiler/import/onnx/OnnxTensor.h"

#include "onnx-ml.pb.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringSet.h"

namespace ingot {

using OpsetMap = std::map<std::string, int64_t>;                            // domain -> version
using AttrBindings = std::map<std::string, const onnx::AttributeProto *>;   // a function's attribute -> the call's

using OnnxNodes = google::protobuf::RepeatedPtrField<onnx::NodeProto>;

/// What a name stands for.
struct OnnxEntry {
  enum Kind { Known, Poisoned, Absent, Initializer, Sequence } kind = Known; // Absent: an optional operand left out of a function call
  mlir::Value value;
  const onnx::TensorProto *tensor = nullptr; // of an initialiser that no node has used yet
  std::shared_ptr<const void> owner = {};    // of that tensor
  std::vector<mlir::Value> items = {};       // of a sequence
};

/// The names of a graph, a branch (which sees its parent's names) or a function body (which does not).
struct OnnxScope {
  OnnxScope *parent = nullptr;
  const OpsetMap *opsets = nullptr;
  const AttrBindings *bindings = nullptr;    // null outside functions
  std::shared_ptr<const void> owner;         // keeps this scope's protos alive: tensors are views of them
  int depth = 0;                             // of nested branches and calls
  llvm::StringMap<OnnxEntry> names;

  OnnxEntry *find(llvm::StringRef name);
};

/// The node that is imported just now.
struct OnnxFrame {
  llvm::SmallVector<mlir::Value, 4> inputs;
  llvm::SmallVector<mlir::Value, 2> outputs;
  std::shared_ptr<const void> owner;
  std::string attributeError; // a present attribute of another type than asked for
  std::string error;          // the node is invalid: the verifier's words
};

struct OnnxLoop;
struct OnnxScan;

constexpr int kMaxDepth = 64; // of calls, branches and loops inside each other

class OnnxImporter {
public:
  OnnxImporter(llvm::StringRef path, const ImportOptions &options, mlir::MLIRContext &context, WeightStore &store, Diagnostics &diagnostics);
  ImportedModel run();

private:
  friend class OnnxNode;
  using Scope = OnnxScope;

  // OnnxImporter.cpp: the walk.
  bool readOpsets(const google::protobuf::RepeatedPtrField<onnx::OperatorSetIdProto> &imports, OpsetMap &opsets, llvm::StringRef where);
  void importNodes(const OnnxNodes &nodes, Scope &scope);
  void importNode(const onnx::NodeProto &proto, Scope &scope);
  void nameResult(llvm::StringRef name, mlir::Value value);
  void importWithRule(const onnx::NodeProto &proto, Scope &scope, OnnxFrame next);
  bool gatherInputs(const onnx::NodeProto &proto, Scope &scope, OnnxFrame &next);
  void define(llvm::StringRef name, OnnxEntry entry, Scope &scope, const onnx::NodeProto *proto);
  void addInitializers(const onnx::GraphProto &graph, Scope &scope);
  void materialize(llvm::StringRef name, OnnxEntry &entry);
  void poisonOutputs(const onnx::NodeProto &proto, Scope &scope);
  void refuse(const onnx::NodeProto &proto, llvm::StringRef reason, Scope &scope);
  void returnValues(mlir::func::FuncOp function, Scope &scope);
  void finishFunction(mlir::func::FuncOp function, llvm::ArrayRef<std::pair<int64_t, int64_t>> limits);
  void checkOutputs(Scope &scope);
  void reportUnsupported();
  void error(llvm::StringRef code, std::string what, Where where, std::string help);
  Where whereOf(const onnx::NodeProto &proto) const;

  // OnnxInputs.cpp: the function's arguments and the model's dimensions.
  bool addInputs(mlir::func::FuncOp function, Scope &scope);
  std::optional<mlir::RankedTensorType> inputType(const onnx::ValueInfoProto &input);
  void bindFromShapes(const onnx::ValueInfoProto &input);
  std::optional<int64_t> extentOf(const onnx::ValueInfoProto &input, int axis);
  std::optional<DimExpr> relationOf(llvm::StringRef name) const;
  void reportUnbound();
  void checkGivenDims();

  // OnnxBind.cpp: values of inputs that operators need while compiling.
  std::optional<Tensor> neededValue(mlir::Value value, std::string &why);
  bool haveValues(llvm::ArrayRef<mlir::BlockArgument> inputs, std::string &why);
  std::optional<Tensor> evaluateChain(llvm::ArrayRef<mlir::Operation *> ops, llvm::DenseMap<mlir::Value, Tensor> &values, mlir::Value wanted);
  void finishBound(mlir::func::FuncOp function);
  void readGiven(mlir::func::FuncOp function);

  // OnnxFunctions.cpp: calls of model-local functions.
  const onnx::FunctionProto *findFunction(const onnx::NodeProto &proto) const;
  void importCall(const onnx::NodeProto &proto, const onnx::FunctionProto &function, Scope &scope, llvm::ArrayRef<mlir::Value> inputs);
  bool needsBinding(const onnx::NodeProto &proto) const;
  std::shared_ptr<onnx::NodeProto> bind(const onnx::NodeProto &proto, const AttrBindings &bindings) const;

  // OnnxControl.cpp: If, Loop, Scan.
  enum class LoopStep { Run, End, Refuse };
  bool importGraph(const onnx::NodeProto &proto, const onnx::GraphProto &graph, llvm::ArrayRef<OnnxEntry> inputs, Scope &scope,
                   std::vector<OnnxEntry> &outputs);
  bool importBody(const onnx::NodeProto &proto, const onnx::GraphProto &graph, llvm::ArrayRef<mlir::Value> inputs, Scope &scope,
                  llvm::SmallVectorImpl<mlir::Value> &outputs);
  bool onlyTensors(const onnx::NodeProto &proto, const onnx::GraphProto &graph, llvm::ArrayRef<OnnxEntry> entries, llvm::SmallVectorImpl<mlir::Value> &values);
  void defineEntries(const onnx::NodeProto &proto, Scope &scope, llvm::ArrayRef<OnnxEntry> entries);
  void defineOutputs(const onnx::NodeProto &proto, Scope &scope, llvm::ArrayRef<mlir::Value> values);
  bool importBoth(const onnx::NodeProto &proto, Scope &scope, mlir::Value condition, bool mayVary, std::string &why);
  bool importControl(const onnx::NodeProto &proto, Scope &scope, llvm::ArrayRef<mlir::Value> inputs);
  void importIf(const onnx::NodeProto &proto, Scope &scope, mlir::Value condition);
  bool readTrips(OnnxNode &node, OnnxLoop &loop, mlir::Value trips, std::string &why);
  LoopStep nextStep(OnnxNode &node, OnnxLoop &loop, int64_t iteration, std::string &why);
  bool importIteration(const onnx::NodeProto &proto, OnnxNode &node, OnnxLoop &loop, int64_t iteration, Scope &scope, std::string &why);
  bool carryOn(OnnxNode &node, OnnxLoop &loop, llvm::ArrayRef<OnnxEntry> next, std::string &why);
  void importLoop(const onnx::NodeProto &proto, Scope &scope, llvm::ArrayRef<mlir::Value> inputs);
  bool importScanOnce(const onnx::NodeProto &proto, OnnxNode &node, OnnxScan &scan, Scope &scope, llvm::SmallVectorImpl<mlir::Value> &results);
  bool importScanBatches(const onnx::NodeProto &proto, OnnxNode &node, OnnxScan &scan, Scope &scope, llvm::SmallVectorImpl<mlir::Value> &results);
  void importScan(const onnx::NodeProto &proto, Scope &scope, llvm::ArrayRef<mlir::Value> inputs);

  // OnnxExtents.cpp: operands whose extent depends on data.
  std::string varyingInput(const onnx::NodeProto &proto, llvm::ArrayRef<mlir::Value> inputs) const;
  void importVarying(const onnx::NodeProto &proto, Scope &scope, OnnxFrame next, llvm::StringRef operand);

  bool importCounted(const onnx::NodeProto &proto, Scope &scope, const OnnxFrame &next);
  mlir::Value merged(OnnxNode &node, mlir::Value condition, mlir::Value a, mlir::Value b);
  mlir::Value limited(OnnxNode &node, mlir::Value value, int64_t axis, OnnxSum count);

  // OnnxFlexAttention.cpp: attention with graphs of the model inside.
  mlir::Value applyGraph(const onnx::NodeProto &proto, OnnxNode &node, llvm::StringRef name, mlir::Value x, Scope &scope);
  void importFlexAttention(const onnx::NodeProto &proto, Scope &scope, llvm::ArrayRef<mlir::Value> inputs);

  // OnnxSequences.cpp: sequences that resolve while compiling.
  bool importOptional(const onnx::NodeProto &proto, Scope &scope);
  bool importSequence(const onnx::NodeProto &proto, Scope &scope, OnnxFrame &next);
  std::optional<size_t> sequencePlace(OnnxNode &node, const std::vector<mlir::Value> &items, int64_t i, int64_t fallback, bool inserts);
  std::vector<mlir::Value> splitToItems(OnnxNode &node);
  mlir::Value joinItems(OnnxNode &node, const std::vector<mlir::Value> &items);

  // OnnxFold.cpp: what is known while importing.
  mlir::Value makeConstant(const Tensor &tensor, llvm::StringRef name, mlir::Location loc);
  std::optional<Tensor> valueOf(mlir::Value value) const;
  std::optional<llvm::SmallVector<Tensor, 2>> evaluated(mlir::Operation *op) const;
  bool fold(mlir::Operation *op, llvm::SmallVectorImpl<mlir::Value> &results);

  std::string path;
  const ImportOptions &options;
  mlir::MLIRContext &context;
  WeightStore &store;
  Diagnostics &diagnostics;
  mlir::OpBuilder builder;
  OnnxOpRegistry registry;
  ExternalFiles files;
  std::shared_ptr<onnx::ModelProto> model;
  ImportedModel result;
  OnnxFrame frame;
  llvm::StringMap<const onnx::FunctionProto *> functions;
  OnnxNumbers numbers;                             // that are known at run time only
  llvm::DenseMap<mlir::Value, OnnxExtent> extents; // of values that are shorter than their type at run time; looked up, never iterated
  std::map<std::string, int64_t> boundDims;  // symbolic name, or INPUT.AXIS -> extent
  std::map<std::string, std::string> unbound; // the same -> what it is, for the report
  llvm::StringSet<> knownDims;
  std::vector<std::string> inputNames;    // by argument
  std::map<unsigned, Tensor> given;       // argument -> the values that --bind or a file has for it
  std::set<unsigned> bound;               // arguments whose given values are compiled in
  std::string mlirMessage; // of the last MLIR diagnostic
  bool failed = false;
  int errorCount = 0;
  int64_t expanded = 0; // nodes of functions and branches, each time they are entered
  int64_t skipped = 0;  // nodes that depend on one that was refused
};

/// Each node behind those whose results it reads, else as in the file; a cycle stays unsorted.
std::vector<const onnx::NodeProto *> inOrder(const OnnxNodes &nodes);
/// "Conv 'conv1'", with the name made printable.
std::string describeNode(const onnx::NodeProto &proto);
/// "Conv" or "com.microsoft.Foo".
std::string fullOpName(const onnx::NodeProto &proto);
/// "" for "ai.onnx".
llvm::StringRef plainDomain(llvm::StringRef domain);

} // namespace ingot

#endif
