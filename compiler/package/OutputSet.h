// The files of a package, all or none: each is written to a temporary name beside its place, and renamed when all are complete.
#ifndef INGOT_COMPILER_PACKAGE_OUTPUTSET_H
#define INGOT_COMPILER_PACKAGE_OUTPUTSET_H

#include "llvm/Support/Error.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

#include <string>
#include <vector>

namespace ingot {

class OutputSet {
public:
  /// Files go into `dir`, which is made when it is missing.
  explicit OutputSet(llvm::StringRef dir) : dir(dir.str()) {}
  OutputSet(const OutputSet &) = delete;
  OutputSet &operator=(const OutputSet &) = delete;
  /// Removes what was not committed, and the folders that it made when they are empty.
  ~OutputSet();

  /// Writes one file (`name` relative to the folder; its own folder is made) through `write`. Errors: IG0501, or write's own.
  llvm::Error add(llvm::StringRef name, llvm::function_ref<llvm::Error(llvm::raw_fd_ostream &)> write);
  llvm::Error addText(llvm::StringRef name, llvm::StringRef text);
  /// Renames all files to their places. On an error none of them stays.
  llvm::Error commit();
  /// Full path of a file.
  std::string path(llvm::StringRef name) const;

private:
  struct File {
    std::string path;
    llvm::sys::fs::TempFile temporary;
  };
  llvm::Error makeFolder(llvm::StringRef folder);
  std::string dir;
  std::vector<File> files;
  std::vector<std::string> folders; // made here, outermost first
  bool committed = false;
};

} // namespace ingot

#endif
