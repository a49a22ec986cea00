// The report of a build: report.json for scripts, report.html for people (one file, no external asset, no script).
#ifndef INGOT_COMPILER_PACKAGE_REPORT_H
#define INGOT_COMPILER_PACKAGE_REPORT_H

#include "compiler/Diag.h"
#include "compiler/package/ShapeSets.h"
#include "passes/Choices.h"
#include "passes/compress/Compress.h"
#include "passes/lower/WeightForms.h"
#include "passes/plan/Program.h"

namespace ingot {

struct ReportPhase {
  std::string name;
  double seconds;
};

struct ReportKernel {
  std::string name, source; // source: "generated", "portable", "micro", "halide"
  int64_t count, bytes, work;
  std::vector<std::string> ops; // model nodes
};

struct ReportUnsupported {
  std::string op, name, reason;
};

/// One choice that the lock file made otherwise than the rule (passes/Choices.h).
struct TuningRow {
  std::string what, take, rule;
  double ratio; // measured when it was tuned
  std::vector<std::string> nodes; // model nodes of the calls
};

struct ReportTuning {
  std::string lock;   // the file; empty: none was used
  double seconds = 0; // that --tune took in this build
  double oneWorker = 1, allWorkers = 1; // --tune: time of the whole program to that by the rules; 0: not known, the machine was busy
  std::vector<TuningRow> choices;
  llvm::ArrayRef<Choice> asked; // all that a lock file may decide; empty for packages of many shapes
};

struct ReportData {
  std::string model, device;
  double seconds = 0;
  int64_t peakRssBytes = 0, nodeCount = 0, compiledNodes = 0;
  std::vector<ReportPhase> phases;
  int64_t stackBytes = 0;      // the deepest that generated code needs
  int64_t fastMemoryBytes = 0; // Device::vtcmBytes
  int64_t codeBytes = 0, weightsBytes = 0, headerBytes = 0;
  std::vector<std::pair<std::string, std::string>> artifacts; // file, what it is
  std::vector<ReportKernel> kernels;
  std::vector<ReportUnsupported> unsupported;
  std::vector<WeightNote> weights; // constant weights of products: zeros, form, why
  std::string precision;           // --precision
  OperandsNote operands;           // what it did to products
  std::vector<std::pair<std::string, double>> outputErrors; // relative error of each output against the f32 model, where it was measured
  bool errorsOfSamples = false;    // measured on the samples of --calibrate, else on small made-up numbers
  ReportTuning tuning;
  llvm::json::Object build;        // what `ingot bench FOLDER` needs to build again
  llvm::json::Value verify = nullptr; // --verify: errors per output
  llvm::ArrayRef<Program> programs; // one an entry point; empty: stopped before planning
  ShapeSets shapes;                 // not empty: programs[i] is for its combination i
  const Diagnostics *diagnostics = nullptr;
};

/// One line on products with rounded operands; "" when there are none.
std::string roundingText(const ReportData &data);
llvm::json::Value reportJson(const ReportData &data);
/// Self-contained HTML; every name from the model is escaped.
std::string reportHtml(const ReportData &data);

} // namespace ingot

#endif
