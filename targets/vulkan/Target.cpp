// GPUs with Vulkan 1.1: shaders are SPIR-V 1.3, a small C runtime records them into one command buffer a stretch between CPU steps.
#include "targets/common/Embedded.h"
#include "targets/common/gpu/GpuTarget.h"

#include "llvm/Support/DynamicLibrary.h"
#include "llvm/TargetParser/Triple.h"

namespace ingot {
namespace {

class VulkanTarget final : public GpuTarget {
public:
  using GpuTarget::GpuTarget;

  llvm::ArrayRef<llvm::StringRef> stages() const override {
    static const llvm::StringRef list[] = {"spirv", "llvm", "opt", "asm", "object"};
    return list;
  }

  llvm::Expected<std::unique_ptr<LoadedProgram>> load(const Device &device, llvm::ArrayRef<ObjectFile> objects, llvm::StringRef symbol,
                                                      llvm::ArrayRef<Program> programs, llvm::StringRef weights) const override {
    llvm::Expected<const Device *> cpu = hostUnit(device);
    if (!cpu)
      return cpu.takeError();
    std::string message;
    llvm::sys::DynamicLibrary loader = llvm::sys::DynamicLibrary::getPermanentLibrary("libvulkan.so.1", &message);
    void *find = loader.isValid() ? loader.getAddressOfSymbol("vkGetInstanceProcAddr") : nullptr;
    if (!find)
      return llvm::createStringError("no Vulkan loader: " + (message.empty() ? "libvulkan.so.1 has no vkGetInstanceProcAddr" : message));
    std::vector<ObjectFile> all(objects.begin(), objects.end());
    for (ObjectFile &object : gpuRuntime(device, **cpu))
      all.push_back(std::move(object));
    return loadHostProgram(all, symbol, programs, weights, {{"vkGetInstanceProcAddr", find}});
  }

protected:
  llvm::Expected<std::string> codeOf(const Shader &shader, StageSink sink) const override {
    std::string bytes(reinterpret_cast<const char *>(shader.words.data()), shader.words.size() * sizeof(uint32_t));
    if (sink)
      sink("spirv-" + shader.name, bytes);
    return bytes;
  }

  std::vector<ObjectFile> gpuRuntime(const Device &device, const Device &cpu) const override {
    llvm::Triple triple(cpu.triple);
    std::string name = ("vulkan/runtime/" + llvm::Triple::getArchTypeName(triple.getArch()) + "-linux.o").str();
    return {{"gpu.o", embeddedFile(name).str()}};
  }
};

} // namespace

const Target &getVulkanTarget() {
  static const FeatureRow features[] = {
#define FEATURE(name, llvm, doc) {name, llvm, doc},
#include "targets/vulkan/features.def"
#undef FEATURE
  };
  static const GpuTables tables = {"vulkan", "GPUs with Vulkan 1.1 compute shaders", features};
  static const VulkanTarget target(tables);
  return target;
}

} // namespace ingot
