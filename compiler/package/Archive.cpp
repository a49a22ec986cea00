// See Archive.h.
#include "compiler/package/Archive.h"
#include "compiler/package/PackageError.h"

#include "ingot/container.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Triple.h"

using namespace ingot;

/// Embedding is for small models: the bytes pass through LLVM and the user's linker.
constexpr size_t embedLimit = size_t(256) << 20;

llvm::Expected<std::string> ingot::makeArchive(llvm::ArrayRef<ObjectFile> objects, llvm::StringRef triple) {
  std::vector<llvm::NewArchiveMember> members;
  for (const ObjectFile &object : objects) {
    members.emplace_back(llvm::MemoryBufferRef(object.bytes, object.name));
    members.back().MemberName = object.name;
  }
  bool darwin = llvm::Triple(triple).isOSDarwin();
  auto kind = darwin ? llvm::object::Archive::K_DARWIN : llvm::object::Archive::K_GNU;
  std::string warning;
  llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> archive =
      llvm::writeArchiveToBuffer(members, llvm::SymtabWritingMode::NormalSymtab, kind, /*Deterministic=*/true, /*Thin=*/false,
                                 [&](llvm::Error error) { warning = llvm::toString(std::move(error)); });
  if (!archive)
    return packageError("IG0504", "the archive cannot be made: " + llvm::toString(archive.takeError()));
  if (!warning.empty())
    return packageError("IG0504", "the archive cannot be made: " + warning);
  return (*archive)->getBuffer().str();
}

static std::unique_ptr<llvm::TargetMachine> machineFor(const llvm::Triple &triple, std::string &error) {
  llvm::InitializeAllTargetInfos();
  llvm::InitializeAllTargets();
  llvm::InitializeAllTargetMCs();
  llvm::InitializeAllAsmPrinters();
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return nullptr;
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(triple, "", "", {}, llvm::Reloc::PIC_));
}

llvm::Expected<ObjectFile> ingot::makeDataObject(llvm::StringRef symbol, llvm::StringRef bytes, llvm::StringRef triple) {
  if (bytes.size() > embedLimit)
    return packageError("IG0504", "the container of " + std::to_string(bytes.size()) + " bytes is too large to embed (at most " +
                                      std::to_string(embedLimit) + ")", {}, "build without --embed-weights and load the .ingot file");
  llvm::Triple parsed(triple);
  std::string error;
  std::unique_ptr<llvm::TargetMachine> machine = machineFor(parsed, error);
  if (!machine)
    return packageError("IG0504", "no object format for '" + triple.str() + "': " + error);
  llvm::LLVMContext context;
  llvm::Module module("container", context);
  module.setTargetTriple(parsed);
  module.setDataLayout(machine->createDataLayout());
  llvm::Constant *data = llvm::ConstantDataArray::getString(context, bytes, /*AddNull=*/false);
  auto *global = new llvm::GlobalVariable(module, data->getType(), /*isConstant=*/true, llvm::GlobalValue::ExternalLinkage, data, symbol);
  global->setAlignment(llvm::Align(INGOT_SEGMENT_ALIGNMENT));
  llvm::SmallString<0> object;
  llvm::raw_svector_ostream stream(object);
  llvm::legacy::PassManager passes;
  if (machine->addPassesToEmitFile(passes, stream, nullptr, llvm::CodeGenFileType::ObjectFile))
    return packageError("IG0504", "no object files for '" + triple.str() + "'");
  passes.run(module);
  return ObjectFile{"container.o", std::string(object)};
}
