// The plan of a language model comes from the file's tensors and the compiled program: nothing is measured, so equal inputs print equal plans.
#include "tools/ingot/BuildPlan.h"

#include "compiler/import/gguf/GgufReader.h"

#include "llvm/Support/Process.h"

namespace ingot {
namespace {

struct TypeBytes {
  int64_t tensors = 0, elements = 0, bytes = 0;
};

/// An integer of the file's architecture; 1 when there is none.
int64_t numberOf(const GgufFile &file, llvm::StringRef key) {
  const GgufValue *architecture = file.find("general.architecture");
  const GgufValue *value = architecture ? file.find((architecture->asString().value_or("") + "." + key).str()) : nullptr;
  return value ? std::max<int64_t>(value->asInt().value_or(1), 1) : 1;
}

void printTypes(const GgufFile &file) {
  std::map<llvm::StringRef, TypeBytes> types;
  for (const GgufTensor &tensor : file.tensors) {
    TypeBytes &sum = types[tensor.type->name];
    ++sum.tensors;
    sum.elements += tensor.elements();
    sum.bytes += static_cast<int64_t>(tensor.bytes);
  }
  Table table{{"type", "tensors", "weights", "bytes", "bits a weight"}};
  for (const auto &[name, sum] : types)
    table.add({name.str(), std::to_string(sum.tensors), fixed(double(sum.elements) / 1e6, 1) + " M", bytesText(sum.bytes),
               fixed(8 * double(sum.bytes) / double(sum.elements), 2)});
  table.print(llvm::outs());
}

} // namespace

double bytesOfToken(const GgufFile &file) {
  bool hasOutput = llvm::any_of(file.tensors, [](const GgufTensor &tensor) { return tensor.name == "output.weight"; });
  double used = double(numberOf(file, "expert_used_count")) / double(numberOf(file, "expert_count")), bytes = 0;
  for (const GgufTensor &tensor : file.tensors) {
    if (hasOutput && tensor.name == "token_embd.weight")
      continue;
    bytes += double(tensor.bytes) * (tensor.name.contains("_exps.") ? used : 1);
  }
  return bytes;
}

void printPlan(const Context &context, llvm::StringRef model, const Compiled &compiled) {
  Diagnostics ignored; // the importer has reported what there is
  std::optional<GgufFile> file = printsTable(context) && isGgufFile(model) ? readGguf(model, ignored) : std::nullopt;
  if (!file)
    return;
  printTypes(*file);
  const Program &program = compiled.programs.front();
  int64_t arena = arenaBytesOf(compiled.programs), scratch = 0;
  for (const Program &each : compiled.programs)
    scratch = std::max(scratch, each.scratchBytes);
  scratch *= program.workers;
  std::vector<CachePart> caches = cachesOf(compiled);
  int64_t sequences = caches.empty() ? 1 : caches.front().sequences;
  llvm::outs() << "memory on " << compiled.device.name << ": weights " << bytesText(program.weightsBytes) << " mapped, cache " << bytesText(program.stateBytes)
               << (sequences > 1 ? " of " + std::to_string(sequences) + " sequences" : "") << ", arena " << bytesText(arena) << ", scratch " << bytesText(scratch) << " for " << program.workers << " workers; "
               << bytesText(program.weightsBytes + program.stateBytes + arena + scratch) << " in all\n";
  double bytes = bytesOfToken(*file), bandwidth = compiled.device.bandwidthGBs;
  llvm::outs() << "a token reads " << bytesText(static_cast<int64_t>(bytes)) << " of weights: "
               << (bandwidth > 0 ? "at most " + fixed(bandwidth * 1e9 / bytes, 1) + " tokens/s at the " + fixed(bandwidth, 1) + " GB/s of the device"
                                 : fixed(1e9 / bytes, 2) + " tokens/s for each GB/s of memory")
               << '\n';
  llvm::outs().flush();
}

PackingLine::PackingLine() : isTerminal(llvm::sys::Process::StandardErrIsDisplayed()), start(secondsNow()) {}

PackingLine::~PackingLine() {
  if (shown)
    llvm::errs() << "\r\x1b[K";
}

void PackingLine::show(const PackingProgress &progress) {
  constexpr double kInterval = 0.2; // seconds
  double now = secondsNow(), spent = now - start;
  if (!isTerminal || progress.bytes == 0 || now - last < kInterval)
    return;
  last = now;
  shown = true;
  double rate = double(progress.bytes) / std::max(spent, 1e-6), left = double(progress.allBytes - progress.bytes) / rate;
  llvm::errs() << "\r\x1b[Kpacking: tensor " << progress.tensor << " of " << progress.tensors << ", " << fixed(rate / 1e9, 2) << " GB/s, " << fixed(left, 0) << " s left";
}

} // namespace ingot
