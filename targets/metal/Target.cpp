// GPUs of Apple devices: shaders as text of the Metal Shading Language, which runtime/metal.m compiles on the device when a context first runs.
#include "targets/common/Embedded.h"
#include "targets/metal/Msl.h"

namespace ingot {
namespace {

class MetalTarget final : public GpuTarget {
public:
  using GpuTarget::GpuTarget;

  llvm::ArrayRef<llvm::StringRef> stages() const override {
    static const llvm::StringRef list[] = {"msl", "llvm", "opt", "asm", "object"};
    return list;
  }

  llvm::Expected<std::unique_ptr<LoadedProgram>> load(const Device &device, llvm::ArrayRef<ObjectFile> objects, llvm::StringRef symbol,
                                                      llvm::ArrayRef<Program> programs, llvm::StringRef weights) const override {
    llvm::Expected<const Device *> cpu = hostUnit(device);
    if (!cpu)
      return cpu.takeError();
    return loadShim(objects, symbol, programs, weights);
  }

protected:
  llvm::Expected<std::string> codeOf(const Shader &shader, StageSink sink) const override {
    llvm::Expected<std::string> text = mslOf(shader);
    if (text && sink)
      sink("msl-" + shader.name, *text);
    return text;
  }

  /// The runtime is Objective-C, which the application compiles: a package carries its source.
  std::vector<ObjectFile> gpuRuntime(const Device &device, const Device &cpu) const override {
    return {{"metal.m", embeddedFile("metal/runtime/metal.m").str()}};
  }
};

} // namespace

const Target &getMetalTarget() {
  static const FeatureRow features[] = {
#define FEATURE(name, llvm, doc) {name, llvm, doc},
#include "targets/metal/features.def"
#undef FEATURE
  };
  static const GpuTables tables = {"metal", "GPUs of Apple devices, by the Metal Shading Language", features};
  static const MetalTarget target(tables);
  return target;
}

} // namespace ingot
