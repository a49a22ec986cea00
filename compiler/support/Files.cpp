// Files: see Files.h. "-" is not special here; the command line decides what it means.
#include "compiler/support/Files.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

namespace ingot {
namespace {

bool cannotWrite(llvm::StringRef path, llvm::StringRef why, Diagnostics &diagnostics) {
  diagnostics.report("IG0004", "cannot write '" + printable(path, 400) + "': " + why.str(), {}, "check that the folder exists and may be written");
  return false;
}

} // namespace

std::unique_ptr<llvm::MemoryBuffer> readFile(llvm::StringRef path, Diagnostics &diagnostics) {
  std::error_code error;
  if (llvm::sys::fs::is_directory(path)) {
    error = std::make_error_code(std::errc::is_a_directory);
  } else {
    llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> buffer =
        llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
    if (buffer)
      return std::move(*buffer);
    error = buffer.getError();
  }
  diagnostics.report("IG0003", "cannot read '" + printable(path, 400) + "': " + error.message(), {}, "check the path");
  return nullptr;
}

bool writeFileAtomically(llvm::StringRef path, llvm::StringRef bytes, Diagnostics &diagnostics) {
  return writeFileAtomically(path, diagnostics, [&](llvm::raw_ostream &out) { out << bytes; });
}

bool writeFileAtomically(llvm::StringRef path, Diagnostics &diagnostics, llvm::function_ref<void(llvm::raw_ostream &)> write) {
  // A device ("/dev/null", "/dev/stdout") cannot be renamed over.
  llvm::sys::fs::file_status status;
  bool exists = !llvm::sys::fs::status(path, status) && llvm::sys::fs::exists(status);
  if (exists && !llvm::sys::fs::is_regular_file(status)) {
    std::error_code error;
    llvm::raw_fd_ostream out(path, error);
    if (error)
      return cannotWrite(path, error.message(), diagnostics);
    write(out);
    return true;
  }
  llvm::Expected<llvm::sys::fs::TempFile> file = llvm::sys::fs::TempFile::create(path + ".tmp-%%%%%%", llvm::sys::fs::all_read | llvm::sys::fs::owner_write);
  if (!file)
    return cannotWrite(path, llvm::toString(file.takeError()), diagnostics);
  llvm::raw_fd_ostream out(file->FD, /*shouldClose=*/false);
  write(out);
  out.flush();
  if (out.has_error()) {
    std::string why = out.error().message();
    out.clear_error();
    llvm::consumeError(file->discard());
    return cannotWrite(path, why, diagnostics);
  }
  if (llvm::Error error = file->keep(path))
    return cannotWrite(path, llvm::toString(std::move(error)), diagnostics);
  return true;
}

bool createFolder(llvm::StringRef path, Diagnostics &diagnostics) {
  if (std::error_code error = llvm::sys::fs::create_directories(path))
    return cannotWrite(path, error.message(), diagnostics);
  return true;
}

} // namespace ingot
