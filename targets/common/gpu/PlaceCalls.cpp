// Which unit runs which call. A call runs on the GPU when its kernel becomes a shader that the device has the types for; shaders of
// equal calls are shared. Between two shaders stands a wait where one touches what the other wrote.
#include "targets/common/gpu/GpuProgram.h"

#include <map>

using namespace mlir;

namespace ingot {
namespace {

/// What makes two calls the same shader: kernel, parameters, and which operands are one.
std::string keyOf(deploy::CallOp call) {
  std::string key;
  llvm::raw_string_ostream stream(key);
  stream << call.getCallee();
  for (int64_t value : call.getParams())
    stream << ' ' << value;
  for (Attribute place : call.getPlaces())
    stream << (place == *llvm::find(call.getPlaces(), place) ? '|' : '=') << (llvm::find(call.getPlaces(), place) - call.getPlaces().begin());
  return key;
}

/// Bytes that unfinished steps touch.
class Pending {
public:
  bool conflicts(deploy::PlaceAttr place, bool writes) const {
    return llvm::any_of(list, [&](const Entry &e) {
      bool overlap = e.place.getSpace() == place.getSpace() && e.place.getIndex() == place.getIndex() &&
                     e.place.getOffset() < place.getOffset() + place.getBytes() && place.getOffset() < e.place.getOffset() + e.place.getBytes();
      return overlap && (writes || e.writes);
    });
  }
  void add(deploy::PlaceAttr place, bool writes) { list.push_back({place, writes}); }
  void clear() { list.clear(); }

private:
  struct Entry {
    deploy::PlaceAttr place;
    bool writes;
  };
  std::vector<Entry> list;
};

class Placer {
public:
  Placer(ModuleOp module, const Device &device, StringRef cpu) : module(module), device(device), cpu(cpu) {}

  llvm::Expected<GpuModel> run() {
    for (deploy::ProgramOp op : module.getOps<deploy::ProgramOp>()) {
      model.programs.push_back({op, {}});
      for (deploy::CallOp call : op.getBody().front().getOps<deploy::CallOp>())
        if (llvm::Error error = place(call))
          return std::move(error);
    }
    return std::move(model);
  }

private:
  llvm::Error place(deploy::CallOp call) {
    auto [it, isNew] = shaderOf.try_emplace(keyOf(call), Choice{-1, ""});
    if (isNew)
      it->second = choose(call);
    GpuStep step = {call, it->second.shader, false};
    if (step.shader < 0 && cpu.empty())
      return llvm::createStringError("device '" + device.name + "' has no unit for the kernel '" + call.getCallee() + "': " + it->second.why);
    Builder builder(module.getContext());
    call->setAttr("unit", builder.getStringAttr(step.shader < 0 ? cpu : StringRef(device.name)));
    if (step.shader < 0) {
      call->setAttr("why", builder.getStringAttr(it->second.why));
      pending.clear();
    } else {
      order(step);
    }
    model.programs.back().steps.push_back(step);
    return llvm::Error::success();
  }

  struct Choice {
    int64_t shader;
    std::string why;
  };

  Choice choose(deploy::CallOp call) {
    llvm::Expected<UnitFunction> unit = specialiseCall(call, module);
    if (!unit)
      return {-1, llvm::toString(unit.takeError())};
    int64_t count = names[call.getCallee()]++;
    std::string name = (call.getCallee() + (count ? "_" + llvm::Twine(count) : "")).str();
    llvm::Expected<Shader> shader = translateShader(*unit, name, form());
    if (!shader)
      return {-1, llvm::toString(shader.takeError())};
    for (const std::string &need : shader->needs)
      if (!llvm::is_contained(device.features, need))
        return {-1, "the device lacks " + need};
    model.shaders.push_back(std::move(*shader));
    return {static_cast<int64_t>(model.shaders.size()) - 1, ""};
  }

  /// A device that does not promise to fuse gets the exact form, if it has the types for it.
  FusedForm form() const {
    auto has = [&](StringRef feature) { return llvm::is_contained(device.features, feature); };
    return !has("fma") && has("float64") && has("int64") ? FusedForm::Exact : FusedForm::Native;
  }

  void order(GpuStep &step) {
    const Shader &shader = model.shaders[step.shader];
    auto places = step.call.getPlaces().getAsRange<deploy::PlaceAttr>();
    for (auto [k, place] : llvm::enumerate(places))
      step.wait |= pending.conflicts(place, shader.written[k]);
    if (step.wait)
      pending.clear();
    for (auto [k, place] : llvm::enumerate(places))
      pending.add(place, shader.written[k]);
  }

  ModuleOp module;
  const Device &device;
  StringRef cpu;
  GpuModel model;
  std::map<std::string, Choice> shaderOf;
  llvm::StringMap<int64_t> names;
  Pending pending;
};

} // namespace

llvm::Expected<GpuModel> placeCalls(ModuleOp module, const Device &device, StringRef cpu) { return Placer(module, device, cpu).run(); }

} // namespace ingot
