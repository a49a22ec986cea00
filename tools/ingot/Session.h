// A model made ready to run, compiled for a device or under the reference evaluator, and the arrays that go in.
#ifndef INGOT_TOOLS_INGOT_SESSION_H
#define INGOT_TOOLS_INGOT_SESSION_H

#include "compiler/Compile.h"
#include "compiler/support/Npz.h"
#include "tools/ingot/Command.h"

namespace ingot {

/// --threads as a list of at least one number; nullopt: reported.
std::optional<std::vector<int64_t>> threadCounts(const Context &context);

/// The compile options that the command line asks for. MODEL may be a BUILD folder: its model, device and dimensions are taken from its report.
/// `arrays` gives the shapes of inputs (may be null). Nullopt: reported.
std::optional<CompileOptions> compileOptionsFor(const Context &context, llvm::StringRef model, const NamedTensors *arrays);

/// The report.json of a folder that `build` wrote; null when there is none.
llvm::json::Value reportOf(llvm::StringRef folder);
/// The model file that a folder was built from, "" when it has no report of a build.
std::string recordedModel(llvm::StringRef folder);
/// The model file of the first argument: itself, or the one that a BUILD folder was made from. Nullopt: reported.
std::optional<std::string> modelFileOf(const Context &context);

/// Input names and shapes of a file of arrays: every key but those that begin with "out|".
std::map<std::string, std::vector<int64_t>> inputShapesOf(const NamedTensors &arrays);

/// Likewise the values of arrays that are small enough to be bound (ImportOptions::kMaxBoundElements).
std::map<std::string, Tensor> inputValuesOf(const NamedTensors &arrays);

class Session {
public:
  llvm::ArrayRef<Program> programs() const { return compiled ? compiled->programs : reference->programs; }
  const Program &program() const { return programs()[entry]; }
  llvm::ArrayRef<ProgramIo> inputs() const { return program().inputs; }
  /// The model's outputs, without those behind them that hold extents.
  llvm::ArrayRef<ProgramIo> outputs() const;
  const std::map<std::string, int64_t> &opCounts() const { return compiled ? compiled->opCounts : reference->model.opCounts; }
  llvm::StringRef device() const { return compiled ? llvm::StringRef(compiled->device.name) : "reference"; }
  /// The model's outputs, cut to their run-time extents.
  llvm::Expected<std::vector<Tensor>> run(llvm::ArrayRef<Tensor> inputs, int64_t workers) const;

  /// Makes the program whose shapes the arrays have the one that runs, where there are several. False: reported.
  bool chooseShape(const NamedTensors &arrays, llvm::StringRef file, Diagnostics &diagnostics);

  /// "seq=16" where the program is one of several shapes, else "".
  std::string shapeText() const { return compiled && !compiled->shapes.empty() ? compiled->shapes.text(static_cast<int64_t>(entry)) : ""; }

  size_t entry = 0; // the program that runs
  std::unique_ptr<Compiled> compiled;
  std::unique_ptr<ReferenceModel> reference; // --device reference
};

/// Compiles, or loads for the reference evaluator. Nullopt: reported.
std::optional<Session> openSession(const CompileOptions &options, Diagnostics &diagnostics);

/// The arrays for the session's inputs in order, types and shapes checked; chooses the program by their shapes. Nullopt: every fault was reported.
std::optional<std::vector<Tensor>> gatherInputs(Session &session, const NamedTensors &arrays, llvm::StringRef file, Diagnostics &diagnostics);

/// Prints a table of tensors by name: type, shape, least, mean and greatest element; returns its rows as JSON.
llvm::json::Array printTensors(const Context &context, llvm::ArrayRef<std::pair<std::string, const Tensor *>> tensors);

/// Prints --print-timings.
void printTimings(const Context &context, const Session &session);

/// One model, one file of arrays, one run: what `run` and `test` do before they look at the outputs.
struct Execution {
  NamedTensors arrays;
  Session session;
  std::vector<Tensor> outputs;
};
std::optional<Execution> execute(const Context &context, llvm::StringRef arraysPath);

} // namespace ingot

#endif
