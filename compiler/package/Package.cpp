// See Package.h. The container comes first: header and archive depend on its size.
#include "compiler/package/Package.h"
#include "compiler/package/Archive.h"
#include "compiler/package/Identifiers.h"
#include "compiler/package/OutputSet.h"
#include "compiler/package/PackageError.h"

#include "runtime_stub/Objects.h"

#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace ingot;

static llvm::Error checkNames(const PackageRequest &request) {
  llvm::StringRef name = request.name;
  bool special = name.empty() || name == "." || name == ".." || name.size() > 200;
  bool folder = llvm::any_of(name, [](char c) { return c == '/' || c == '\\' || static_cast<unsigned char>(c) < 0x20; });
  if (special || folder)
    return packageError("IG0500", "the package cannot be called '" + printable(name) + "'", {}, "rename the model file");
  if (!isIdentifier(request.symbol))
    return packageError("IG0500", "'" + printable(request.symbol) + "' is no C identifier", {}, "rename the model file");
  return llvm::Error::success();
}

/// A path in a makefile rule.
static std::string escapedForMake(llvm::StringRef path) {
  std::string out;
  for (char c : path) {
    if (c == ' ' || c == '#' || c == '\\')
      out += '\\';
    if (c == '$')
      out += '$';
    out += c;
  }
  return out;
}

static std::string depfile(const PackageRequest &request, llvm::ArrayRef<std::string> outputs) {
  std::string text;
  for (const std::string &output : outputs)
    text += (text.empty() ? "" : " ") + escapedForMake(output);
  text += ":";
  if (!request.modelPath.empty())
    text += " " + escapedForMake(request.modelPath);
  for (const std::string &dependency : request.dependencies)
    text += " " + escapedForMake(dependency);
  return text + "\n";
}

/// The container's bytes in memory, for embedding.
static llvm::Expected<ObjectFile> embedContainer(const PackageRequest &request, const Layout &layout) {
  llvm::SmallString<0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  llvm::Expected<ContainerInfo> info = writeContainer(stream, layout, request.store, request.jobs, request.tokenizer);
  if (!info)
    return info.takeError();
  return makeDataObject("ingot_container_" + request.symbol, bytes, request.triple);
}

/// A part of the runtime that comes as source: anything with a suffix other than an object's.
static bool isSource(const ObjectFile &part) {
  llvm::StringRef suffix = llvm::sys::path::extension(part.name);
  return !suffix.empty() && suffix != ".o";
}

/// Whether an application of this package may want a part of the runtime.
static bool isUsed(llvm::StringRef part, const PackageRequest &request) {
  if (part == "runner")
    return false; // a test program with its own _start and memcpy: an application must never be linked with it
  if (part == "tokenizer")
    return !request.tokenizer.empty();
  if (part == "state")
    return !request.caches.empty();
  return request.isStreamed || (part != "stream" && part != "readahead");
}

static llvm::Expected<std::string> libraryOf(const PackageRequest &request, const Layout &layout) {
  std::vector<ObjectFile> members(request.objects.begin(), request.objects.end());
  if (request.embedWeights) {
    llvm::Expected<ObjectFile> container = embedContainer(request, layout);
    if (!container)
      return container.takeError();
    members.push_back(std::move(*container));
  }
  for (const ObjectFile &object : request.runtimeObjects) {
    llvm::StringRef name = llvm::sys::path::stem(object.name);
    if (!isSource(object) && isUsed(name, request))
      members.push_back({"ingot_" + name.str() + ".o", object.bytes});
  }
  return makeArchive(members, request.triple);
}

/// What the application compiles itself stands beside the headers.
static llvm::Error addSources(OutputSet &files, llvm::ArrayRef<ObjectFile> parts) {
  for (const ObjectFile &part : parts)
    if (isSource(part))
      if (llvm::Error error = files.addText("ingot/" + part.name, part.bytes))
        return error;
  return llvm::Error::success();
}

static llvm::Error addHeaders(OutputSet &files) {
  for (const RuntimeHeader &header : runtimeHeaders())
    if (llvm::Error error = files.addText(header.path, header.text))
      return error;
  return llvm::Error::success();
}

llvm::Expected<PackageResult> ingot::writePackage(const PackageRequest &request, llvm::StringRef dir) {
  if (llvm::Error error = checkNames(request))
    return std::move(error);
  llvm::Expected<Layout> layout = makeLayout(request.programs, request.store, request.name, request.device);
  if (!layout)
    return layout.takeError();
  OutputSet files(dir);
  ContainerInfo info;
  std::string containerName = request.name + ".ingot", headerName = request.name + ".h", libraryName = "lib" + request.name + ".a";
  llvm::Error error = files.add(containerName, [&](llvm::raw_fd_ostream &out) -> llvm::Error {
    llvm::Expected<ContainerInfo> written = writeContainer(out, *layout, request.store, request.jobs, request.tokenizer, request.watch);
    if (!written)
      return written.takeError();
    info = *written;
    return llvm::Error::success();
  });
  if (error)
    return std::move(error);
  llvm::Expected<std::string> library = libraryOf(request, *layout);
  if (!library)
    return library.takeError();
  std::string header = writeCHeader({*layout, request.symbol, info.bytes, request.embedWeights, request.constants, request.shapes, request.caches});
  std::vector<std::string> outputs = {files.path(libraryName), files.path(headerName), files.path(containerName)};
  if (llvm::Error failed = files.addText(libraryName, *library))
    return std::move(failed);
  if (llvm::Error failed = files.addText(headerName, header))
    return std::move(failed);
  if (llvm::Error failed = files.addText(request.name + ".d", depfile(request, outputs)))
    return std::move(failed);
  if (llvm::Error failed = addHeaders(files))
    return std::move(failed);
  if (llvm::Error failed = addSources(files, request.runtimeObjects))
    return std::move(failed);
  if (llvm::Error failed = files.commit())
    return std::move(failed);
  return PackageResult{static_cast<int64_t>(library->size()), info.bytes, static_cast<int64_t>(header.size()), info.abi, std::move(outputs)};
}
