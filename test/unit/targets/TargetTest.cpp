// Compiles a small planned module for the host, a Cortex-A76 and a Hexagon, runs all, and compares every byte with values computed here.
// Exit status 0: all agree. An emulated part is skipped, with a note, where its emulator or ld.lld is missing.
#include "dialects/Registry.h"
#include "targets/Target.h"
#include "test/unit/targets/Check.h"

#include "mlir/Parser/Parser.h"
#include "llvm/Support/Program.h"

#include <chrono>
#include <cmath>
#include <cstring>
#include <fstream>

using namespace ingot;

namespace {

/// Transposes f32[3,5] with |x| + 0.25 into the arena, then writes i1 x > 1 of the transposed values.
constexpr llvm::StringLiteral source = R"(
module {
  kernel.func @map_abs dims [5, 3] offsets [0, 0] strides [1, 5, 3, 1] result f32 {
  ^bb0(%a: f32):
    %c = arith.constant 2.500000e-01 : f32
    %0 = math.absf %a : f32
    %1 = arith.addf %0, %c : f32
    kernel.yield %1 : f32
  }
  kernel.func @map_above dims [15] offsets [0, 0, 0] strides [1, 0, 1] result i1 {
  ^bb0(%a: f32, %b: f32):
    %0 = arith.cmpf ogt, %a, %b : f32
    kernel.yield %0 : i1
  }
  kernel.func @map_half dims [15] offsets [0, 0] strides [1, 1] result f32 {
  ^bb0(%a: f32):
    %0 = arith.extf %a : f32 to f64
    %1 = arith.truncf %0 : f64 to bf16
    %2 = arith.extf %1 : bf16 to f32
    kernel.yield %2 : f32
  }
  deploy.program @run arena 64 scratch 0 workers 4 {
    deploy.call "map_abs" params [] places [#deploy.place<input, 0, 0, 60>, #deploy.place<arena, 0, 0, 60>] work 15
    deploy.barrier
    deploy.call "map_above" params [] places [#deploy.place<arena, 0, 0, 60>, #deploy.place<weights, 0, 64, 4>, #deploy.place<output, 0, 0, 15>] work 15
    deploy.call "map_half" params [] places [#deploy.place<arena, 0, 0, 60>, #deploy.place<output, 1, 0, 60>] work 15 {serial}
  }
}
)";

Program programOfSource() {
  Program program = {};
  program.arenaBytes = 64;
  program.workers = 4;
  program.inputs = {{"x", DType::F32, {3, 5}, 60}};
  program.outputs = {{"above", DType::Bool, {15}, 15}, {"half", DType::F32, {15}, 60}};
  program.weightsBytes = 68;
  return program;
}

/// Round half to even on bfloat16's 8 bits of significand.
float roundToBf16(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000u;
  std::memcpy(&value, &bits, 4);
  return value;
}

std::vector<Tensor> expectedOutputs(const Tensor &input, float limit) {
  std::vector<Tensor> expected = {Tensor(DType::Bool, {15}), Tensor(DType::F32, {15})};
  for (int64_t i = 0; i < 15; ++i) {
    float value = std::fabs(input.as<float>()[i % 3 * 5 + i / 3]) + 0.25f;
    expected[0].mutableData()[i] = value > limit;
    expected[1].mutableAs<float>()[i] = roundToBf16(value);
  }
  return expected;
}

void checkDevice(llvm::StringRef name, mlir::ModuleOp module) {
  Diagnostics diagnostics;
  const Device *device = findDevice(name, diagnostics);
  if (!check(device != nullptr, "device " + name.str() + " exists"))
    return;
  const Target *target = findTarget(device->target);
  auto start = std::chrono::steady_clock::now();
  llvm::Expected<std::vector<ObjectFile>> objects = target->emit(module, "unit", *device, StageSink());
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!succeeded(objects.takeError(), name.str() + " emit"))
    return;
  llvm::outs() << name << ": " << (*objects)[0].bytes.size() << " bytes in " << llvm::format("%.3f s\n", seconds);
  Tensor input(DType::F32, {3, 5});
  for (int64_t i = 0; i < 15; ++i)
    input.mutableAs<float>()[i] = static_cast<float>(i - 7) * 0.37f;
  float limit = 1.0f;
  std::string weights(68, '\0');
  std::memcpy(weights.data() + 64, &limit, 4);
  Program program = programOfSource();
  std::vector<Tensor> expected = expectedOutputs(input, limit);
  llvm::Expected<std::unique_ptr<LoadedProgram>> loaded = target->load(*device, *objects, "unit", program, weights);
  if (!succeeded(loaded.takeError(), name.str() + " load"))
    return;
  for (int64_t workers : {1, 2, 3, 4}) {
    auto outputs = runOnTensors(**loaded, program, 0, {input}, workers);
    if (!succeeded(outputs.takeError(), name.str() + " run"))
      return;
    for (size_t i = 0; i < expected.size(); ++i)
      check(std::memcmp((*outputs)[i].data(), expected[i].data(), expected[i].bytes()) == 0,
            name.str() + " output " + std::to_string(i) + " with " + std::to_string(workers) + " workers");
  }
}

/// Our own functions are linked and inlined into a loop of vectors, and nothing stays a call.
void checkMath(mlir::MLIRContext &context) {
  auto module = mlir::parseSourceString<mlir::ModuleOp>(R"(
module {
  kernel.func @map_exp dims [4096] offsets [0, 0] strides [1, 1] result f32 {
  ^bb0(%a: f32):
    %0 = math.exp %a : f32
    kernel.yield %0 : f32
  }
  deploy.program @run arena 0 scratch 0 workers 1 {
    deploy.call "map_exp" params [] places [#deploy.place<input, 0, 0, 16384>, #deploy.place<output, 0, 0, 16384>] work 4096
  }
})", &context);
  Diagnostics diagnostics;
  for (llvm::StringRef name : {"x86-64-v3", "cortex-a76"}) {
    const Device *device = findDevice(name, diagnostics);
    std::string optimised;
    auto keep = [&](llvm::StringRef stage, llvm::StringRef text) { optimised = stage == "opt" ? text.str() : optimised; };
    auto objects = findTarget(device->target)->emit(*module, "unit", *device, keep);
    if (!succeeded(objects.takeError(), name.str() + " emit of exp"))
      continue;
    check(optimised.find("@ik_exp_f32") == std::string::npos, name.str() + ": exp is inlined");
    check(optimised.find("x float> @llvm.fma") != std::string::npos, name.str() + ": exp is vectorised");
  }
}

/// A missing kernel, an unknown device and a program too large for its machine are errors that say so.
void checkErrors(mlir::MLIRContext &context) {
  auto module = mlir::parseSourceString<mlir::ModuleOp>(
      R"(module { deploy.program @run arena 0 scratch 0 workers 1 { deploy.call "ik_absent_f32" params [] places [] work 1 } })", &context);
  Diagnostics diagnostics;
  const Device *device = findDevice("cortex-a76", diagnostics);
  auto objects = findTarget(device->target)->emit(*module, "unit", *device, StageSink());
  std::string message = llvm::toString(objects.takeError());
  check(message.find("ik_absent_f32") != std::string::npos, "the error names the missing kernel: " + message);
  auto large = mlir::parseSourceString<mlir::ModuleOp>(
      R"(module { deploy.program @run arena 3000000000 scratch 0 workers 1 { deploy.call "ik_stage" params [1] places [] work 1 } })", &context);
  const Device *small = findDevice("hexagon-v68", diagnostics);
  message = llvm::toString(findTarget(small->target)->emit(*large, "unit", *small, StageSink()).takeError());
  check(message.find("3000000000 bytes are more than a 32-bit machine") != std::string::npos, "a program too large for 32 bits is refused: " + message);
  check(!findDevice("cortex-a67", diagnostics) && diagnostics.all().back().help.find("cortex-a76") != std::string::npos,
        "an unknown device has a hint");
}

/// Every preset of every target makes an object, Mach-O for Apple's.
void checkPresets(mlir::ModuleOp module) {
  for (const Device &device : allDevices()) {
    auto objects = findTarget(device.target)->emit(module, "unit", device, StageSink());
    if (!succeeded(objects.takeError(), device.name + " emit"))
      continue;
    bool apple = device.os == "ios" || device.os == "macos";
    check(llvm::StringRef((*objects)[0].bytes).starts_with(apple ? llvm::StringRef("\xcf\xfa\xed\xfe", 4) : llvm::StringRef("\x7f" "ELF", 4)),
          device.name + " object format");
  }
}

/// The host's caches are what Linux says they are, not what is taken where nothing is known.
void checkHostCaches() {
  Diagnostics diagnostics;
  const Device *host = findDevice("host", diagnostics);
  for (auto [index, bytes] : {std::pair("0", host->l1Bytes), std::pair("2", host->l2Bytes)}) {
    std::ifstream file(std::string("/sys/devices/system/cpu/cpu0/cache/index") + index + "/size");
    int64_t kibibytes = 0;
    char unit = 0;
    if (file >> kibibytes >> unit && unit == 'K')
      check(bytes == kibibytes * 1024, std::string("the host's cache ") + index + " is as large as the system says");
  }
}

} // namespace

int main() {
  mlir::MLIRContext context;
  loadDialects(context);
  auto module = mlir::parseSourceString<mlir::ModuleOp>(source, &context);
  if (!check(static_cast<bool>(module), "the module parses"))
    return finishChecks();
  checkDevice("host", *module);
  checkHostCaches();
  for (auto [device, emulator] : {std::pair("cortex-a76", "qemu-aarch64"), std::pair("hexagon-v68", "qemu-hexagon")}) {
    if (llvm::sys::findProgramByName(emulator) && llvm::sys::findProgramByName("ld.lld-22"))
      checkDevice(device, *module);
    else
      llvm::outs() << "skipped: running for " << device << " needs " << emulator << " and ld.lld-22\n";
  }
  checkMath(context);
  checkErrors(context);
  checkPresets(*module);
  checkKernelTables();
  return finishChecks();
}
