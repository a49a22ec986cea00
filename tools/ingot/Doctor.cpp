// ingot doctor: what is installed that some commands need, and what this machine has.
#include "targets/Target.h"
#include "tools/ingot/Command.h"

#include "llvm/Config/llvm-config.h"
#include "llvm/Support/Program.h"
#include "llvm/TargetParser/Host.h"

namespace ingot {
namespace {

struct Tool {
  std::vector<llvm::StringRef> names; // the first found counts
  llvm::StringRef purpose;
  bool required;
};

const Tool kTools[] = {
    {{"ld.lld-22", "ld.lld"}, "links programs for another machine, so that tests can run them", false},
    {{"clang-22", "clang"}, "compiles an app against the generated header", false},
    {{"qemu-aarch64", "qemu-aarch64-static"}, "runs programs for arm devices (run, test, conform)", false},
    {{"clang++-22", "clang++"}, "compiles the shaders of metal-shim (run, test, conform)", false},
};

} // namespace

int runDoctor(const Context &context) {
  Table table({"what", "found", "for"});
  llvm::json::Array rows;
  auto add = [&](std::string what, std::string found, std::string purpose) {
    table.add({what, found.empty() ? "missing" : found, purpose});
    rows.push_back(llvm::json::Object{{"what", what}, {"found", found}, {"purpose", purpose}});
  };
  add("ingot", INGOT_VERSION, "");
  add("LLVM", LLVM_VERSION_STRING, "code generation");
  for (const Tool &tool : kTools) {
    std::string path;
    for (llvm::StringRef candidate : tool.names)
      if (path.empty())
        if (llvm::ErrorOr<std::string> found = llvm::sys::findProgramByName(candidate, {}))
          path = *found;
    if (path.empty())
      if (llvm::ErrorOr<std::string> found = llvm::sys::findProgramByName(tool.names.back(), {"/usr/lib/llvm-22/bin"}))
        path = *found;
    add(tool.names[0].str(), path, tool.purpose.str());
  }
  add("host cpu", llvm::sys::getHostCPUName().str(), llvm::sys::getDefaultTargetTriple());
  for (const Target *target : allTargets())
    if (std::optional<Device> host = target->host())
      add("host device", host->target + ": " + std::to_string(host->cores) + " cores, " + std::to_string(host->vectorBytes) + " B vectors",
          llvm::join(host->features, " "));
  if (printsTable(context))
    table.print(llvm::outs());
  return finish(context, llvm::json::Object{{"checks", std::move(rows)}}, kDone);
}

} // namespace ingot
