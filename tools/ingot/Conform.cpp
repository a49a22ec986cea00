// ingot conform: the ONNX project's backend tests. A case is a folder with model.onnx and test_data_set_N/{input,output}_K.pb.
// Cases run in worker processes, so that a crash or an endless loop costs one case (WorkerPool.h).
#include "tools/ingot/Compare.h"
#include "tools/ingot/Session.h"
#include "tools/ingot/WorkerPool.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Regex.h"

#include <thread>
#include <unistd.h>

namespace ingot {
namespace {

constexpr double kFloatAtol = 1e-5;

struct DataSet {
  NamedTensors inputs, outputs;
};

std::string below(llvm::StringRef folder, llvm::StringRef name) {
  llvm::SmallString<256> path(folder);
  llvm::sys::path::append(path, name);
  return std::string(path);
}

/// Reads PREFIX_0.pb, PREFIX_1.pb ... False: `why` says which cannot be read.
bool readProtos(llvm::StringRef folder, llvm::StringRef prefix, NamedTensors &list, std::string &why) {
  for (int64_t k = 0;; ++k) {
    std::string path = below(folder, (prefix + "_" + llvm::Twine(k) + ".pb").str());
    if (!llvm::sys::fs::exists(path))
      return true;
    std::string label;
    std::optional<Tensor> tensor = readTensorProto(path, label, why);
    if (!tensor)
      return false;
    list.emplace_back(std::move(label), std::move(*tensor));
  }
}

/// Codes that say "cannot be compiled", not "compiled wrongly": types, opsets, dimensions, operators, kernels.
bool meansUnsupported(llvm::StringRef code) {
  return code == "IG0109" || code == "IG0150" || code == "IG0151" || code == "IG0152" || code == "IG0160" || code == "IG0163" || code == "IG0201";
}

CaseResult refused(const Diagnostics &diagnostics) {
  CaseResult result{"unsupported", ""};
  for (const Diagnostic &d : diagnostics.all()) {
    if (d.severity != Severity::Error)
      continue;
    if (!meansUnsupported(d.code))
      return {"failed", d.code + ": " + d.what};
    if (result.reason.empty())
      result.reason = d.what + (d.where.node.empty() || d.code != "IG0160" ? "" : " (" + d.where.node + ")");
  }
  return result;
}

class CaseRunner {
public:
  CaseRunner(const Context &context, CompileOptions options) : context(context), options(std::move(options)) {}

  CaseResult run(llvm::StringRef folder) {
    options.modelPath = below(folder, "model.onnx");
    if (!llvm::sys::fs::exists(options.modelPath))
      return {"failed", "there is no model.onnx"};
    bool any = false;
    for (int64_t n = 0;; ++n) {
      std::string set = below(folder, ("test_data_set_" + llvm::Twine(n)).str());
      if (!llvm::sys::fs::is_directory(set))
        break;
      any = true;
      CaseResult result = runSet(set);
      if (result.status != "passed")
        return result;
    }
    return any ? CaseResult{"passed", ""} : CaseResult{"failed", "there is no test_data_set_0"};
  }

private:
  CaseResult runSet(llvm::StringRef folder) {
    DataSet set;
    std::string why;
    if (!readProtos(folder, "input", set.inputs, why) || !readProtos(folder, "output", set.outputs, why))
      return unreadable(why);
    Diagnostics diagnostics;
    options.import.inputShapes = inputShapesOf(set.inputs);
    options.import.inputValues = inputValuesOf(set.inputs);
    std::optional<Session> session = openSession(options, diagnostics);
    if (!session)
      return refused(diagnostics);
    std::vector<Tensor> inputs;
    for (size_t i = 0; i < session->inputs().size(); ++i) {
      const Tensor *have = pick(set.inputs, session->inputs()[i].name, i);
      if (!have)
        return {"failed", "the data set has no input '" + session->inputs()[i].name + "'"};
      if (have->dtype() != session->inputs()[i].type || have->shape() != llvm::ArrayRef(session->inputs()[i].shape))
        return {"failed", "input '" + session->inputs()[i].name + "' is " + name(have->dtype()).str() + " " + shapeText(have->shape()) + ", the program takes " +
                              name(session->inputs()[i].type).str() + " " + shapeText(session->inputs()[i].shape)};
      inputs.push_back(*have);
    }
    llvm::Expected<std::vector<Tensor>> outputs = session->run(inputs, options.workers);
    if (!outputs)
      return {"failed", llvm::toString(outputs.takeError())};
    return check(*session, *outputs, set.outputs);
  }

  /// Data that are no tensors belong to a model that takes or gives none; it says so better than the reader of tensors does.
  CaseResult unreadable(llvm::StringRef why) {
    Diagnostics diagnostics;
    options.import.inputShapes.clear();
    options.import.inputValues.clear();
    CaseResult result = openSession(options, diagnostics) ? CaseResult() : refused(diagnostics);
    return result.status == "unsupported" && !result.reason.empty() ? result : CaseResult{"unsupported", why.str()};
  }

  static const Tensor *pick(const NamedTensors &list, llvm::StringRef name, size_t index) {
    for (const auto &[label, tensor] : list)
      if (label == name)
        return &tensor;
    return index < list.size() && list[index].first.empty() ? &list[index].second : nullptr;
  }

  CaseResult check(const Session &session, llvm::ArrayRef<Tensor> outputs, const NamedTensors &wanted) const {
    bool integers = computesInIntegers(session.opCounts()), any = false;
    for (size_t i = 0; i < outputs.size(); ++i) {
      const Tensor *want = pick(wanted, session.outputs()[i].name, i);
      if (!want)
        continue;
      any = true;
      Comparison result = compare(outputs[i], *want, toleranceFor(context.options, *want, integers, kFloatAtol));
      if (!result.ok)
        return {"failed", "output '" + session.outputs()[i].name + "': " + result.reason};
    }
    return any ? CaseResult{"passed", ""} : CaseResult{"failed", "the data set has none of the model's outputs"};
  }

  const Context &context;
  CompileOptions options;
};

/// Folders of the arguments and of --list; a folder of folders stands for those in it. Sorted within each argument.
bool collectCases(const Context &context, std::vector<std::string> &cases) {
  std::vector<std::string> given = context.options.arguments;
  if (context.options.has("list")) {
    llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> file = llvm::MemoryBuffer::getFile(context.options.text("list"));
    if (!file) {
      context.fail("IG0003", "cannot read the list '" + printable(context.options.text("list"), 400) + "': " + file.getError().message());
      return false;
    }
    llvm::SmallVector<llvm::StringRef> lines;
    (*file)->getBuffer().split(lines, '\n');
    for (llvm::StringRef line : lines)
      if (!line.trim().empty())
        given.push_back(line.trim().str());
  }
  for (const std::string &folder : given) {
    if (llvm::sys::fs::exists(below(folder, "model.onnx")) || !llvm::sys::fs::is_directory(folder)) {
      cases.push_back(folder);
      continue;
    }
    std::vector<std::string> found;
    std::error_code error;
    for (llvm::sys::fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
      if (llvm::sys::fs::exists(below(at->path(), "model.onnx")))
        found.push_back(at->path());
    llvm::sort(found);
    llvm::append_range(cases, found);
  }
  return true;
}

bool filterCases(const Context &context, std::vector<std::string> &cases) {
  if (!context.options.has("filter"))
    return true;
  llvm::Regex regex(context.options.text("filter"));
  std::string why;
  if (!regex.isValid(why)) {
    context.fail("IG0002", "--filter is no regular expression: " + why);
    return false;
  }
  llvm::erase_if(cases, [&](const std::string &folder) { return !regex.match(llvm::sys::path::filename(folder)); });
  return true;
}

} // namespace

int runConform(const Context &context) {
  std::vector<std::string> cases;
  if (!collectCases(context, cases) || !filterCases(context, cases))
    return kUserFault;
  if (cases.empty())
    return context.fail("IG0002", "there are no test folders", "", "give folders that hold model.onnx, or a folder of such folders");
  std::optional<CompileOptions> options = compileOptionsFor(context, "model.onnx", nullptr);
  if (!options || (options->device != "reference" && !resolveDevice(*options, context.diagnostics)))
    return kUserFault;
  int64_t jobs = context.options.integer("jobs");
  size_t workers = jobs ? static_cast<size_t>(jobs) : std::max(1u, std::thread::hardware_concurrency());
  CaseRunner runner(context, *options);
  bool progress = isatty(STDERR_FILENO);
  std::vector<CaseResult> results = runInWorkers(cases.size(), std::min<size_t>(workers, 64), [&](size_t i) { return runner.run(cases[i]); },
                                                 [&](size_t done) {
                                                   if (progress)
                                                     llvm::errs() << "\r" << done << " of " << cases.size() << (done == cases.size() ? "\n" : "");
                                                 });
  int64_t passed = 0, failed = 0, unsupported = 0;
  llvm::json::Array rows;
  for (size_t i = 0; i < cases.size(); ++i) {
    const CaseResult &r = results[i];
    std::string label = llvm::sys::path::filename(llvm::StringRef(cases[i]).rtrim('/')).str();
    ++(r.status == "passed" ? passed : r.status == "failed" ? failed : unsupported);
    if (printsTable(context) && r.status != "passed")
      llvm::outs() << r.status << ' ' << label << ": " << printable(r.reason, 300) << '\n';
    rows.push_back(llvm::json::Object{{"name", llvm::json::fixUTF8(label)}, {"status", r.status}, {"reason", llvm::json::fixUTF8(r.reason)}, {"seconds", r.seconds}});
  }
  if (printsTable(context))
    llvm::outs() << passed << " passed, " << failed << " failed, " << unsupported << " unsupported\n";
  llvm::json::Object json{{"device", options->device}, {"passed", passed}, {"failed", failed}, {"unsupported", unsupported}, {"cases", std::move(rows)}};
  return finish(context, std::move(json), failed ? kUserFault : kDone);
}

} // namespace ingot
