// ingot build: compiles a model and writes the package (library, header, weights, depfile) and its reports.
#include "compiler/import/gguf/GgufReader.h"
#include "compiler/import/gguf/tokenizer/TokenTables.h"
#include "compiler/package/Package.h"
#include "compiler/package/PackageError.h"
#include "compiler/package/Report.h"
#include "compiler/support/Files.h"
#include "tools/ingot/BuildPlan.h"
#include "tools/ingot/Session.h"
#include "tools/ingot/Tokens.h"
#include "tools/ingot/Tune.h"
#include "tools/ingot/Verify.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"

#include <sys/resource.h>

namespace ingot {
namespace {

/// The value of a bound input as --bind takes it.
std::string bindText(const ProgramIo &io) {
  Tensor value(io.type, io.shape, io.bound.data(), nullptr);
  std::string text;
  llvm::raw_string_ostream out(text);
  for (int64_t i = 0; i < value.count(); ++i) {
    out << (i ? "," : "");
    isFloat(io.type) ? out << llvm::format("%.17g", value.at(i)) : out << value.intAt(i);
  }
  return text;
}

/// --precision as it is typed.
std::string precisionText(const CompileOptions &options) {
  if (options.compress.roundsOperands())
    return options.compress.operands == DType::BF16 ? "bf16" : "f16";
  return options.fast ? "fast" : "exact";
}

/// What a later command on the folder needs to compile the same program again.
llvm::json::Object buildRecord(const CompileOptions &options, const ShapeSets &shapeSets, const Program &program) {
  llvm::json::Object dims, shapes, binds;
  for (const auto &[name, extent] : options.import.dims)
    dims[llvm::json::fixUTF8(name)] = extent;
  for (const auto &[name, relation] : options.import.relations)
    dims[llvm::json::fixUTF8(name)] = relation;
  for (const auto &[name, extents] : shapeSets.dims)
    dims[llvm::json::fixUTF8(name)] = llvm::json::Array(extents);
  for (const auto &[name, shape] : options.import.inputShapes)
    shapes[llvm::json::fixUTF8(name)] = llvm::json::Array(shape);
  for (const ProgramIo &io : program.inputs)
    if (!io.bound.empty())
      binds[llvm::json::fixUTF8(io.name)] = bindText(io);
  uint64_t bytes = 0;
  (void)llvm::sys::fs::file_size(options.modelPath, bytes);
  llvm::json::Object record{{"model_bytes", static_cast<int64_t>(bytes)}, {"target", options.target}, {"features", options.features},
                            {"precision", precisionText(options)}, {"threads", options.workers}, {"ctx", options.llm.ctx}, {"activations", options.llm.activations},
                            {"kv", options.llm.narrowCache ? "q8" : "f16"}, {"stream_weights", options.streamBytes},
                            {"dims", std::move(dims)}, {"shapes", std::move(shapes)}, {"binds", std::move(binds)},
                            {"quantize", options.compress.quantizeText}, {"sparsify", options.compress.sparsifyText}, {"calibrate", options.compress.calibrate},
                            {"sparse", std::string(options.sparse == SparseStorage::Fastest ? "fastest" : options.sparse == SparseStorage::Smallest ? "smallest" : "never")}};
  if (options.llm.sequences > 1)
    record["sequences"] = options.llm.sequences;
  return record;
}

void fillReport(ReportData &report, const CompileOptions &options, const Compiled &compiled) {
  llvm::SmallString<256> model(options.modelPath);
  llvm::sys::fs::make_absolute(model);
  report.model = std::string(model);
  report.device = options.device;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  report.peakRssBytes = static_cast<int64_t>(usage.ru_maxrss) * 1024; // Linux counts KiB
  report.nodeCount = report.compiledNodes = compiled.nodeCount;
  for (const PhaseTime &phase : compiled.phases)
    report.phases.push_back({phase.name, phase.seconds});
  for (const KernelUse &use : compiled.kernels)
    report.kernels.push_back({use.name, use.source, use.count, use.bytes, use.work, use.ops});
  report.weights = compiled.weightNotes;
  report.operands = compiled.operands;
  fillTuning(report, options, compiled);
  report.precision = precisionText(options);
  report.build = buildRecord(options, compiled.shapes, compiled.program());
  report.programs = compiled.programs;
  report.shapes = compiled.shapes;
  for (const ObjectFile &object : compiled.objects)
    report.stackBytes = std::max(report.stackBytes, object.stackBytes);
  report.fastMemoryBytes = compiled.device.vtcmBytes;
}

bool writeReports(const Context &context, const ReportData &report, llvm::StringRef folder) {
  std::string kinds = context.options.text("report");
  auto write = [&](llvm::StringRef name, const std::string &text) {
    llvm::SmallString<256> path(folder);
    llvm::sys::path::append(path, name);
    return writeFileAtomically(path, text, context.diagnostics);
  };
  bool ok = true;
  if (llvm::StringRef(kinds).contains("html"))
    ok &= write("report.html", reportHtml(report));
  if (llvm::StringRef(kinds).contains("json"))
    ok &= write("report.json", llvm::formatv("{0:2}\n", reportJson(report)).str());
  return ok;
}

/// The tables of a language model's tokenizer; "" where it has none that is known: then the application gives ids.
std::string tokenizerOf(llvm::StringRef path) {
  Diagnostics ignored; // `ingot tokenize` says what is wrong
  std::unique_ptr<Tokenizer> tokenizer = isGgufFile(path) ? openTokenizer(path, ignored) : nullptr;
  return tokenizer ? writeTokenTables(*tokenizer) : "";
}

/// Writes the package, and on a terminal says how far it is.
llvm::Expected<PackageResult> writeShown(PackageRequest &request, llvm::StringRef folder) {
  PackingLine line;
  request.watch = [&](const PackingProgress &progress) { line.show(progress); };
  return writePackage(request, folder);
}

/// Writes the package and tells the report its sizes.
bool package(const Context &context, const CompileOptions &options, const Compiled &compiled, llvm::StringRef folder, ReportData &report) {
  llvm::Expected<std::vector<ObjectFile>> runtime = compiled.target->runtimeObjects(compiled.device);
  if (!runtime)
    return context.fail("IG0310", llvm::toString(runtime.takeError())) == kDone;
  std::string name = context.options.has("name") ? context.options.text("name") : llvm::sys::path::stem(options.modelPath).str();
  PackageRequest request{name, compiled.symbol, compiled.device.triple, compiled.device.name, compiled.programs, compiled.store, compiled.objects, *runtime};
  request.constants = constantsOf(compiled);
  request.shapes = compiled.shapes;
  request.caches = cachesOf(compiled);
  request.isStreamed = compiled.streamBytes > 0;
  request.embedWeights = context.options.has("embed-weights");
  request.jobs = static_cast<unsigned>(options.jobs);
  request.modelPath = options.modelPath;
  request.tokenizer = tokenizerOf(options.modelPath);
  if (!compiled.lock.compiler.empty())
    request.dependencies.push_back(lockPath(options.modelPath));
  double start = secondsNow();
  llvm::Expected<PackageResult> result = writeShown(request, folder);
  if (!result) {
    reportError(result.takeError(), context.diagnostics);
    return false;
  }
  report.phases.push_back({"package", secondsNow() - start});
  report.codeBytes = result->codeBytes;
  report.weightsBytes = result->weightsBytes;
  report.headerBytes = result->headerBytes;
  for (const std::string &file : result->files)
    report.artifacts.emplace_back(llvm::sys::path::filename(file).str(), llvm::sys::path::extension(file).drop_front().str());
  return true;
}

int finishBuild(const Context &context, const ReportData &report, llvm::StringRef folder) {
  if (!writeReports(context, report, folder))
    return kUserFault;
  if (printsTable(context)) {
    llvm::outs() << folder << ": code " << bytesText(report.codeBytes) << ", weights " << bytesText(report.weightsBytes) << ", arena "
                 << bytesText(arenaBytesOf(report.programs)) << " (live " << bytesText(liveBytesOf(report.programs)) << "), " << fixed(report.seconds, 2) << " s\n";
    if (report.operands.rounded > 0)
      llvm::outs() << "  " << roundingText(report) << '\n';
    for (const auto &[file, kind] : report.artifacts)
      llvm::outs() << "  " << file << '\n';
  }
  return kDone;
}

} // namespace

int runBuild(const Context &context) {
  double start = secondsNow();
  bool stops = context.options.has("stop-after") && context.options.text("stop-after") != "package";
  if (!context.options.has("output") && !stops)
    return context.fail("IG0002", "ingot build needs -o DIR", "", "for example: ingot build model.onnx -o out");
  std::optional<CompileOptions> options = compileOptionsFor(context, context.options.arguments[0], nullptr);
  if (!options)
    return kUserFault;
  if (options->device == "reference")
    return context.fail("IG0009", "the reference evaluator has no code to build", "", "choose another --device");
  ReportData report;
  if (context.options.has("tune") && !tuneModel(context, *options, report))
    return kUserFault;
  std::optional<Session> session = openSession(*options, context.diagnostics);
  if (!session)
    return kUserFault;
  printTimings(context, *session);
  const Compiled &compiled = *session->compiled;
  if (compiled.stopped) {
    if (!compiled.stageText.empty())
      llvm::outs() << compiled.stageText;
    else if (options->dumpDir.empty() && compiled.module)
      compiled.module.get()->print(llvm::outs());
    return kDone;
  }
  report.diagnostics = &context.diagnostics;
  std::string folder = context.options.text("output");
  if (context.options.has("verify") && !verifyBuild(context, *options, compiled, report))
    return kUserFault;
  bool isMeasured = context.options.has("verify") || context.options.has("calibrate");
  if (options->compress.roundsOperands() && isMeasured && !stateRounding(context, *options, compiled, report))
    return kUserFault;
  fillReport(report, *options, compiled);
  printPlan(context, options->modelPath, compiled);
  if (!package(context, *options, compiled, folder, report))
    return kUserFault;
  report.seconds = secondsNow() - start;
  return finishBuild(context, report, folder);
}

} // namespace ingot
