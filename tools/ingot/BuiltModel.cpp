// Reads lib<name>.a, <name>.ingot and report.json of a build folder.
#include "tools/ingot/BuiltModel.h"

#include "llvm/Object/Archive.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

namespace ingot {
namespace {

/// The stem of the folder's one container, "" when there is none or several.
std::string packageName(llvm::StringRef folder) {
  std::error_code code;
  std::string name;
  unsigned found = 0;
  for (llvm::sys::fs::directory_iterator at(folder, code), end; !code && at != end; at.increment(code)) {
    if (llvm::sys::path::extension(at->path()) != ".ingot")
      continue;
    name = llvm::sys::path::stem(at->path()).str();
    ++found;
  }
  return found == 1 ? name : "";
}

std::string inFolder(llvm::StringRef folder, const llvm::Twine &file) {
  llvm::SmallString<256> path(folder);
  llvm::sys::path::append(path, file);
  return std::string(path);
}

/// The model's own objects of a static library: those of the runtime are called ingot_*.o, the model's first one <symbol>.o.
std::vector<ObjectFile> readObjects(llvm::StringRef path) {
  std::vector<ObjectFile> objects;
  llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> file = llvm::MemoryBuffer::getFile(path);
  if (!file)
    return objects;
  llvm::Expected<std::unique_ptr<llvm::object::Archive>> archive = llvm::object::Archive::create((*file)->getMemBufferRef());
  if (!archive) {
    llvm::consumeError(archive.takeError());
    return objects;
  }
  llvm::Error error = llvm::Error::success();
  for (const llvm::object::Archive::Child &child : (*archive)->children(error)) {
    llvm::Expected<llvm::StringRef> name = child.getName(), bytes = child.getBuffer();
    bool good = bool(name) && bool(bytes);
    if (good && (objects.empty() || !name->starts_with("ingot_")))
      objects.push_back({name->str(), bytes->str()});
    llvm::consumeError(name.takeError());
    llvm::consumeError(bytes.takeError());
  }
  llvm::consumeError(std::move(error));
  return objects;
}

/// Bytes that the steps of each entry point read and write, by its name.
std::map<std::string, int64_t> stepBytes(const llvm::json::Value &report) {
  std::map<std::string, int64_t> bytes;
  const llvm::json::Object *root = report.getAsObject();
  const llvm::json::Array *entries = root ? root->getArray("entries") : nullptr;
  for (const llvm::json::Value &value : entries ? *entries : llvm::json::Array()) {
    const llvm::json::Object *entry = value.getAsObject();
    const llvm::json::Array *steps = entry ? entry->getArray("steps") : nullptr;
    if (!steps)
      continue;
    int64_t &sum = bytes[entry->getString("name").value_or("").str()];
    for (const llvm::json::Value &step : *steps)
      sum += step.getAsObject() ? step.getAsObject()->getInteger("bytes").value_or(0) : 0;
  }
  return bytes;
}

std::vector<Program> programsOf(const Layout &layout, const std::map<std::string, int64_t> &bytes) {
  std::vector<Program> programs;
  for (const EntryLayout &entry : layout.entries) {
    Program program;
    program.entry = entry.name;
    program.arenaBytes = entry.arenaBytes;
    program.scratchBytes = entry.scratchBytes;
    program.stateBytes = layout.stateBytes;
    program.workers = layout.workers;
    program.weightsBytes = layout.weightsBytes;
    program.serial = entry.serial;
    program.inputs = entry.inputs;
    program.outputs = entry.outputs;
    ProgramCall all{};
    if (auto at = bytes.find(entry.name); at != bytes.end())
      all.bytes = at->second;
    program.calls.push_back(all);
    programs.push_back(std::move(program));
  }
  return programs;
}

/// True when nothing on the command line asks for another program than the one that was built.
bool asksForTheBuild(const Context &context) {
  for (llvm::StringRef option : {"device", "target", "features", "ctx", "activations", "kv", "precision", "sparse", "stream-weights", "dump-ir", "print-timings", "strict"})
    if (context.options.has(option))
      return false;
  return llvm::none_of(context.diagnostics.all(), [](const Diagnostic &d) { return d.code == "IG0008"; }); // the model has changed
}

/// Whether a step of several sequences has room for as many as are asked for.
bool hasRows(const Program &program, int64_t sequences) { return program.entry != "decode_batch" || program.inputs.front().shape.front() >= sequences; }

} // namespace

std::unique_ptr<BuiltModel> openBuiltModel(const Context &context, llvm::StringRef model, const CompileOptions &options) {
  if (!llvm::sys::fs::is_directory(model) || !asksForTheBuild(context))
    return nullptr;
  auto built = std::make_unique<BuiltModel>();
  std::string name = packageName(model);
  llvm::Expected<Container> container = readContainer(inFolder(model, name + ".ingot"), Verify::AllButWeights);
  if (!container) {
    llvm::consumeError(container.takeError());
    return nullptr;
  }
  built->container = std::move(*container);
  built->programs = programsOf(built->container.layout, stepBytes(reportOf(model)));
  built->objects = readObjects(inFolder(model, "lib" + name + ".a"));
  bool fits = !built->objects.empty() && options.workers <= built->container.layout.workers;
  for (const std::string &entry : options.llm.entries)
    fits &= llvm::any_of(built->programs, [&](const Program &p) { return p.entry == entry && hasRows(p, options.llm.sequences); });
  std::optional<Device> device = fits ? resolveDevice(options, context.diagnostics) : std::nullopt;
  if (!device)
    return nullptr;
  built->symbol = llvm::sys::path::stem(built->objects.front().name).str();
  built->target = findTarget(device->target);
  built->device = std::move(*device);
  return built;
}

} // namespace ingot
