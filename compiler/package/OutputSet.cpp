// See OutputSet.h.
#include "compiler/package/OutputSet.h"
#include "compiler/package/PackageError.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Path.h"

using namespace ingot;
namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

static llvm::Error cannotWrite(llvm::StringRef file, std::error_code code) {
  Where where;
  where.file = printable(file);
  return packageError("IG0501", "cannot write the file: " + code.message(), where, "make room or choose another folder with -o");
}

OutputSet::~OutputSet() {
  for (File &file : files)
    llvm::consumeError(file.temporary.discard());
  if (committed)
    return;
  for (const std::string &folder : llvm::reverse(folders))
    fs::remove(folder); // fails, rightly, when something else is in it
}

std::string OutputSet::path(llvm::StringRef name) const {
  llvm::SmallString<256> full(dir);
  path::append(full, name);
  return std::string(full);
}

/// Makes a folder and its parents, and remembers which ones are new.
llvm::Error OutputSet::makeFolder(llvm::StringRef folder) {
  std::vector<std::string> missing;
  for (llvm::StringRef at = folder; !at.empty() && !fs::exists(at); at = path::parent_path(at))
    missing.push_back(at.str());
  for (const std::string &at : llvm::reverse(missing)) {
    if (std::error_code code = fs::create_directory(at))
      return cannotWrite(at, code);
    folders.push_back(at);
  }
  return llvm::Error::success();
}

llvm::Error OutputSet::add(llvm::StringRef name, llvm::function_ref<llvm::Error(llvm::raw_fd_ostream &)> write) {
  std::string full = path(name);
  if (llvm::Error error = makeFolder(path::parent_path(full)))
    return error;
  llvm::Expected<fs::TempFile> temporary = fs::TempFile::create(full + ".%%%%%%%%.tmp");
  if (!temporary)
    return cannotWrite(full, llvm::errorToErrorCode(temporary.takeError()));
  files.push_back({full, std::move(*temporary)});
  llvm::raw_fd_ostream out(files.back().temporary.FD, /*shouldClose=*/false);
  llvm::Error error = write(out);
  out.flush();
  std::error_code code = out.error();
  out.clear_error();
  if (error)
    return error;
  return code ? cannotWrite(full, code) : llvm::Error::success();
}

llvm::Error OutputSet::addText(llvm::StringRef name, llvm::StringRef text) {
  return add(name, [&](llvm::raw_fd_ostream &out) {
    out << text;
    return llvm::Error::success();
  });
}

llvm::Error OutputSet::commit() {
  for (size_t i = 0; i < files.size(); ++i) {
    llvm::Error error = files[i].temporary.keep(files[i].path);
    if (!error)
      continue;
    for (size_t done = 0; done < i; ++done)
      fs::remove(files[done].path);
    files.erase(files.begin(), files.begin() + i + 1);
    return cannotWrite(path(""), llvm::errorToErrorCode(std::move(error)));
  }
  files.clear();
  committed = true;
  return llvm::Error::success();
}
