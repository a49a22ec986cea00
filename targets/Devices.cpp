// Devices from the embedded devices/*.toml of all targets. A file is one device, named as the file; every field and every feature
// must be known. The files are Ingot's own, so a fault in one ends the program with a message that names it.
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "targets/Target.h"
#include "targets/common/Embedded.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/Path.h"

namespace ingot {
namespace {

constexpr llvm::StringRef fields[] = {"description", "os",       "triple",   "cpu",        "features",      "units",        "cores",
                                      "vector_bytes", "l1_bytes", "l2_bytes", "page_bytes", "vtcm_bytes", "bandwidth_gbs"};

std::string hint(llvm::StringRef word, llvm::ArrayRef<llvm::StringRef> legal) {
  std::string close = closest(word, legal);
  return close.empty() ? std::string() : "; did you mean '" + close + "'?";
}

class DeviceReader {
public:
  DeviceReader(const EmbeddedFile &file, const Target &target) : file(file), target(target) {}

  Device read() {
    toml::parse_result result = toml::parse(std::string_view(file.bytes.data(), file.bytes.size()));
    if (!result)
      fail(result.error().description());
    table = std::move(result).table();
    for (auto &&[key, value] : table)
      if (llvm::StringRef name(key.data(), key.length()); !llvm::is_contained(fields, name))
        fail(("unknown field '" + name + "'" + hint(name, fields)).str());
    Device device;
    device.name = llvm::sys::path::stem(file.name).str();
    device.target = target.name().str();
    device.description = text("description");
    device.os = text("os");
    readUnits(device);
    if (device.units.empty()) {
      device.triple = text("triple");
      device.cpu = text("cpu");
    }
    device.cores = number("cores", device.cores);
    device.vectorBytes = number("vector_bytes", device.vectorBytes);
    device.l1Bytes = number("l1_bytes", device.l1Bytes);
    device.l2Bytes = number("l2_bytes", device.l2Bytes);
    device.vtcmBytes = number("vtcm_bytes", device.vtcmBytes);
    device.pageBytes = number("page_bytes", device.pageBytes);
    device.bandwidthGBs = table["bandwidth_gbs"].value_or(0.0);
    readFeatures(device);
    return device;
  }

private:
  [[noreturn]] void fail(std::string_view what) {
    llvm::report_fatal_error(llvm::Twine("device file '") + file.name + "': " + llvm::StringRef(what.data(), what.size()), false);
  }
  std::string text(llvm::StringRef name) {
    std::optional<std::string> value = table[std::string_view(name)].value<std::string>();
    if (!value)
      fail(("field '" + name + "' must be a string").str());
    return *value;
  }
  int64_t number(llvm::StringRef name, int64_t fallback) {
    toml::node_view<toml::node> node = table[std::string_view(name)];
    if (!node)
      return fallback;
    std::optional<int64_t> value = node.value_exact<int64_t>();
    if (!value || *value <= 0)
      fail(("field '" + name + "' must be a positive integer").str());
    return *value;
  }
  void readUnits(Device &device) {
    if (!table["units"])
      return;
    const toml::array *list = table["units"].as_array();
    if (!list)
      fail("field 'units' must be a list of devices");
    for (const toml::node &node : *list)
      device.units.push_back(node.value_or(std::string()));
  }
  void readFeatures(Device &device) {
    const toml::array *list = table["features"].as_array();
    if (!list)
      fail("field 'features' must be a list of names");
    for (const toml::node &node : *list) {
      std::string name = node.value_or(std::string());
      if (!llvm::is_contained(target.features(), name))
        fail("unknown feature '" + name + "'" + hint(name, target.features()));
      device.features.push_back(name);
    }
  }

  const EmbeddedFile &file;
  const Target &target;
  toml::table table;
};

std::vector<Device> readDevices() {
  std::vector<Device> devices;
  for (const Target *target : allTargets())
    if (std::optional<Device> host = target->host())
      devices.push_back(*host);
  for (const Target *target : allTargets())
    for (const EmbeddedFile &file : embeddedFiles())
      if (file.name.starts_with((target->name() + "/devices/").str()))
        devices.push_back(DeviceReader(file, *target).read());
  return devices;
}

} // namespace

llvm::ArrayRef<Device> allDevices() {
  static const std::vector<Device> devices = readDevices();
  return devices;
}

const Device *findDevice(llvm::StringRef name, Diagnostics &diagnostics) {
  std::vector<llvm::StringRef> names;
  for (const Device &device : allDevices()) {
    if (device.name == name)
      return &device;
    names.push_back(device.name);
  }
  std::string close = closest(name, names);
  std::string known = llvm::join(names, ", ");
  diagnostics.report("IG0301", "unknown device '" + printable(name) + "'", {},
                     close.empty() ? "the devices are " + known : "did you mean '" + close + "'? The devices are " + known);
  return nullptr;
}

} // namespace ingot
