// External data of a model: files beneath the model's folder, mapped read-only. A model is not trusted, so a location that could reach
// another file (absolute, "..", a link, a device) is refused: by its spelling first, then by the kernel while it is opened.
#include "compiler/import/onnx/OnnxTensor.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/openat2.h>
#include <sys/syscall.h>
#endif

namespace ingot {
namespace {

const char *const kHelp = "external data must be ordinary files (no links) in the model's own folder; copy them there and save the model again";

bool safeLocation(llvm::StringRef location) {
  if (location.empty() || location.size() > kMaxOnnxName || location.contains('\0') || location.contains('\\'))
    return false;
  llvm::SmallVector<llvm::StringRef, 4> parts;
  location.split(parts, '/');
  return llvm::all_of(parts, [](llvm::StringRef part) { return !part.empty() && part != "." && part != ".."; });
}

/// Opens part by part without following links: for kernels without openat2.
int openByParts(int folder, llvm::StringRef location) {
  int at = ::dup(folder);
  while (at >= 0) {
    auto [part, rest] = location.split('/');
    int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | (rest.empty() ? 0 : O_DIRECTORY);
    int next = ::openat(at, part.str().c_str(), flags);
    ::close(at);
    if (rest.empty())
      return next;
    at = next;
    location = rest;
  }
  return -1;
}

int openBeneath(int folder, const std::string &location) {
#if defined(__linux__) && defined(SYS_openat2)
  open_how how = {};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  long file = ::syscall(SYS_openat2, folder, location.c_str(), &how, sizeof(how));
  if (file >= 0 || (errno != ENOSYS && errno != EPERM))
    return static_cast<int>(file);
#endif
  return openByParts(folder, location);
}

} // namespace

std::optional<MappedBytes> ExternalFiles::map(const std::string &location, OnnxError &error) {
  auto fail = [&](const char *code, const char *what) {
    error = {code, std::string("external data ") + what, kHelp};
    return std::nullopt;
  };
  if (!safeLocation(location))
    return fail("IG0111", "has a location that is not a plain path below the model's folder");
  int base = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (base < 0)
    return fail("IG0112", "cannot be read: the model's folder does not open");
  int file = openBeneath(base, location);
  int why = errno;
  ::close(base);
  if (file < 0 && (why == ELOOP || why == EXDEV))
    return fail("IG0111", "lies behind a symbolic link");
  if (file < 0)
    return fail("IG0112", ("cannot be opened: " + std::string(std::strerror(why))).c_str());
  auto close = llvm::scope_exit([&] { ::close(file); });
  struct stat status = {};
  if (::fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
    return fail("IG0112", "is not an ordinary file");
  if (status.st_nlink != 1)
    return fail("IG0111", "is a hard link to another file");
  MappedBytes bytes;
  bytes.size = static_cast<uint64_t>(status.st_size);
  if (bytes.size == 0)
    return bytes;
  std::error_code ec;
  auto region = std::make_shared<llvm::sys::fs::mapped_file_region>(llvm::sys::fs::convertFDToNativeFile(file),
                                                                    llvm::sys::fs::mapped_file_region::readonly, bytes.size, 0, ec);
  if (ec)
    return fail("IG0112", "cannot be mapped into memory");
  bytes.data = region->const_data();
  bytes.owner = region;
  return bytes;
}

std::optional<MappedBytes> ExternalFiles::view(const std::string &location, uint64_t offset, uint64_t length, OnnxError &error) {
  auto found = files.find(location);
  if (found == files.end()) {
    std::optional<MappedBytes> bytes = map(location, error);
    if (!bytes)
      return std::nullopt;
    found = files.emplace(location, *bytes).first;
  }
  const MappedBytes &file = found->second;
  if (offset > file.size || length > file.size - offset) {
    error = {"IG0113", llvm::formatv("external data [{0}, +{1}] leave the file, which has {2} bytes", offset, length, file.size),
             "the data file is cut short or belongs to another model; copy it again"};
    return std::nullopt;
  }
  return MappedBytes{file.data ? file.data + offset : nullptr, length, file.owner};
}

} // namespace ingot
