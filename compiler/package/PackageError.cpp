// See PackageError.h.
#include "compiler/package/PackageError.h"

using namespace ingot;

char PackageError::ID = 0;

void PackageError::log(llvm::raw_ostream &out) const {
  out << diagnostic.code << ": " << diagnostic.what;
  if (!diagnostic.where.file.empty())
    out << " in " << diagnostic.where.file;
}

llvm::Error ingot::packageError(llvm::StringRef code, std::string what, Where where, std::string help) {
  Diagnostic diagnostic;
  diagnostic.code = code.str();
  diagnostic.what = std::move(what);
  diagnostic.where = std::move(where);
  diagnostic.help = std::move(help);
  return llvm::make_error<PackageError>(std::move(diagnostic));
}

void ingot::reportError(llvm::Error error, Diagnostics &diagnostics) {
  llvm::handleAllErrors(
      std::move(error), [&](const PackageError &packaging) { diagnostics.report(packaging.diagnostic); },
      [&](const llvm::ErrorInfoBase &other) { diagnostics.report("IG0501", other.message()); });
}
