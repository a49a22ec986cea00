// ingot bench: median and 95th percentile of run time per number of workers. Only the run is timed; weights are bound once. --kernels adds
// one row a call: its median time as the first worker saw it, with what it waited at the barriers before it.
#include "tools/ingot/LanguageModel.h"
#include "tools/ingot/MachineLimits.h"

#include <map>
#include <random>

namespace ingot {
namespace {

/// Uniform in [0, 1) for floats, 0 or 1 for integers (so that indices stay legal); the same on every machine.
Tensor randomTensor(const ProgramIo &io, unsigned seed) {
  std::mt19937 generator(seed);
  Tensor tensor(io.type, io.shape);
  for (int64_t i = 0; i < tensor.count(); ++i) {
    double unit = static_cast<double>(generator()) / 4294967296.0;
    if (isFloat(io.type))
      tensor.set(i, unit);
    else
      tensor.setInt(i, unit < 0.5 ? 0 : 1);
  }
  return tensor;
}

struct Timing {
  double median = 0, p95 = 0; // seconds
  size_t runs = 0;
  std::vector<double> calls; // median seconds of each call; empty unless the code tells
};

/// Times of each call, run by run.
class CallTimes {
public:
  void add(llvm::ArrayRef<double> seconds) {
    constexpr size_t kMostRuns = 1000; // a record of 8 bytes a call and run
    calls.resize(std::max(calls.size(), seconds.size()));
    for (auto [call, time] : llvm::zip(calls, seconds))
      if (call.size() < kMostRuns)
        call.push_back(time);
  }
  std::vector<double> medians() {
    std::vector<double> result;
    for (std::vector<double> &call : calls)
      result.push_back(medianOf(call));
    return result;
  }

private:
  std::vector<std::vector<double>> calls; // [call][run]
};

llvm::Expected<Timing> measure(LoadedProgram &program, size_t entry, llvm::ArrayRef<const void *> inputs, llvm::ArrayRef<void *> outputs, int64_t workers, int64_t repeat) {
  constexpr double kWarmUp = 0.15, kSeconds = 0.7; // as long as rivals are measured
  constexpr size_t kLeast = 5, kMost = 100000;
  double start = secondsNow();
  for (unsigned i = 0; i < 2 || (secondsNow() - start < kWarmUp && repeat == 0); ++i)
    if (llvm::Error error = program.run(entry, inputs, outputs, workers))
      return std::move(error);
  std::vector<double> times;
  CallTimes calls;
  start = secondsNow();
  for (;;) {
    double before = secondsNow();
    if (llvm::Error error = program.run(entry, inputs, outputs, workers))
      return std::move(error);
    double after = secondsNow();
    times.push_back(after - before);
    calls.add(program.callSeconds());
    bool enough = repeat ? times.size() >= static_cast<size_t>(repeat) : times.size() >= kLeast && after - start >= kSeconds;
    if (enough || times.size() >= kMost)
      break;
  }
  llvm::sort(times);
  return Timing{times[times.size() / 2], times[std::min(times.size() - 1, times.size() * 95 / 100)], times.size(), calls.medians()};
}

/// A row a call, longest first. Returns the same as JSON.
llvm::json::Array kernelRows(const Program &program, llvm::ArrayRef<double> seconds, Table &table) {
  double total = 0;
  for (double time : seconds)
    total += time;
  std::vector<size_t> order(std::min(seconds.size(), program.calls.size()));
  for (size_t i = 0; i < order.size(); ++i)
    order[i] = i;
  llvm::sort(order, [&](size_t a, size_t b) { return seconds[a] != seconds[b] ? seconds[a] > seconds[b] : a < b; });
  llvm::json::Array rows;
  for (size_t i : order) {
    const ProgramCall &call = program.calls[i];
    double gops = 2.0 * static_cast<double>(call.work) / seconds[i] / 1e9, gbs = static_cast<double>(call.bytes) / seconds[i] / 1e9;
    table.add({fixed(seconds[i] * 1e6, 2), fixed(seconds[i] / total * 100, 1), brief(gops), brief(gbs), call.callee, call.source});
    rows.push_back(llvm::json::Object{{"us", seconds[i] * 1e6}, {"gops", jsonNumber(gops)}, {"gbs", jsonNumber(gbs)}, {"kernel", call.callee},
                                      {"call", static_cast<int64_t>(i)}, {"nodes", llvm::json::fixUTF8(call.source)}});
  }
  return rows;
}

/// Inputs from --input, else random ones. Nullopt: reported.
std::optional<std::vector<Tensor>> benchInputs(const Context &context, Session &session, const std::optional<NamedTensors> &arrays) {
  if (arrays)
    return gatherInputs(session, *arrays, context.options.text("input"), context.diagnostics);
  std::vector<Tensor> inputs;
  for (const ProgramIo &io : session.inputs())
    inputs.push_back(io.bound.empty() ? randomTensor(io, static_cast<unsigned>(inputs.size()) + 1) : Tensor(io.type, io.shape, io.bound.data(), nullptr));
  return inputs;
}

using LimitsByWorkers = std::map<int64_t, MachineLimits>;

/// Times the session's program with each count of workers and prints a table; measures limits that are not there. Nullopt: reported.
std::optional<llvm::json::Object> timeProgram(const Context &context, const Session &session, LoadedProgram &program, llvm::ArrayRef<Tensor> inputs,
                                              LimitsByWorkers &known) {
  std::vector<int64_t> threads = *threadCounts(context);
  std::vector<const void *> in;
  for (const Tensor &tensor : inputs)
    in.push_back(tensor.data());
  std::vector<Tensor> results;
  std::vector<void *> out;
  for (const ProgramIo &io : session.program().outputs)
    results.emplace_back(io.type, io.shape);
  for (Tensor &tensor : results)
    out.push_back(tensor.mutableData());
  double work = 0, bytes = 0;
  for (const ProgramCall &call : session.program().calls) {
    work += 2.0 * static_cast<double>(call.work);
    bytes += static_cast<double>(call.bytes);
  }
  Table table({"threads", "median ms", "p95 ms", "GOP/s", "% of f32 peak", "GB/s", "% of memory", "runs"});
  llvm::json::Array rows;
  std::vector<Table> kernels; // of each count of workers
  for (int64_t workers : threads) {
    llvm::Expected<Timing> timing = measure(program, session.entry, in, out, workers, context.options.integer("repeat"));
    if (!timing) {
      context.fail("IG0311", llvm::toString(timing.takeError()));
      return std::nullopt;
    }
    const Timing &t = *timing;
    double gops = work / t.median / 1e9, gbs = bytes / t.median / 1e9;
    auto [at, isNew] = known.try_emplace(workers);
    MachineLimits &limits = at->second;
    if (isNew)
      limits = measureLimits(workers);
    table.add({std::to_string(workers), fixed(t.median * 1e3, 4), fixed(t.p95 * 1e3, 4), fixed(gops, 2), fixed(limits.opsShare(gops), 0), fixed(gbs, 2),
               fixed(limits.readShare(gbs), 0), std::to_string(t.runs)});
    rows.push_back(llvm::json::Object{{"threads", workers}, {"median_ms", t.median * 1e3}, {"p95_ms", t.p95 * 1e3}, {"gops", gops}, {"gbs", gbs},
                                      {"limit_gops", limits.gops}, {"limit_gbs", limits.gbs}, {"runs", static_cast<int64_t>(t.runs)}});
    kernels.emplace_back(std::vector<std::string>{"us", "% of " + std::to_string(workers), "GOP/s", "GB/s", "kernel", "nodes"});
    if (llvm::json::Array calls = kernelRows(session.program(), t.calls, kernels.back()); !calls.empty())
      (*rows.back().getAsObject())["kernels"] = std::move(calls);
  }
  if (printsTable(context)) {
    if (!session.shapeText().empty())
      llvm::outs() << printable(session.shapeText()) << ": ";
    llvm::outs() << "device " << session.device() << ", " << bytesText(static_cast<int64_t>(bytes)) << " moved a run\n";
    table.print(llvm::outs());
    for (const Table &each : kernels)
      if (context.options.has("kernels"))
        each.print(llvm::outs());
  }
  return llvm::json::Object{{"device", session.device()}, {"threads", std::move(rows)}, {"bytes", bytes}, {"ops", work}};
}

/// The program of the arrays' shapes, or without arrays every one. JSON: the first one's object; where a package has several, those timed stand in `shapes`.
int timeAll(const Context &context, Session &session, const std::optional<NamedTensors> &arrays) {
  llvm::Expected<LoadedModel> loaded = loadCompiled(*session.compiled);
  if (!loaded)
    return context.fail("IG0311", "cannot time it here: " + llvm::toString(loaded.takeError()));
  std::optional<llvm::json::Object> first;
  llvm::json::Array shapes;
  LimitsByWorkers limits;
  for (size_t entry = 0; entry < (arrays ? 1 : session.programs().size()); ++entry) {
    session.entry = entry;
    std::optional<std::vector<Tensor>> inputs = benchInputs(context, session, arrays);
    std::optional<llvm::json::Object> row = inputs ? timeProgram(context, session, *loaded->program, *inputs, limits) : std::nullopt;
    if (!row)
      return kUserFault;
    if (!first)
      first = *row;
    row->insert({"shape", llvm::json::fixUTF8(session.shapeText())});
    shapes.push_back(std::move(*row));
  }
  if (!session.compiled->shapes.empty())
    first->insert({"shapes", std::move(shapes)});
  return finish(context, std::move(*first), kDone);
}

} // namespace

int runBench(const Context &context) {
  if (isLanguageModel(context.options.arguments[0]))
    return benchLanguageModel(context);
  std::optional<NamedTensors> arrays;
  if (context.options.has("input") && !(arrays = readNpz(context.options.text("input"), context.diagnostics)))
    return kUserFault;
  std::optional<CompileOptions> options = compileOptionsFor(context, context.options.arguments[0], arrays ? &*arrays : nullptr);
  if (!options)
    return kUserFault;
  if (options->device == "reference")
    return context.fail("IG0009", "the reference evaluator is not timed", "", "choose another --device");
  std::optional<Session> session = openSession(*options, context.diagnostics);
  if (!session)
    return kUserFault;
  printTimings(context, *session);
  return timeAll(context, *session, arrays);
}

} // namespace ingot
