// The emulated run in steps: a temporary folder, ld.lld, a request file, qemu, the response. The folder is removed in every case.
#include "targets/common/Emulator.h"
#include "targets/common/HostRunner.h"

#include "ingot/runner.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/TargetParser/Triple.h"

#include <cstring>

namespace ingot {
namespace {

/// Seconds that an emulated model may take.
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
llvm::Error link(const TemporaryFolder &folder, llvm::ArrayRef<ObjectFile> objects, llvm::ArrayRef<ObjectFile> runtime, llvm::StringRef symbol) {
  llvm::Expected<std::string> linker = findTool({"ld.lld-22", "ld.lld"}, "lld-22");
  if (!linker)
    return linker.takeError();
  std::vector<std::string> arguments = {"-static", "-e", "_start", ("--defsym=ingot_runner_entry=ingot_run_" + symbol).str(), "-o",
                                        folder.file("program")};
  auto add = [&](llvm::StringRef prefix, const ObjectFile &object, size_t index) -> llvm::Error {
    std::string path = folder.file((prefix + llvm::Twine(index) + ".o").str());
    arguments.push_back(path);
    return writeFile(path, object.bytes);
  };
  for (size_t i = 0; i < runtime.size(); ++i)
    if (runtime[i].name == "runner.o" || runtime[i].name == "core.o")
      if (llvm::Error error = add("runtime", runtime[i], i))
        return error;
  for (size_t i = 0; i < objects.size(); ++i)
    if (llvm::Error error = add("model", objects[i], i))
      return error;
  return runTool("linking the test program", *linker, arguments, folder.file("link.log"));
}

void pad(std::string &bytes) { bytes.resize(llvm::alignTo(bytes.size(), INGOT_RUNNER_PART_ALIGNMENT)); }

std::string buildRequest(const Program &program, llvm::StringRef weightsPath, llvm::StringRef weights, llvm::ArrayRef<Tensor> inputs) {
  ingot_runner_request head = {};
  head.magic = INGOT_RUNNER_REQUEST_MAGIC;
  head.weights_kind = weights.empty() ? INGOT_RUNNER_NO_WEIGHTS : INGOT_RUNNER_RAW_WEIGHTS;
  head.repeat = 1;
  head.input_count = program.inputs.size();
  head.output_count = program.outputs.size();
  head.path_bytes = weights.empty() ? 0 : weightsPath.size();
  head.max_workers = program.workers;
  head.arena_bytes = program.arenaBytes;
  head.state_bytes = program.stateBytes;
  head.scratch_bytes = program.scratchBytes;
  head.weights_bytes = weights.size();
  std::string bytes(reinterpret_cast<const char *>(&head), sizeof(head));
  for (llvm::ArrayRef<ProgramIo> list : {llvm::ArrayRef(program.inputs), llvm::ArrayRef(program.outputs)})
    for (const ProgramIo &io : list) {
      uint64_t size = io.bytes;
      bytes.append(reinterpret_cast<const char *>(&size), sizeof(size));
    }
  pad(bytes);
  bytes.append(weightsPath.data(), head.path_bytes);
  pad(bytes);
  for (const Tensor &input : inputs) {
    bytes.append(input.data(), input.bytes());
    pad(bytes);
  }
  return bytes;
}

llvm::Expected<std::vector<Tensor>> readResponse(const std::string &path, const Program &program) {
  auto file = llvm::MemoryBuffer::getFile(path);
  if (!file)
    return llvm::createStringError("the emulated program wrote no response");
  llvm::StringRef bytes = (*file)->getBuffer();
  ingot_runner_response head;
  if (bytes.size() < sizeof(head))
    return llvm::createStringError("the emulated program's response is cut off");
  std::memcpy(&head, bytes.data(), sizeof(head));
  if (head.magic != INGOT_RUNNER_RESPONSE_MAGIC || head.status != 0 || head.output_count != program.outputs.size())
    return llvm::createStringError("the emulated program's response is not valid (status " + llvm::Twine(head.status) + ")");
  std::vector<Tensor> outputs = emptyOutputs(program);
  size_t at = sizeof(head);
  for (Tensor &output : outputs) {
    at = llvm::alignTo(at, INGOT_RUNNER_PART_ALIGNMENT);
    size_t size = output.bytes();
    if (at > bytes.size() || size > bytes.size() - at)
      return llvm::createStringError("the emulated program's response is cut off");
    if (size)
      std::memcpy(output.mutableData(), bytes.data() + at, size);
    at += size;
  }
  return outputs;
}

llvm::StringRef emulatedCpu(const Device &device, const Emulation &emulation) {
  for (const auto &[cpu, name] : emulation.cpus)
    if (cpu == device.cpu)
      return name;
  return "max";
}

} // namespace

llvm::Expected<std::vector<Tensor>> runEmulated(const Device &device, const Emulation &emulation, llvm::ArrayRef<ObjectFile> objects,
                                                llvm::ArrayRef<ObjectFile> runtime, llvm::StringRef symbol, const Program &program,
                                                llvm::StringRef weights, llvm::ArrayRef<Tensor> inputs) {
  if (!llvm::Triple(device.triple).isOSLinux() || emulation.program.empty())
    return llvm::createStringError("code for '" + device.triple + "' cannot be run here: only Linux programs are emulated");
  llvm::Expected<std::string> qemu = findTool(emulation.program, "qemu-user");
  if (!qemu)
    return qemu.takeError();
  TemporaryFolder folder;
  if (folder.error)
    return llvm::createStringError(folder.error, "cannot make a temporary folder");
  if (llvm::Error error = link(folder, objects, runtime, symbol))
    return std::move(error);
  std::string weightsPath = folder.file("weights");
  if (llvm::Error error = writeFile(weightsPath, weights))
    return std::move(error);
  if (llvm::Error error = writeFile(folder.file("request"), buildRequest(program, weightsPath, weights, inputs)))
    return std::move(error);
  std::vector<std::string> arguments = {"-cpu", emulatedCpu(device, emulation).str(), folder.file("program"), folder.file("request"), folder.file("response")};
  if (llvm::Error error = runTool("running the program under QEMU", *qemu, arguments, folder.file("run.log")))
    return std::move(error);
  return readResponse(folder.file("response"), program);
}

} // namespace ingot
