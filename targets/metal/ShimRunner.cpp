// Runs Metal programs where there is no Metal: all shaders of a model become one C++ file on test/shim/metal_stdlib, clang++ makes a
// shared object of it, and a run walks the tables of ingot/gpu.h over it in this process. It does what runtime/metal.m does.
#include "targets/common/Embedded.h"
#include "targets/metal/Msl.h"

#include "ingot/gpu.h"

#include "llvm/Support/Alignment.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"

#include <cstring>
#include <dlfcn.h>

namespace ingot {
namespace {

using ShimKernel = void (*)(void **views, unsigned width, unsigned height);

uint64_t roundUp(uint64_t bytes) { return llvm::alignTo(bytes, 256); }

/// A folder that goes away with it.
class WorkFolder {
public:
  WorkFolder() { good = !llvm::sys::fs::createUniqueDirectory("ingot-metal", path); }
  ~WorkFolder() {
    if (good)
      llvm::sys::fs::remove_directories(path);
  }
  llvm::Error write(llvm::StringRef name, llvm::StringRef text) {
    llvm::SmallString<128> file = at(name);
    llvm::sys::fs::create_directories(llvm::sys::path::parent_path(file));
    std::error_code code;
    llvm::raw_fd_ostream stream(file, code);
    if (code)
      return llvm::createStringError("cannot write '" + file + "': " + code.message());
    stream << text;
    return llvm::Error::success();
  }
  llvm::SmallString<128> at(llvm::StringRef name) const {
    llvm::SmallString<128> file = path;
    llvm::sys::path::append(file, name);
    return file;
  }

private:
  llvm::SmallString<128> path;
  bool good = false;
};

/// Everything of one context.
struct ShimDevice {
  const ingot_gpu_model *model = nullptr;
  std::string problem;
  void *library = nullptr;
  std::vector<ShimKernel> kernels;
  std::vector<uint8_t> block;
  uint64_t start[5] = {};

  ~ShimDevice() {
    if (library)
      dlclose(library);
  }

  llvm::Error open(const ingot_gpu_model *table, const uint8_t *weights);
  void run(uint32_t index, const ingot_frame &frame);

private:
  llvm::Error compile();
  void layOut();
  uint8_t *address(const ingot_gpu_program &program, const ingot_gpu_place &place, const ingot_frame &frame);
};

/// k<i>::main0 for every shader, and run_k<i>, which runs it over its grid.
std::string sourceOf(const ingot_gpu_model &model) {
  std::string text = "#include \"launch.h\"\n";
  for (uint32_t i = 0; i < model.shader_count; ++i) {
    const ingot_gpu_shader &shader = model.shaders[i];
    std::string name = "k" + std::to_string(i);
    text += "namespace " + name + " {\n" + std::string(static_cast<const char *>(shader.code), shader.code_bytes) + "\n}\n";
    text += "extern \"C\" void run_" + name + "(void **views, unsigned width, unsigned height) { launch(" + name + "::main0, views, width, height); }\n";
  }
  return text;
}

llvm::Error ShimDevice::compile() {
  llvm::ErrorOr<std::string> compiler = llvm::sys::findProgramByName("clang++-22");
  if (!compiler)
    compiler = llvm::sys::findProgramByName("clang++");
  if (!compiler)
    return llvm::createStringError("there is no clang++, which compiles the shaders for this machine");
  WorkFolder folder;
  for (llvm::StringRef name : {"metal_stdlib", "simd/simd.h", "launch.h"})
    if (llvm::Error error = folder.write(name, embeddedFile(("metal/shim/" + name).str())))
      return error;
  if (llvm::Error error = folder.write("shaders.cpp", sourceOf(*model)))
    return error;
  std::string include = ("-I" + folder.at("")).str();
  llvm::SmallString<128> source = folder.at("shaders.cpp"), object = folder.at("shaders.so"), log = folder.at("log");
  // Literals without a suffix are floats in Metal.
  llvm::StringRef arguments[] = {*compiler, "-std=c++17", "-O1", "-march=native", "-ffp-contract=off", "-Xclang", "-cl-single-precision-constant",
                                 "-shared", "-fPIC", "-w", include, source, "-o", object};
  std::optional<llvm::StringRef> redirects[] = {"", "", log.str()};
  if (llvm::sys::ExecuteAndWait(*compiler, arguments, std::nullopt, redirects) != 0) {
    auto text = llvm::MemoryBuffer::getFile(log);
    return llvm::createStringError("a shader does not compile as C++: " + (text ? (*text)->getBuffer().take_front(2000) : "no message"));
  }
  library = dlopen(object.c_str(), RTLD_NOW | RTLD_LOCAL);
  for (uint32_t i = 0; library && i < model->shader_count; ++i)
    kernels.push_back(reinterpret_cast<ShimKernel>(dlsym(library, ("run_k" + std::to_string(i)).c_str())));
  if (!library || llvm::is_contained(kernels, nullptr))
    return llvm::createStringError("the compiled shaders do not load");
  return llvm::Error::success();
}

void ShimDevice::layOut() {
  uint64_t inputs = 0, outputs = 0;
  for (const ingot_gpu_program &program : llvm::ArrayRef(model->programs, model->program_count)) {
    uint64_t in = 0, out = 0;
    for (uint64_t bytes : llvm::ArrayRef(program.input_bytes, program.input_count))
      in += roundUp(bytes);
    for (uint64_t bytes : llvm::ArrayRef(program.output_bytes, program.output_count))
      out += roundUp(bytes);
    inputs = std::max(inputs, in);
    outputs = std::max(outputs, out);
  }
  start[INGOT_GPU_ARENA] = roundUp(model->weights_bytes);
  start[INGOT_GPU_STATE] = start[INGOT_GPU_ARENA] + roundUp(model->arena_bytes);
  start[INGOT_GPU_INPUT] = start[INGOT_GPU_STATE] + roundUp(model->state_bytes);
  start[INGOT_GPU_OUTPUT] = start[INGOT_GPU_INPUT] + inputs;
  block.resize(start[INGOT_GPU_OUTPUT] + outputs + 256);
}

llvm::Error ShimDevice::open(const ingot_gpu_model *table, const uint8_t *weights) {
  model = table;
  if (model->version != INGOT_GPU_VERSION)
    return llvm::createStringError("the program was compiled for another version of the runtime");
  layOut();
  if (model->weights_bytes)
    std::memcpy(block.data(), weights, model->weights_bytes);
  return compile();
}

uint8_t *ShimDevice::address(const ingot_gpu_program &program, const ingot_gpu_place &place, const ingot_frame &frame) {
  if (place.space == INGOT_GPU_SCRATCH)
    return frame.scratch + place.offset;
  uint8_t *at = block.data() + start[place.space] + place.offset;
  const uint64_t *sizes = place.space == INGOT_GPU_INPUT ? program.input_bytes : program.output_bytes;
  for (uint32_t i = 0; place.space >= INGOT_GPU_INPUT && i < place.index; ++i)
    at += roundUp(sizes[i]);
  return at;
}

void ShimDevice::run(uint32_t index, const ingot_frame &frame) {
  const ingot_gpu_program &program = model->programs[index];
  for (uint32_t i = 0; i < program.input_count; ++i)
    std::memcpy(address(program, {INGOT_GPU_INPUT, i, 0, 0}, frame), frame.inputs[i], program.input_bytes[i]);
  if (model->state_bytes)
    std::memcpy(block.data() + start[INGOT_GPU_STATE], frame.state, model->state_bytes);
  for (const ingot_gpu_step &step : llvm::ArrayRef(program.steps, program.step_count)) {
    std::vector<void *> buffers;
    for (const ingot_gpu_place &place : llvm::ArrayRef(step.places, step.count))
      buffers.push_back(address(program, place, frame));
    if (step.kernel) {
      step.kernel(buffers.data(), step.params, 0, 1);
      continue;
    }
    const ingot_gpu_shader &shader = model->shaders[step.shader];
    kernels[step.shader](buffers.data(), shader.groups[0] * INGOT_GPU_GROUP, shader.groups[1]);
  }
  for (uint32_t i = 0; i < program.output_count; ++i)
    std::memcpy(frame.outputs[i], address(program, {INGOT_GPU_OUTPUT, i, 0, 0}, frame), program.output_bytes[i]);
  if (model->state_bytes)
    std::memcpy(frame.state, block.data() + start[INGOT_GPU_STATE], model->state_bytes);
}

void runShim(const ingot_gpu_model *model, uint32_t index, const ingot_frame *frame) {
  auto *device = static_cast<ShimDevice *>(*frame->device);
  if (!device) {
    device = new ShimDevice;
    *frame->device = device;
    if (llvm::Error error = device->open(model, frame->weights))
      device->problem = llvm::toString(std::move(error));
  }
  if (device->problem.empty())
    device->run(index, *frame);
}

const char *problemOfShim(void *const *slot) {
  auto *device = static_cast<const ShimDevice *>(*slot);
  return device && device->problem.empty() ? nullptr : device ? device->problem.c_str() : "no run has been made";
}

void closeShim(void **slot) {
  delete static_cast<ShimDevice *>(*slot);
  *slot = nullptr;
}

} // namespace

llvm::Expected<std::unique_ptr<LoadedProgram>> loadShim(llvm::ArrayRef<ObjectFile> objects, llvm::StringRef symbol, llvm::ArrayRef<Program> programs,
                                                        llvm::StringRef weights) {
  const HostSymbol symbols[] = {{"ingot_gpu_run", reinterpret_cast<void *>(&runShim)},
                                {"ingot_gpu_problem", reinterpret_cast<void *>(&problemOfShim)},
                                {"ingot_gpu_close", reinterpret_cast<void *>(&closeShim)}};
  return loadHostProgram(objects, symbol, programs, weights, symbols);
}

} // namespace ingot
