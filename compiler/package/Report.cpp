// Writes the report of a build as JSON and as one HTML page with a picture of the arena over the calls.
#include "compiler/package/Report.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <algorithm>

namespace ingot {
namespace {

llvm::json::Value text(llvm::StringRef s) { return llvm::json::fixUTF8(s); }

/// A name as HTML text: control characters shown, markup escaped.
std::string html(llvm::StringRef s) {
  std::string out;
  llvm::raw_string_ostream stream(out);
  llvm::printHTMLEscaped(printable(s, 300), stream);
  return out;
}

llvm::json::Array texts(llvm::ArrayRef<std::string> list) {
  llvm::json::Array array;
  for (const std::string &entry : list)
    array.push_back(text(entry));
  return array;
}

llvm::json::Array kernelRows(const ReportData &data) {
  llvm::json::Array rows;
  for (const ReportKernel &kernel : data.kernels)
    rows.push_back(llvm::json::Object{{"name", text(kernel.name)}, {"source", kernel.source}, {"count", kernel.count}, {"bytes", kernel.bytes},
                                      {"work", kernel.work}, {"ops", texts(kernel.ops)}});
  return rows;
}

llvm::json::Array weightRows(const ReportData &data) {
  llvm::json::Array rows;
  for (const WeightNote &note : data.weights)
    rows.push_back(llvm::json::Object{{"node", text(note.node)}, {"form", note.form}, {"density", note.density}, {"bytes_dense", note.bytesDense},
                                      {"bytes", note.bytes}, {"why", text(note.why)}});
  return rows;
}

llvm::json::Object tuningJson(const ReportTuning &tuning) {
  llvm::json::Array rows;
  for (const TuningRow &row : tuning.choices)
    rows.push_back(llvm::json::Object{{"what", text(row.what)}, {"take", text(row.take)}, {"rule", text(row.rule)}, {"ratio", row.ratio}, {"nodes", texts(row.nodes)}});
  llvm::json::Object json{{"lock", text(tuning.lock)}, {"choices", std::move(rows)}};
  if (tuning.seconds > 0)
    json.insert({"measured", llvm::json::Object{{"seconds", tuning.seconds}, {"one_worker", tuning.oneWorker}, {"all_workers", tuning.allWorkers > 0 ? llvm::json::Value(tuning.allWorkers) : llvm::json::Value(nullptr)}}});
  return json;
}

llvm::json::Array choiceRows(llvm::ArrayRef<Choice> asked) {
  llvm::json::Array rows;
  for (const Choice &choice : asked)
    rows.push_back(llvm::json::Object{{"what", text(choice.key)}, {"rule", choice.rule}, {"taken", choice.taken}, {"ways", llvm::json::Array(choice.ways)}});
  return rows;
}

/// What the error of outputs was measured on.
llvm::StringRef inputsOf(const ReportData &data) { return data.errorsOfSamples ? "the samples" : "made-up inputs"; }

llvm::json::Object operandsJson(const ReportData &data) {
  llvm::json::Array outputs;
  for (const auto &[name, error] : data.outputErrors)
    outputs.push_back(llvm::json::Object{{"name", text(name)}, {"relative_error", error}});
  return llvm::json::Object{{"type", data.precision}, {"products", data.operands.rounded}, {"kept_f32", data.operands.kept},
                            {"weights_error", data.operands.error}, {"largest_weights_error", data.operands.most}, {"inputs", inputsOf(data)}, {"outputs", std::move(outputs)}};
}

llvm::json::Array ioRows(llvm::ArrayRef<ProgramIo> list) {
  llvm::json::Array rows;
  for (const ProgramIo &io : list) {
    rows.push_back(llvm::json::Object{{"name", text(io.name)}, {"dtype", name(io.type)}, {"shape", llvm::json::Array(io.shape)}, {"bytes", io.bytes},
                                      {"bound", !io.bound.empty()}});
    if (io.extentAxis >= 0)
      rows.back().getAsObject()->insert({"extent", llvm::json::Object{{"axis", io.extentAxis}, {"output", io.extentOutput}}});
  }
  return rows;
}

/// Arena and all workers' scratch that serve every entry point.
int64_t workingBytes(llvm::ArrayRef<Program> programs) {
  int64_t scratch = 0;
  for (const Program &program : programs)
    scratch = std::max(scratch, program.scratchBytes * program.workers);
  return arenaBytesOf(programs) + scratch;
}

/// What runs in order: the unit, and the reason when it is not the device itself.
llvm::json::Array stepRows(const Program &program) {
  llvm::json::Array rows;
  for (const ProgramCall &call : program.calls) {
    llvm::json::Object row{{"kernel", call.callee}, {"bytes", call.bytes}, {"work", call.work}, {"nodes", text(call.source)}, {"unit", call.unit}};
    if (!call.why.empty())
      row["why"] = call.why;
    rows.push_back(std::move(row));
  }
  return rows;
}

/// Of many shapes the first and the last are told step by step; the steps of the others are the same but for numbers.
bool isShownInFull(const ReportData &data, size_t entry) {
  constexpr size_t kMostInFull = 4;
  return data.shapes.empty() || data.programs.size() <= kMostInFull || entry == 0 || entry + 1 == data.programs.size();
}

llvm::json::Array entryRows(const ReportData &data) {
  llvm::json::Array rows;
  for (const Program &program : data.programs) {
    rows.push_back(llvm::json::Object{{"name", program.entry}, {"arena_bytes", program.arenaBytes}, {"scratch_bytes", program.scratchBytes},
                                      {"calls", static_cast<int64_t>(program.calls.size())}, {"inputs", ioRows(program.inputs)},
                                      {"outputs", ioRows(program.outputs)}});
    if (isShownInFull(data, rows.size() - 1))
      rows.back().getAsObject()->insert({"steps", stepRows(program)});
    if (data.shapes.empty())
      continue;
    llvm::json::Object dims;
    for (const auto &[name, extent] : data.shapes.byName(static_cast<int64_t>(rows.size()) - 1))
      dims[llvm::json::fixUTF8(name)] = extent;
    rows.back().getAsObject()->insert({"dims", std::move(dims)});
  }
  return rows;
}

/// The arena: calls to the right, bytes upwards, one rectangle a buffer.
void putMemory(llvm::raw_ostream &out, const Program &program, llvm::StringRef of) {
  constexpr double kWidth = 960, kHeight = 320;
  constexpr size_t kMostBuffers = 5000;
  if (program.buffers.empty() || program.arenaBytes <= 0)
    return;
  double dx = kWidth / std::max<double>(1, static_cast<double>(program.calls.size()));
  double dy = kHeight / static_cast<double>(program.arenaBytes);
  out << "<h2>Memory over time" << of << "</h2><p>Calls from left to right, " << program.arenaBytes << " bytes of arena from bottom to top.</p>\n<svg viewBox=\"0 0 "
      << kWidth << ' ' << kHeight << "\" role=\"img\" aria-label=\"arena buffers over calls\">\n";
  for (size_t i = 0; i < std::min(program.buffers.size(), kMostBuffers); ++i) {
    const ProgramBuffer &b = program.buffers[i];
    out << llvm::formatv("<rect x=\"{0:F2}\" y=\"{1:F2}\" width=\"{2:F2}\" height=\"{3:F2}\" fill=\"hsl({4},60%,60%)\"><title>{5} bytes at {6}, calls {7} to {8}</title></rect>\n",
                         static_cast<double>(b.firstCall) * dx, kHeight - static_cast<double>(b.offset + b.bytes) * dy,
                         static_cast<double>(b.lastCall - b.firstCall + 1) * dx, static_cast<double>(b.bytes) * dy, i * 47 % 360, b.bytes, b.offset, b.firstCall,
                         b.lastCall);
  }
  out << "</svg>\n";
}

void putKernels(llvm::raw_ostream &out, const ReportData &data) {
  int64_t total = 0;
  for (const ReportKernel &kernel : data.kernels)
    total += std::max<int64_t>(kernel.work, 0);
  std::vector<const ReportKernel *> sorted;
  for (const ReportKernel &kernel : data.kernels)
    sorted.push_back(&kernel);
  llvm::sort(sorted, [](const ReportKernel *a, const ReportKernel *b) { return std::pair(-a->work, a) < std::pair(-b->work, b); });
  out << "<h2>Kernels</h2><table><tr><th>kernel<th>source<th>calls<th>bytes<th>work<th>share</tr>\n";
  for (const ReportKernel *kernel : sorted)
    out << "<tr><td>" << html(kernel->name) << "<td>" << html(kernel->source) << "<td class=n>" << kernel->count << "<td class=n>" << kernel->bytes
        << "<td class=n>" << kernel->work << "<td class=n>" << llvm::formatv("{0:P1}", total ? static_cast<double>(kernel->work) / static_cast<double>(total) : 0.0)
        << "</tr>\n";
  out << "</table>\n";
}

void putWeights(llvm::raw_ostream &out, const ReportData &data) {
  if (data.weights.empty())
    return;
  out << "<h2>Weights and their zeros</h2><table><tr><th>node<th>not zero<th>form<th>bytes<th>dense bytes<th>why</tr>\n";
  for (const WeightNote &note : data.weights)
    out << "<tr><td>" << html(note.node) << "<td class=n>" << llvm::formatv("{0:P1}", note.density) << "<td>" << note.form << "<td class=n>" << note.bytes
        << "<td class=n>" << note.bytesDense << "<td>" << html(note.why) << "</tr>\n";
  out << "</table>\n";
}

void putTuning(llvm::raw_ostream &out, const ReportTuning &tuning) {
  if (tuning.lock.empty())
    return;
  out << "<h2>Tuning</h2><p>From " << html(tuning.lock) << ".</p><table><tr><th>choice<th>taken<th>the rule's<th>time to the rule's<th>model nodes</tr>\n";
  for (const TuningRow &row : tuning.choices)
    out << "<tr><td>" << html(row.what) << "<td>" << html(row.take) << "<td>" << html(row.rule) << "<td class=n>" << llvm::formatv("{0:F3}", row.ratio) << "<td>"
        << html(llvm::join(row.nodes, ", ")) << "</tr>\n";
  out << "</table>\n";
}

void putCalls(llvm::raw_ostream &out, const Program &program, llvm::StringRef of) {
  out << "<h2>Calls in order" << of << "</h2><table><tr><th>#<th>kernel<th>model nodes<th>work<th>bytes<th>unit<th>barrier after</tr>\n";
  for (size_t i = 0; i < program.calls.size(); ++i) {
    const ProgramCall &call = program.calls[i];
    out << "<tr><td class=n>" << i << "<td>" << html(call.callee) << "<td>" << html(call.source) << "<td class=n>" << call.work << "<td class=n>" << call.bytes
        << "<td>" << html(call.unit) << (call.why.empty() ? "" : ": " + html(call.why)) << "<td>" << (call.barrierAfter ? "yes" : "") << "</tr>\n";
  }
  out << "</table>\n";
}

void putIo(llvm::raw_ostream &out, llvm::StringRef title, llvm::ArrayRef<ProgramIo> list) {
  out << "<h2>" << title << "</h2><table><tr><th>name<th>type<th>shape<th>bytes<th>value</tr>\n";
  for (const ProgramIo &io : list)
    out << "<tr><td>" << html(io.name) << "<td>" << name(io.type) << "<td>" << llvm::join(llvm::map_range(io.shape, [](int64_t e) { return std::to_string(e); }), " x ")
        << "<td class=n>" << io.bytes << "<td>" << (io.bound.empty() ? "" : "bound while compiling") << "</tr>\n";
  out << "</table>\n";
}

/// One row a shape, where there are several.
void putShapes(llvm::raw_ostream &out, const ReportData &data) {
  if (data.shapes.empty() || data.programs.empty())
    return;
  out << "<h2>Shapes</h2><table><tr><th>extents<th>entry<th>calls<th>arena bytes<th>scratch bytes</tr>\n";
  for (size_t i = 0; i < data.programs.size(); ++i)
    out << "<tr><td>" << html(data.shapes.text(static_cast<int64_t>(i))) << "<td>" << html(data.programs[i].entry) << "<td class=n>" << data.programs[i].calls.size()
        << "<td class=n>" << data.programs[i].arenaBytes << "<td class=n>" << data.programs[i].scratchBytes << "</tr>\n";
  out << "</table>\n";
}

void putDiagnostics(llvm::raw_ostream &out, const ReportData &data) {
  if (!data.diagnostics || data.diagnostics->all().empty())
    return;
  out << "<h2>Diagnostics</h2><table><tr><th>code<th>what<th>node<th>remedy</tr>\n";
  for (const Diagnostic &d : data.diagnostics->all())
    out << "<tr><td>" << html(d.code) << "<td>" << html(d.what) << "<td>" << html(d.where.node) << "<td>" << html(d.help) << "</tr>\n";
  out << "</table>\n";
}

void putSummary(llvm::raw_ostream &out, const ReportData &data) {
  out << "<h1>" << html(data.model) << "</h1>\n<table>\n<tr><td>device<td>" << html(data.device) << "</tr>\n<tr><td>nodes<td>" << data.compiledNodes << " of "
      << data.nodeCount << " compiled</tr>\n<tr><td>compile<td>" << llvm::formatv("{0:F2} s, peak {1} bytes", data.seconds, data.peakRssBytes) << "</tr>\n";
  if (!data.programs.empty())
    out << "<tr><td>memory<td>arena " << arenaBytesOf(data.programs) << " (live at once at least " << liveBytesOf(data.programs) << "), state " << data.programs.front().stateBytes << ", stack " << data.stackBytes
        << " bytes</tr>\n";
  if (data.fastMemoryBytes > 0)
    out << "<tr><td>fast memory<td>" << data.fastMemoryBytes << " bytes; the arena " << (arenaBytesOf(data.programs) <= data.fastMemoryBytes ? "fits" : "does not fit")
        << "</tr>\n";
  if (data.operands.rounded > 0)
    out << "<tr><td>precision<td>" << html(roundingText(data)) << "</tr>\n";
  out << "</table>\n<h2>Artifacts</h2><table>\n";
  for (const auto &[file, what] : data.artifacts)
    out << "<tr><td>" << html(file) << "<td>" << html(what) << "</tr>\n";
  out << "</table>\n<h2>Phases</h2><table>\n";
  for (const ReportPhase &phase : data.phases)
    out << "<tr><td>" << html(phase.name) << "<td class=n>" << llvm::formatv("{0:F3} s", phase.seconds) << "</tr>\n";
  out << "</table>\n";
}

} // namespace

std::string roundingText(const ReportData &data) {
  if (data.operands.rounded == 0)
    return "";
  double most = 0;
  for (const auto &[name, error] : data.outputErrors)
    most = std::max(most, error);
  std::string line = llvm::formatv("{0} operands in {1} of {2} products, relative error of their weights {3:E1}", data.precision, data.operands.rounded,
                                   data.operands.rounded + data.operands.kept, data.operands.error);
  return line + (data.outputErrors.empty() ? ", of the outputs not measured" : llvm::formatv(", of the outputs {0:E1} on {1}", most, inputsOf(data)).str());
}

llvm::json::Value reportJson(const ReportData &data) {
  llvm::json::Array phases, unsupported;
  for (const ReportPhase &phase : data.phases)
    phases.push_back(llvm::json::Object{{"name", phase.name}, {"seconds", phase.seconds}});
  for (const ReportUnsupported &u : data.unsupported)
    unsupported.push_back(llvm::json::Object{{"op", text(u.op)}, {"name", text(u.name)}, {"reason", text(u.reason)}});
  llvm::json::Object memory{{"arena_bytes", 0}, {"state_bytes", 0}, {"stack_bytes", 0}};
  llvm::json::Object json{{"schema", 1}, {"model", text(data.model)}, {"device", data.device}};
  if (!data.programs.empty()) {
    memory["arena_bytes"] = workingBytes(data.programs);
    memory["arena_planned_bytes"] = arenaBytesOf(data.programs); // without the workers' scratch
    memory["arena_live_bytes"] = liveBytesOf(data.programs);
    memory["state_bytes"] = data.programs.front().stateBytes;
    memory["stack_bytes"] = data.stackBytes;
    if (data.fastMemoryBytes > 0)
      memory["fast_memory"] = llvm::json::Object{{"bytes", data.fastMemoryBytes}, {"holds_arena", arenaBytesOf(data.programs) <= data.fastMemoryBytes}};
    json["inputs"] = ioRows(data.programs.front().inputs);
    json["outputs"] = ioRows(data.programs.front().outputs);
    json["entries"] = entryRows(data);
  }
  json["compile"] = llvm::json::Object{{"seconds", data.seconds}, {"peak_rss_bytes", data.peakRssBytes}, {"phases", std::move(phases)}};
  json["artifacts"] = llvm::json::Object{{"code_bytes", data.codeBytes}, {"weights_bytes", data.weightsBytes}, {"header_bytes", data.headerBytes}};
  json["memory"] = std::move(memory);
  json["nodes"] = llvm::json::Object{{"total", data.nodeCount}, {"compiled", data.compiledNodes}, {"unsupported", std::move(unsupported)}};
  json["kernels"] = kernelRows(data);
  json["weights"] = weightRows(data);
  if (!data.tuning.asked.empty())
    json["choices"] = choiceRows(data.tuning.asked);
  if (!data.tuning.lock.empty())
    json["tuning"] = tuningJson(data.tuning);
  if (data.operands.rounded > 0)
    json["operands"] = operandsJson(data);
  json["diagnostics"] = data.diagnostics ? data.diagnostics->toJson() : llvm::json::Value(llvm::json::Array());
  json["build"] = llvm::json::Object(data.build);
  if (!(data.verify == llvm::json::Value(nullptr)))
    json["verify"] = data.verify;
  return json;
}

std::string reportHtml(const ReportData &data) {
  std::string page;
  llvm::raw_string_ostream out(page);
  out << "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>" << html(data.model)
      << "</title>\n<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<style>"
         "body{font:15px/1.5 sans-serif;max-width:1000px;margin:2em auto;padding:0 1em;color:#222;background:#fff}"
         "table{border-collapse:collapse}td,th{padding:.2em .8em .2em 0;text-align:left;border-bottom:1px solid #ddd;overflow-wrap:anywhere}"
         ".n{text-align:right;font-variant-numeric:tabular-nums}svg{width:100%;background:#f6f6f6}</style></head><body>\n";
  putSummary(out, data);
  putDiagnostics(out, data);
  putShapes(out, data);
  for (size_t i = 0; i < data.programs.size(); ++i) {
    const Program &program = data.programs[i];
    if (!isShownInFull(data, i))
      continue;
    std::string of = data.programs.size() > 1 ? " of " + html(program.entry) : "";
    putIo(out, "Inputs" + of, program.inputs);
    putIo(out, "Outputs" + of, program.outputs);
    putMemory(out, program, of);
  }
  putKernels(out, data);
  putWeights(out, data);
  putTuning(out, data.tuning);
  for (size_t i = 0; i < data.programs.size(); ++i)
    if (isShownInFull(data, i))
      putCalls(out, data.programs[i], data.programs.size() > 1 ? " of " + html(data.programs[i].entry) : "");
  out << "</body></html>\n";
  return page;
}

} // namespace ingot
