// From the command line to a model that runs: options, build folders, inputs.
#include "tools/ingot/Session.h"

#include "compiler/import/gguf/GgufReader.h"
#include "compiler/import/onnx/DimExpr.h"
#include "compiler/support/Files.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <cstring>

namespace ingot {
namespace {

/// One --dim: an extent, the several that the package is to have, or a relation to others. False: reported.
bool parseDim(const Context &context, llvm::StringRef text, CompileOptions &options) {
  auto [name, value] = text.rsplit('=');
  bool tooMany = false;
  std::optional<std::vector<int64_t>> extents = name.empty() ? std::nullopt : parseExtents(value, tooMany);
  if (tooMany)
    return context.fail("IG0168", "--dim " + printable(text) + " gives more than " + std::to_string(kMostShapes) + " extents, each of which is compiled", "",
                        "list those that are needed, or give a step: LO..HI:STEP") == kDone;
  bool isRelation = !extents && !name.empty() && DimExpr::parse(value);
  if (!extents && !isRelation)
    return context.fail("IG0002", "--dim has a bad value: expected NAME=V with V >= 0, NAME=V,V.., NAME=LO..HI[:STEP] or NAME=A+B, found '" + printable(text) + "'", "",
                        "for example --dim batch=1, --dim seq=1,16,128 or --dim total=past+seq") == kDone;
  options.import.dims.erase(name.str());
  options.import.relations.erase(name.str());
  options.shapes.dims.erase(name.str());
  options.shapes.bounded.erase(name.str());
  if (isRelation)
    options.import.relations[name.str()] = value.str();
  else if (extents->size() == 1)
    options.import.dims[name.str()] = extents->front();
  else
    options.shapes.dims[name.str()] = *extents;
  if (!isRelation && extents->size() > 1 && value.find_first_of(",:") == llvm::StringRef::npos)
    options.shapes.bounded.insert(name.str());
  return true;
}

/// Of bounds it is known only after the import how many extents the model has between them.
bool checkShapeCount(const Context &context, const CompileOptions &options) {
  return options.shapes.count() > 0 || !options.shapes.bounded.empty() || context.fail("IG0168", "the extents given with --dim combine to more than " + std::to_string(kMostShapes) + " shapes", "",
                                                    "every combination is compiled: leave some out") == kDone;
}

bool parseDims(const Context &context, CompileOptions &options) {
  for (const std::string &text : context.options.all("dim"))
    if (!parseDim(context, text, options))
      return false;
  return true;
}

bool parseBinds(const Context &context, ImportOptions &import) {
  for (const std::string &text : context.options.all("bind")) {
    auto [name, values] = llvm::StringRef(text).rsplit('=');
    if (name.empty() || name.size() == text.size()) {
      context.fail("IG0002", "--bind has a bad value: expected NAME=V1,V2, found '" + printable(text) + "'", "", "for example --bind axes=0,2");
      return false;
    }
    import.binds[name.str()] = values.str();
  }
  return true;
}

/// Shapes of all arrays, and the values of those small enough to be bound.
void takeArrays(const NamedTensors &arrays, ImportOptions &import) {
  import.inputShapes = inputShapesOf(arrays);
  import.inputValues = inputValuesOf(arrays);
}

/// --sparse, or what the build folder says. False: reported.
bool parseSparse(const Context &context, llvm::StringRef word, SparseStorage &storage) {
  constexpr std::pair<llvm::StringLiteral, SparseStorage> words[] = {
      {"fastest", SparseStorage::Fastest}, {"smallest", SparseStorage::Smallest}, {"never", SparseStorage::Never}};
  for (const auto &[known, value] : words)
    if (word == known) {
      storage = value;
      return true;
    }
  context.fail("IG0002", "--sparse has a bad value: expected fastest, smallest or never, found '" + printable(word) + "'");
  return false;
}

/// Dimensions of a build that the command line does not give: an extent, several, or what they follow from.
void readDims(const llvm::json::Object *dims, CompileOptions &options) {
  for (const auto &[key, value] : dims ? *dims : llvm::json::Object()) {
    std::string name = key.str();
    if (options.import.dims.count(name) || options.shapes.dims.count(name) || options.import.relations.count(name))
      continue;
    const llvm::json::Array *several = value.getAsArray();
    std::optional<llvm::StringRef> relation = value.getAsString();
    if (relation && DimExpr::parse(*relation))
      options.import.relations[name] = relation->str();
    else if (!several)
      options.import.dims[name] = value.getAsInteger().value_or(0);
    for (const llvm::json::Value &extent : several ? *several : llvm::json::Array())
      options.shapes.dims[name].push_back(extent.getAsInteger().value_or(0));
  }
}

void setPrecision(CompileOptions &options, llvm::StringRef precision) {
  options.fast = precision == "fast";
  options.compress.operands = precision == "bf16" ? DType::BF16 : precision == "f16" ? DType::F16 : DType::F32;
}

/// Takes model, device and dimensions from the report.json of a folder that `build` wrote.
bool readBuildFolder(const Context &context, CompileOptions &options) {
  llvm::json::Value report = reportOf(options.modelPath);
  const llvm::json::Object *root = report.getAsObject();
  const llvm::json::Object *build = root ? root->getObject("build") : nullptr;
  std::optional<llvm::StringRef> model = root ? root->getString("model") : std::nullopt;
  if (!build || !model) {
    context.fail("IG0006", "the folder has no report.json of a build", options.modelPath, "give a model file, or a folder that ingot build wrote");
    return false;
  }
  options.modelPath = model->str();
  if (!context.options.has("device"))
    options.device = root->getString("device").value_or("host").str();
  if (!context.options.has("target"))
    options.target = build->getString("target").value_or("").str();
  if (!context.options.has("features"))
    options.features = build->getString("features").value_or("").str();
  if (!context.options.has("precision"))
    setPrecision(options, build->getString("precision").value_or("exact"));
  if (!context.options.has("ctx"))
    options.llm.ctx = build->getInteger("ctx").value_or(options.llm.ctx);
  if (!context.options.has("activations"))
    options.llm.activations = build->getInteger("activations").value_or(options.llm.activations);
  if (!context.options.has("stream-weights"))
    options.streamBytes = build->getInteger("stream_weights").value_or(0);
  if (!context.options.has("sequences"))
    options.llm.sequences = build->getInteger("sequences").value_or(1);
  if (!context.options.has("kv"))
    options.llm.narrowCache = build->getString("kv").value_or("f16") == "q8";
  if (!context.options.has("sparse") && !parseSparse(context, build->getString("sparse").value_or("fastest"), options.sparse))
    return false;
  if (!context.options.has("quantize") && !context.options.has("sparsify")) {
    options.compress.quantizeText = build->getString("quantize").value_or("").str();
    options.compress.sparsifyText = build->getString("sparsify").value_or("").str();
    options.compress.calibrate = build->getString("calibrate").value_or("").str();
  }
  readDims(build->getObject("dims"), options);
  if (const llvm::json::Object *binds = build->getObject("binds"))
    for (const auto &[name, value] : *binds)
      options.import.binds.try_emplace(name.str(), value.getAsString().value_or("").str());
  if (const llvm::json::Object *shapes = build->getObject("shapes"))
    for (const auto &[name, value] : *shapes) {
      std::vector<int64_t> shape;
      if (const llvm::json::Array *extents = value.getAsArray())
        for (const llvm::json::Value &extent : *extents)
          shape.push_back(extent.getAsInteger().value_or(0));
      options.import.inputShapes.try_emplace(name.str(), shape);
    }
  llvm::sys::fs::file_status status;
  if (llvm::sys::fs::status(options.modelPath, status) || int64_t(status.getSize()) != build->getInteger("model_bytes").value_or(-1)) {
    bool gone = !llvm::sys::fs::exists(status);
    context.fail(gone ? "IG0006" : "IG0008", gone ? "the model of this build has gone: '" + printable(options.modelPath, 400) + "'"
                                                  : "the model has changed since this build; it is compiled as it is now", options.modelPath, "build again");
    return !gone;
  }
  return true;
}

/// --quantize, --sparsify, --calibrate as they stand in `request`. False: reported.
bool parseCompression(CompressRequest &request, Diagnostics &diagnostics) {
  std::optional<QuantizeSpec> quantize = parseQuantize(request.quantizeText, diagnostics);
  std::optional<SparsifySpec> sparsify = parseSparsify(request.sparsifyText, diagnostics);
  request.quantize = quantize.value_or(QuantizeSpec());
  request.sparsify = sparsify.value_or(SparsifySpec());
  return quantize && sparsify;
}

/// The first `count` entries on an axis.
Tensor cutAxis(const Tensor &whole, int64_t axis, int64_t count) {
  std::vector<int64_t> shape(whole.shape());
  int64_t outer = 1, full = shape[axis];
  for (int64_t i = 0; i < axis; ++i)
    outer *= shape[i];
  shape[axis] = std::clamp<int64_t>(count, 0, full);
  Tensor cut(whole.dtype(), shape);
  size_t from = static_cast<size_t>(whole.bytes() / std::max<int64_t>(outer, 1)), to = static_cast<size_t>(cut.bytes() / std::max<int64_t>(outer, 1));
  char *sink = cut.mutableData();
  for (int64_t i = 0; i < outer && to > 0; ++i)
    std::memcpy(sink + static_cast<size_t>(i) * to, whole.data() + static_cast<size_t>(i) * from, to);
  return cut;
}

bool matches(const ProgramIo &want, const Tensor &have, llvm::StringRef file, Diagnostics &diagnostics) {
  Diagnostic d;
  d.code = "IG0402";
  d.where = {file.str(), "", want.name, std::nullopt};
  if (have.dtype() != want.type) {
    d.what = "input '" + printable(want.name) + "' has another element type than the model's";
    d.expected = name(want.type).str();
    d.found = name(have.dtype()).str();
    d.help = "convert the array: array.astype('" + d.expected + "')";
  } else if (have.shape() != llvm::ArrayRef(want.shape)) {
    d.what = "input '" + printable(want.name) + "' has another shape than the program's";
    d.expected = shapeText(want.shape);
    d.found = shapeText(have.shape());
    d.help = "give an array of that shape";
  } else if (!want.bound.empty() && llvm::StringRef(have.data(), static_cast<size_t>(have.bytes())) != want.bound) {
    d.what = "input '" + printable(want.name) + "' is bound to the values it was compiled with, and the array has others";
    d.help = "leave --bind out to take the values from the file, or give the array the values of --bind";
  } else {
    return true;
  }
  diagnostics.report(std::move(d));
  return false;
}

/// True when an option's value is one of two; else it is reported.
bool isEither(const Context &context, llvm::StringRef option, llvm::StringRef first, llvm::StringRef second) {
  std::string value = context.options.text(option);
  if (value == first || value == second)
    return true;
  context.fail("IG0002", ("--" + option + " has a bad value: expected " + first + " or " + second + ", found '" + value + "'").str());
  return false;
}

/// --stream-weights: a number of bytes, or of KiB, MiB or GiB with K, M or G. False: reported.
bool parseStream(const Context &context, int64_t &bytes) {
  std::string text = context.options.text("stream-weights");
  llvm::StringRef digits = text;
  int64_t unit = digits.consume_back("G") ? 1 << 30 : digits.consume_back("M") ? 1 << 20 : digits.consume_back("K") ? 1 << 10 : 1;
  if (text.empty() || (!digits.getAsInteger(10, bytes) && bytes > 0 && !llvm::MulOverflow(bytes, unit, bytes)))
    return true;
  context.fail("IG0002", "--stream-weights has a bad value: expected bytes such as 200M, found '" + printable(text) + "'");
  return false;
}

/// --activations, --kv and --sequences. False: reported.
bool parseNumbers(const Context &context, ImportLlm &llm) {
  constexpr int64_t kMostSequences = 256; // decode_batch has a row for each, and the state a cache
  if (std::string given = context.options.text("sequences"); !given.empty()) {
    llm.sequences = context.options.integer("sequences");
    if (llm.sequences < 1 || llm.sequences > kMostSequences)
      return context.fail("IG0002", "--sequences has a bad value: expected 1 to " + std::to_string(kMostSequences) + ", found '" + given + "'") == kDone;
  }
  if (!isEither(context, "activations", "8", "16") || !isEither(context, "kv", "f16", "q8"))
    return false;
  llm.activations = context.options.text("activations") == "16" ? 16 : 8;
  llm.narrowCache = context.options.text("kv") == "q8";
  return true;
}

} // namespace

std::optional<std::vector<int64_t>> threadCounts(const Context &context) {
  constexpr int64_t kMostThreads = 1024;
  std::vector<int64_t> counts;
  llvm::SmallVector<llvm::StringRef> parts;
  std::string text = context.options.text("threads");
  llvm::StringRef(text).split(parts, ',');
  for (llvm::StringRef part : parts) {
    int64_t count;
    if (part.getAsInteger(10, count) || count < 1 || count > kMostThreads) {
      context.fail("IG0002", "--threads has a bad value: expected numbers from 1 to 1024, found '" + printable(text) + "'");
      return std::nullopt;
    }
    counts.push_back(count);
  }
  return counts;
}

std::map<std::string, std::vector<int64_t>> inputShapesOf(const NamedTensors &arrays) {
  std::map<std::string, std::vector<int64_t>> shapes;
  for (const auto &[key, tensor] : arrays) {
    llvm::StringRef name = key;
    if (name.starts_with("out|"))
      continue;
    name.consume_front("in|");
    shapes[name.str()] = std::vector<int64_t>(tensor.shape());
  }
  return shapes;
}

std::map<std::string, Tensor> inputValuesOf(const NamedTensors &arrays) {
  std::map<std::string, Tensor> values;
  for (const auto &[key, tensor] : arrays) {
    llvm::StringRef name = key;
    if (name.starts_with("out|") || tensor.count() > ImportOptions::kMaxBoundElements)
      continue;
    name.consume_front("in|");
    values[name.str()] = tensor;
  }
  return values;
}

std::optional<CompileOptions> compileOptionsFor(const Context &context, llvm::StringRef model, const NamedTensors *arrays) {
  const Options &typed = context.options;
  CompileOptions options;
  options.modelPath = model.str();
  options.name = context.options.text("name");
  options.device = typed.text("device");
  options.target = typed.text("target");
  options.features = typed.text("features");
  options.jobs = static_cast<int>(std::min<int64_t>(typed.integer("jobs"), 1024));
  options.strict = typed.has("strict");
  options.timed = typed.has("kernels");
  setPrecision(options, typed.text("precision"));
  options.llm.ctx = typed.integer("ctx");
  options.llm.pooling = typed.text("pooling");
  if (!parseNumbers(context, options.llm))
    return std::nullopt;
  if (!parseStream(context, options.streamBytes))
    return std::nullopt;
  options.stopAfter = typed.text("stop-after");
  options.dumpDir = typed.text("dump-ir");
  std::optional<std::vector<int64_t>> threads = threadCounts(context);
  if (!threads || !parseDims(context, options) || !parseBinds(context, options.import))
    return std::nullopt;
  options.workers = *llvm::max_element(*threads);
  options.compress.quantizeText = typed.text("quantize");
  options.compress.sparsifyText = typed.text("sparsify");
  options.compress.calibrate = typed.text("calibrate");
  if (std::string sparse = typed.text("sparse"); !sparse.empty() && !parseSparse(context, sparse, options.sparse))
    return std::nullopt;
  std::optional<NamedTensors> shapes;
  if (typed.has("shapes-from") && !(shapes = readNpz(typed.text("shapes-from"), context.diagnostics)))
    return std::nullopt;
  if (shapes)
    takeArrays(*shapes, options.import);
  else if (arrays)
    takeArrays(*arrays, options.import);
  if (llvm::sys::fs::is_directory(model) && !readBuildFolder(context, options))
    return std::nullopt;
  if (options.compress.roundsOperands() && (isGgufFile(options.modelPath) || typed.command->name == "compress")) {
    context.fail("IG0321", "--precision bf16 and f16 are for programs made of ONNX models", options.modelPath, "leave out --precision; see --quantize for GGUF models");
    return std::nullopt;
  }
  if (!checkShapeCount(context, options) || !parseCompression(options.compress, context.diagnostics))
    return std::nullopt;
  return options;
}

llvm::json::Value reportOf(llvm::StringRef folder) {
  llvm::SmallString<256> path(folder);
  llvm::sys::path::append(path, "report.json");
  llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> file = llvm::MemoryBuffer::getFile(path);
  llvm::Expected<llvm::json::Value> json = llvm::json::parse(file ? (*file)->getBuffer() : "");
  if (json)
    return std::move(*json);
  llvm::consumeError(json.takeError());
  return nullptr;
}

std::string recordedModel(llvm::StringRef folder) {
  llvm::json::Value report = reportOf(folder);
  const llvm::json::Object *root = report.getAsObject();
  return root ? root->getString("model").value_or("").str() : "";
}

std::optional<std::string> modelFileOf(const Context &context) {
  CompileOptions options;
  options.modelPath = context.options.arguments[0];
  if (llvm::sys::fs::is_directory(options.modelPath) && !readBuildFolder(context, options))
    return std::nullopt;
  return options.modelPath;
}

llvm::ArrayRef<ProgramIo> Session::outputs() const {
  llvm::ArrayRef<ProgramIo> all = program().outputs;
  size_t count = all.size();
  for (const ProgramIo &io : all)
    if (io.extentOutput >= 0)
      count = std::min(count, static_cast<size_t>(io.extentOutput));
  return all.take_front(count);
}

llvm::Expected<std::vector<Tensor>> Session::run(llvm::ArrayRef<Tensor> inputs, int64_t workers) const {
  llvm::Expected<std::vector<Tensor>> all = compiled ? runCompiled(*compiled, inputs, workers, entry) : runReference(*reference, inputs);
  if (!all)
    return all.takeError();
  std::vector<Tensor> results;
  for (const ProgramIo &io : outputs()) {
    const Tensor &whole = (*all)[results.size()];
    results.push_back(io.extentAxis < 0 ? whole : cutAxis(whole, io.extentAxis, (*all)[io.extentOutput].intAt(0)));
  }
  return results;
}

std::optional<Session> openSession(const CompileOptions &options, Diagnostics &diagnostics) {
  Session session;
  if (options.device == "reference")
    session.reference = loadReference(options, diagnostics);
  else
    session.compiled = compileModel(options, diagnostics);
  bool isRefused = options.strict && llvm::any_of(diagnostics.all(), [](const Diagnostic &said) { return said.severity == Severity::Warning; });
  if ((!session.reference && !session.compiled) || isRefused)
    return std::nullopt;
  return session;
}

bool Session::chooseShape(const NamedTensors &arrays, llvm::StringRef file, Diagnostics &diagnostics) {
  if (!compiled || compiled->shapes.empty())
    return true;
  auto fits = [&](const ProgramIo &want) {
    const Tensor *have = findTensor(arrays, "in", want.name);
    return !have || have->shape() == llvm::ArrayRef(want.shape);
  };
  for (entry = 0; entry < programs().size(); ++entry)
    if (llvm::all_of(inputs(), fits))
      return true;
  entry = 0;
  std::string list;
  for (int64_t set = 0; set < compiled->shapes.count(); ++set)
    list += (list.empty() ? "" : "; ") + compiled->shapes.text(set);
  diagnostics.report("IG0402", "the arrays have none of the shapes that the program was compiled for", {file.str()}, "it has: " + printable(list, 400));
  return false;
}

std::optional<std::vector<Tensor>> gatherInputs(Session &session, const NamedTensors &arrays, llvm::StringRef file, Diagnostics &diagnostics) {
  std::vector<Tensor> inputs;
  if (!session.chooseShape(arrays, file, diagnostics))
    return std::nullopt;
  bool good = true;
  for (const ProgramIo &want : session.inputs()) {
    const Tensor *have = findTensor(arrays, "in", want.name);
    if (have) {
      good &= matches(want, *have, file, diagnostics);
      inputs.push_back(*have);
      continue;
    }
    good = false;
    Where where;
    where.file = file.str();
    diagnostics.report("IG0401", "no array for input '" + printable(want.name) + "' (" + name(want.type).str() + " " + shapeText(want.shape) + ")", where,
                       "add it to the file under 'in|" + printable(want.name) + "'");
  }
  if (!good)
    return std::nullopt;
  return inputs;
}

void printTimings(const Context &context, const Session &session) {
  if (!context.options.has("print-timings") || !session.compiled)
    return;
  Table table({"phase", "s"});
  for (const PhaseTime &phase : session.compiled->phases)
    table.add({phase.name, fixed(phase.seconds, 3)});
  table.print(llvm::errs());
}

std::optional<Execution> execute(const Context &context, llvm::StringRef arraysPath) {
  std::optional<NamedTensors> arrays = readNpz(arraysPath, context.diagnostics);
  if (!arrays)
    return std::nullopt;
  std::optional<CompileOptions> options = compileOptionsFor(context, context.options.arguments[0], &*arrays);
  if (!options)
    return std::nullopt;
  std::optional<Session> session = openSession(*options, context.diagnostics);
  if (!session)
    return std::nullopt;
  printTimings(context, *session);
  std::optional<std::vector<Tensor>> inputs = gatherInputs(*session, *arrays, arraysPath, context.diagnostics);
  if (!inputs)
    return std::nullopt;
  llvm::Expected<std::vector<Tensor>> outputs = session->run(*inputs, options->workers);
  if (!outputs) {
    context.fail(session->compiled ? "IG0311" : "IG0405", llvm::toString(outputs.takeError()), options->modelPath);
    return std::nullopt;
  }
  return Execution{std::move(*arrays), std::move(*session), std::move(*outputs)};
}

} // namespace ingot
