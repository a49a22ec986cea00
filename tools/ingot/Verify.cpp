// Runs of the reference evaluator beside a build.
#include "tools/ingot/Verify.h"

#include "tools/ingot/Compare.h"

#include <cmath>

namespace ingot {
namespace {

/// Root mean square of `got` - `want` in units of that of `want`.
double relativeError(const Tensor &got, const Tensor &want) {
  double lost = 0, all = 0;
  for (int64_t i = 0; i < want.count(); ++i) {
    lost += (got.at(i) - want.at(i)) * (got.at(i) - want.at(i));
    all += want.at(i) * want.at(i);
  }
  return all > 0 ? std::sqrt(lost / all) : 0;
}

/// What the reference evaluator gives for the model. Nullopt: reported.
std::optional<std::vector<Tensor>> wanted(const Context &context, const CompileOptions &options, llvm::ArrayRef<Tensor> inputs) {
  Diagnostics own; // notes were made when the program was compiled
  std::unique_ptr<ReferenceModel> reference = loadReference(options, own);
  for (const Diagnostic &d : own.all())
    if (!reference && d.severity == Severity::Error)
      context.diagnostics.report(d);
  if (!reference)
    return std::nullopt;
  llvm::Expected<std::vector<Tensor>> outputs = runReference(*reference, inputs);
  if (outputs)
    return std::move(*outputs);
  context.fail("IG0405", llvm::toString(outputs.takeError()), options.modelPath);
  return std::nullopt;
}

/// The options for the f32 model.
CompileOptions withoutRounding(CompileOptions options) {
  options.compress.operands = DType::F32;
  return options;
}

/// One program in the verification.
struct Verification {
  const Context &context;
  const Compiled &compiled;
  CompileOptions options; // with the extents of the program's shape
  std::vector<Tensor> inputs;
  std::optional<std::vector<Tensor>> exact; // of the f32 model, once it was needed

  /// Whether output `i` is as near to the reference as the reference with rounded operands is to the f32 model.
  bool isWithinRounding(size_t i, const Tensor &got, const Tensor &want) {
    if (!options.compress.roundsOperands())
      return false;
    if (!exact)
      exact = wanted(context, withoutRounding(options), inputs);
    return exact && relativeError(got, want) <= relativeError(want, (*exact)[i]);
  }
};

/// One program's outputs against the reference evaluator's; adds a row an output.
bool verifyProgram(const Context &context, const CompileOptions &options, const Compiled &compiled, size_t entry, llvm::json::Array &rows) {
  constexpr double kAtol = 1e-4;
  const Program &program = compiled.programs[entry];
  Verification run{context, compiled, options, smallInputs(program), std::nullopt};
  for (const auto &[name, extent] : compiled.shapes.byName(static_cast<int64_t>(entry))) {
    run.options.import.dims[name] = extent;
    run.options.import.varied.insert(name);
  }
  llvm::Expected<std::vector<Tensor>> got = runCompiled(compiled, run.inputs, program.workers, entry);
  if (!got)
    return context.fail("IG0311", llvm::toString(got.takeError()), options.modelPath) == kDone;
  std::optional<std::vector<Tensor>> want = wanted(context, run.options, run.inputs);
  bool ok = want && got->size() == want->size();
  for (size_t i = 0; ok && i < want->size(); ++i) {
    Comparison result = compare((*got)[i], (*want)[i], toleranceFor(context.options, (*want)[i], computesInIntegers(compiled.opCounts), kAtol));
    result.ok = result.ok || run.isWithinRounding(i, (*got)[i], (*want)[i]);
    rows.push_back(llvm::json::Object{{"name", llvm::json::fixUTF8(program.outputs[i].name)}, {"max_abs", result.maxAbs},
                                      {"max_rel", result.maxRel}, {"ok", result.ok}});
    if (!compiled.shapes.empty())
      rows.back().getAsObject()->insert({"entry", program.entry});
    if (!result.ok)
      context.fail("IG0407", "output '" + printable(program.outputs[i].name) + "' is not the reference evaluator's: " + result.reason, options.modelPath,
                   "this is a fault of Ingot: please report it");
  }
  return ok && !context.diagnostics.hasErrors();
}

} // namespace

std::vector<Tensor> smallInputs(const Program &program) {
  std::vector<Tensor> inputs;
  for (const ProgramIo &io : program.inputs) {
    Tensor tensor(io.type, io.shape);
    if (!io.bound.empty())
      tensor = Tensor(io.type, io.shape, io.bound.data(), nullptr);
    for (int64_t i = 0; i < tensor.count() && io.bound.empty(); ++i)
      isFloat(io.type) ? tensor.set(i, static_cast<double>(i * 37 % 101) / 101.0) : tensor.setInt(i, i % 2);
    inputs.push_back(std::move(tensor));
  }
  return inputs;
}

bool verifyBuild(const Context &context, const CompileOptions &options, const Compiled &compiled, ReportData &report) {
  llvm::json::Array rows;
  for (size_t entry = 0; entry < compiled.programs.size(); ++entry)
    if (!verifyProgram(context, options, compiled, entry, rows))
      return false;
  report.verify = std::move(rows);
  return true;
}

bool stateRounding(const Context &context, const CompileOptions &options, const Compiled &compiled, ReportData &report) {
  std::vector<CalibrationInput> inputs;
  for (const ProgramIo &io : compiled.program().inputs)
    inputs.push_back({io.name, io.type, io.shape});
  std::vector<std::vector<Tensor>> samples{smallInputs(compiled.program())};
  if (!options.compress.calibrate.empty() && (samples = readCalibration(options.compress.calibrate, inputs, context.diagnostics)).empty())
    return false;
  report.errorsOfSamples = !options.compress.calibrate.empty();
  std::vector<double> errors(compiled.program().outputs.size(), 0);
  for (const std::vector<Tensor> &sample : samples) {
    std::optional<std::vector<Tensor>> rounded = wanted(context, options, sample), exact = wanted(context, withoutRounding(options), sample);
    if (!rounded || !exact)
      return false;
    for (size_t i = 0; i < errors.size(); ++i)
      errors[i] = std::max(errors[i], relativeError((*rounded)[i], (*exact)[i]));
  }
  for (auto [output, error] : llvm::zip_equal(compiled.program().outputs, errors))
    report.outputErrors.emplace_back(output.name, error);
  return true;
}

} // namespace ingot
