// Errors of packaging carry a diagnostic, so that a caller can report code, place and remedy as they are.
#ifndef INGOT_COMPILER_PACKAGE_PACKAGEERROR_H
#define INGOT_COMPILER_PACKAGE_PACKAGEERROR_H

#include "compiler/Diag.h"

#include "llvm/Support/Error.h"

namespace ingot {

class PackageError : public llvm::ErrorInfo<PackageError> {
public:
  static char ID;
  explicit PackageError(Diagnostic diagnostic) : diagnostic(std::move(diagnostic)) {}
  void log(llvm::raw_ostream &out) const override;
  std::error_code convertToErrorCode() const override { return llvm::inconvertibleErrorCode(); }

  Diagnostic diagnostic;
};

/// An error with a code of Diag.def. `help` may be empty.
llvm::Error packageError(llvm::StringRef code, std::string what, Where where = {}, std::string help = "");

/// Reports an error of any kind: a PackageError as its diagnostic, others as IG0501 with their message.
void reportError(llvm::Error error, Diagnostics &diagnostics);

} // namespace ingot

#endif
