// An emulated program in steps: a temporary folder, ld.lld, qemu as a child process, a setup, then a request and its response for each run.
// The folder goes with the program.
#include "targets/common/Emulator.h"
#include "targets/common/Child.h"

#include "ingot/runner.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/TargetParser/Triple.h"

#include <cstring>

namespace ingot {
namespace {

/// Seconds that one run of an emulated model, or its setup, may take.
constexpr unsigned timeLimit = 600;

class TemporaryFolder {
public:
  TemporaryFolder() { error = llvm::sys::fs::createUniqueDirectory("ingot-run", path); }
  ~TemporaryFolder() {
    if (!error)
      llvm::sys::fs::remove_directories(path);
  }
  std::string file(llvm::StringRef name) const {
    llvm::SmallString<128> full(path);
    llvm::sys::path::append(full, name);
    return full.str().str();
  }
  std::error_code error;

private:
  llvm::SmallString<128> path;
};

llvm::Error writeFile(const std::string &path, llvm::StringRef bytes) {
  std::error_code code;
  llvm::raw_fd_ostream out(path, code);
  if (!code) {
    out << bytes;
    out.close();
    code = out.error();
    out.clear_error();
  }
  return code ? llvm::createStringError(code, "cannot write '" + path + "'") : llvm::Error::success();
}

/// Runs a tool; a failure quotes what it printed.
llvm::Error runTool(llvm::StringRef what, llvm::StringRef program, llvm::ArrayRef<std::string> arguments, const std::string &log) {
  std::vector<llvm::StringRef> argv = {program};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  std::string message;
  std::optional<llvm::StringRef> redirects[] = {llvm::StringRef(), llvm::StringRef(log), llvm::StringRef(log)};
  int code = llvm::sys::ExecuteAndWait(program, argv, std::nullopt, redirects, timeLimit, 0, &message);
  if (code == 0)
    return llvm::Error::success();
  auto printed = llvm::MemoryBuffer::getFile(log);
  llvm::StringRef text = printed ? (*printed)->getBuffer().trim() : "";
  return llvm::createStringError(what + " failed (" + (message.empty() ? "exit status " + llvm::Twine(code) : llvm::Twine(message)) + ") " +
                                 text.take_front(2000));
}

llvm::Expected<std::string> findTool(llvm::ArrayRef<llvm::StringRef> names, llvm::StringRef package) {
  for (llvm::StringRef name : names)
    if (auto path = llvm::sys::findProgramByName(name))
      return *path;
  return llvm::createStringError("'" + names.front() + "' was not found; running this device's code here needs it (Debian package " + package + ")");
}

/// Links the objects in `folder`; the result is `folder`/program.
llvm::Error link(const TemporaryFolder &folder, llvm::ArrayRef<ObjectFile> objects, llvm::ArrayRef<ObjectFile> runtime,
                 llvm::ArrayRef<std::string> entries) {
  llvm::Expected<std::string> linker = findTool({"ld.lld-22", "ld.lld"}, "lld-22");
  if (!linker)
    return linker.takeError();
  std::vector<std::string> arguments = {"-static", "-e", "_start", "-o", folder.file("program")};
  for (size_t i = 0; i < entries.size(); ++i)
    arguments.push_back("--defsym=ingot_runner_entry_" + std::to_string(i) + "=" + entries[i]);
  auto add = [&](llvm::StringRef prefix, const ObjectFile &object, size_t index) -> llvm::Error {
    std::string path = folder.file((prefix + llvm::Twine(index) + ".o").str());
    arguments.push_back(path);
    return writeFile(path, object.bytes);
  };
  for (size_t i = 0; i < runtime.size(); ++i)
    if (runtime[i].name == "runner.o" || runtime[i].name == "core.o" || runtime[i].name == "stream.o" || runtime[i].name == "builtins.o")
      if (llvm::Error error = add("runtime", runtime[i], i))
        return error;
  for (size_t i = 0; i < objects.size(); ++i)
    if (llvm::Error error = add("model", objects[i], i))
      return error;
  return runTool("linking the test program", *linker, arguments, folder.file("link.log"));
}

template <typename T> void append(std::string &bytes, const T &value) { bytes.append(reinterpret_cast<const char *>(&value), sizeof value); }

std::string buildSetup(llvm::ArrayRef<Program> programs, llvm::StringRef weightsPath, llvm::StringRef weights) {
  ingot_runner_setup head = {};
  head.magic = INGOT_RUNNER_SETUP_MAGIC;
  head.weights_kind = weights.empty() ? INGOT_RUNNER_NO_WEIGHTS : INGOT_RUNNER_RAW_WEIGHTS;
  head.entry_count = static_cast<uint32_t>(programs.size());
  head.path_bytes = weights.empty() ? 0 : static_cast<uint32_t>(weightsPath.size());
  for (const Program &program : programs) {
    head.max_workers = static_cast<uint32_t>(program.workers);
    head.arena_bytes = std::max<uint64_t>(head.arena_bytes, program.arenaBytes);
    head.state_bytes = program.stateBytes;
    head.scratch_bytes = std::max<uint64_t>(head.scratch_bytes, program.scratchBytes);
  }
  head.weights_bytes = weights.size();
  std::string bytes;
  append(bytes, head);
  bytes.append(weightsPath.data(), head.path_bytes);
  for (const Program &program : programs) {
    append(bytes, static_cast<uint32_t>(program.inputs.size()));
    append(bytes, static_cast<uint32_t>(program.outputs.size()));
    for (llvm::ArrayRef<ProgramIo> list : {llvm::ArrayRef(program.inputs), llvm::ArrayRef(program.outputs)})
      for (const ProgramIo &io : list)
        append(bytes, static_cast<uint64_t>(io.bytes));
  }
  return bytes;
}

class EmulatedProgram final : public LoadedProgram {
public:
  explicit EmulatedProgram(llvm::ArrayRef<Program> programs) : programs(programs) {}

  llvm::Error start(const std::string &emulator, const std::string &cpu, llvm::StringRef weights) {
    std::string weightsPath = folder.file("weights");
    if (llvm::Error error = writeFile(weightsPath, weights))
      return error;
    if (llvm::Error error = child.start(emulator, {"-cpu", cpu, folder.file("program")}, folder.file("run.log")))
      return error;
    child.allow(timeLimit);
    if (llvm::Error error = child.send(buildSetup(programs, weightsPath, weights)))
      return error;
    return readHead(0);
  }

  llvm::Error run(size_t entry, llvm::ArrayRef<const void *> inputs, llvm::ArrayRef<void *> outputs, int64_t workers) override {
    if (llvm::Error error = checkRun(programs, entry, inputs.size(), outputs.size(), workers))
      return error;
    child.allow(timeLimit);
    if (llvm::Error error = ask(INGOT_RUNNER_RUN, entry, workers))
      return error;
    const Program &program = programs[entry];
    for (auto [input, io] : llvm::zip_equal(inputs, program.inputs))
      if (llvm::Error error = child.send({static_cast<const char *>(input), static_cast<size_t>(io.bytes)}))
        return error;
    if (llvm::Error error = readHead(program.outputs.size()))
      return error;
    for (auto [output, io] : llvm::zip_equal(outputs, program.outputs))
      if (llvm::Error error = child.receive(output, static_cast<size_t>(io.bytes)))
        return error;
    return llvm::Error::success();
  }

  llvm::Error resetState() override {
    child.allow(timeLimit);
    if (llvm::Error error = ask(INGOT_RUNNER_RESET_STATE, 0, 1))
      return error;
    return readHead(0);
  }

  TemporaryFolder folder; // outlives the child

private:
  llvm::Error ask(uint32_t kind, size_t entry, int64_t workers) {
    ingot_runner_request request = {};
    request.magic = INGOT_RUNNER_REQUEST_MAGIC;
    request.kind = kind;
    request.entry = static_cast<uint32_t>(entry);
    request.workers = static_cast<uint32_t>(std::min<int64_t>(workers, INGOT_RUNNER_MAX_WORKERS)); // results do not depend on their number
    std::string bytes;
    append(bytes, request);
    return child.send(bytes);
  }

  /// The response's fixed part; its outputs follow.
  llvm::Error readHead(size_t outputs) {
    ingot_runner_response head;
    if (llvm::Error error = child.receive(&head, sizeof head))
      return error;
    if (head.magic != INGOT_RUNNER_RESPONSE_MAGIC || head.status != 0 || head.output_count != outputs)
      return llvm::createStringError("the emulated program's response is not valid (status " + llvm::Twine(head.status) + ")");
    return llvm::Error::success();
  }

  std::vector<Program> programs;
  Child child;
};

llvm::StringRef emulatedCpu(const Device &device, const Emulation &emulation) {
  for (const auto &[cpu, name] : emulation.cpus)
    if (cpu == device.cpu)
      return name;
  return "max";
}

} // namespace

llvm::Expected<std::unique_ptr<LoadedProgram>> loadEmulated(const Device &device, const Emulation &emulation, llvm::ArrayRef<ObjectFile> objects,
                                                            llvm::ArrayRef<ObjectFile> runtime, llvm::StringRef symbol,
                                                            llvm::ArrayRef<Program> programs, llvm::StringRef weights) {
  if (!llvm::Triple(device.triple).isOSLinux() || emulation.program.empty())
    return llvm::createStringError("code for '" + device.triple + "' cannot be run here: only Linux programs are emulated");
  if (programs.size() > INGOT_RUNNER_MAX_ENTRIES)
    return llvm::createStringError("only " + llvm::Twine(INGOT_RUNNER_MAX_ENTRIES) + " entry points can be emulated");
  llvm::Expected<std::string> emulator = findTool(emulation.program, "qemu-user");
  if (!emulator)
    return emulator.takeError();
  auto loaded = std::make_unique<EmulatedProgram>(programs);
  if (loaded->folder.error)
    return llvm::createStringError(loaded->folder.error, "cannot make a temporary folder");
  std::vector<std::string> entries;
  for (const Program &program : programs)
    entries.push_back(entrySymbol(program.entry, symbol));
  if (llvm::Error error = link(loaded->folder, objects, runtime, entries))
    return std::move(error);
  if (llvm::Error error = loaded->start(*emulator, emulatedCpu(device, emulation).str(), weights))
    return std::move(error);
  return std::move(loaded);
}

} // namespace ingot
