// Diagnostics: code + what + where + expected/found + help. Every message a user sees goes through here, as text, JSON or SARIF.
// Codes are the rows of Diag.def; `ingot explain CODE` prints their long text.
#ifndef INGOT_COMPILER_DIAG_H
#define INGOT_COMPILER_DIAG_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ingot {

enum class Severity { Error, Warning, Note };

/// Where in the user's input: any part may be empty.
struct Where {
  std::string file;
  std::string node;   // "Conv 'conv1'": op type and node name
  std::string tensor; // tensor or value name
  std::optional<uint64_t> byte;
};

struct Diagnostic {
  Severity severity = Severity::Error;
  std::string code;     // "IG0214"
  std::string what;     // lower-case start, no final period, values found
  Where where;
  std::string expected; // optional
  std::string found;    // optional
  std::string help;     // what to do
};

/// One row of Diag.def.
struct DiagInfo {
  llvm::StringRef code;
  Severity severity;
  llvm::StringRef title;
  llvm::StringRef explanation; // several lines: cause, example, remedy
};
llvm::ArrayRef<DiagInfo> diagTable();
const DiagInfo *findDiag(llvm::StringRef code);

/// Collects diagnostics of one run, in order. Not thread-safe: workers collect their own and merge in order.
class Diagnostics {
public:
  void report(Diagnostic diagnostic);
  /// Shorthand: severity from the table.
  void report(llvm::StringRef code, std::string what, Where where = {}, std::string help = "");
  bool hasErrors() const { return errors != 0; }
  llvm::ArrayRef<Diagnostic> all() const { return list; }
  /// Errors and warnings; notes are for the report.
  void printText(llvm::raw_ostream &out, bool color) const;
  llvm::json::Value toJson() const;
  llvm::json::Value toSarif() const;

private:
  std::vector<Diagnostic> list;
  unsigned errors = 0;
};

/// The candidate closest to `word` (edit distance <= a third of its length), or "".
std::string closest(llvm::StringRef word, llvm::ArrayRef<llvm::StringRef> candidates);
/// `name` made printable: control characters and invalid UTF-8 escaped, at most `limit` bytes.
std::string printable(llvm::StringRef name, size_t limit = 120);

} // namespace ingot

#endif
