// Diagnostics: the table of codes (Diag.def and the ones of other areas), and their printing as text, JSON and SARIF.
#include "compiler/Diag.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/FormatVariadic.h"

#include <algorithm>

namespace ingot {
namespace {

constexpr DiagInfo kTable[] = {
#define DIAG(code, severity, title, explanation) {#code, Severity::severity, title, explanation},
#include "compiler/Diag.def"
#if __has_include("compiler/import/onnx/Diag.def")
#include "compiler/import/onnx/Diag.def"
#endif
#if __has_include("compiler/import/gguf/Diag.def")
#include "compiler/import/gguf/Diag.def"
#endif
#include "compiler/import/gguf/tokenizer/Diag.def"
#if __has_include("compiler/package/Diag.def")
#include "compiler/package/Diag.def"
#endif
#undef DIAG
};

llvm::StringRef severityName(Severity severity) {
  switch (severity) {
  case Severity::Error:
    return "error";
  case Severity::Warning:
    return "warning";
  case Severity::Note:
    return "note";
  }
  return "error";
}

llvm::raw_ostream::Colors colorOf(Severity severity) {
  if (severity == Severity::Error)
    return llvm::raw_ostream::RED;
  return severity == Severity::Warning ? llvm::raw_ostream::MAGENTA : llvm::raw_ostream::CYAN;
}

/// "in model.onnx at byte 12, Conv 'c1', tensor 'x'"; empty when nothing is known.
std::string whereText(const Where &where) {
  llvm::SmallVector<std::string, 3> parts;
  if (!where.file.empty())
    parts.push_back(printable(where.file, 400) + (where.byte ? llvm::formatv(" at byte {0}", *where.byte).str() : ""));
  if (!where.node.empty())
    parts.push_back(printable(where.node));
  if (!where.tensor.empty())
    parts.push_back("tensor '" + printable(where.tensor) + "'");
  return llvm::join(parts, ", ");
}

void printOne(const Diagnostic &d, llvm::raw_ostream &out, bool color) {
  if (color)
    out.changeColor(colorOf(d.severity), /*Bold=*/true);
  out << severityName(d.severity) << '[' << d.code << ']';
  if (color)
    out.resetColor();
  out << ": " << d.what << '\n';
  std::string where = whereText(d.where);
  if (!where.empty())
    out << "  in " << where << '\n';
  if (!d.expected.empty())
    out << "  expected " << d.expected << (d.found.empty() ? "" : ", found " + d.found) << '\n';
  if (d.expected.empty() && !d.found.empty())
    out << "  found " << d.found << '\n';
  if (!d.help.empty())
    out << "  help: " << d.help << '\n';
}

/// JSON demands valid UTF-8; names in model files need not be.
llvm::json::Value text(llvm::StringRef s) { return llvm::json::isUTF8(s) ? s.str() : llvm::json::fixUTF8(s); }

void putText(llvm::json::Object &object, llvm::StringRef key, llvm::StringRef value) {
  if (!value.empty())
    object[key] = text(value);
}

llvm::json::Object sarifResult(const Diagnostic &d) {
  std::string message = d.what;
  if (!d.help.empty())
    message += ". " + d.help;
  llvm::json::Object result{{"ruleId", d.code}, {"level", severityName(d.severity)}, {"message", llvm::json::Object{{"text", text(message)}}}};
  llvm::json::Object location;
  if (!d.where.file.empty()) {
    llvm::json::Object physical{{"artifactLocation", llvm::json::Object{{"uri", text(d.where.file)}}}};
    if (d.where.byte)
      physical["region"] = llvm::json::Object{{"byteOffset", static_cast<int64_t>(std::min<uint64_t>(*d.where.byte, INT64_MAX))}};
    location["physicalLocation"] = std::move(physical);
  }
  std::string logical = d.where.node.empty() ? d.where.tensor : d.where.node;
  if (!logical.empty())
    location["logicalLocations"] = llvm::json::Array{llvm::json::Object{{"fullyQualifiedName", text(logical)}}};
  if (!location.empty())
    result["locations"] = llvm::json::Array{std::move(location)};
  return result;
}

} // namespace

llvm::ArrayRef<DiagInfo> diagTable() { return kTable; }

const DiagInfo *findDiag(llvm::StringRef code) {
  const DiagInfo *row = std::find_if(std::begin(kTable), std::end(kTable), [&](const DiagInfo &info) { return info.code.equals_insensitive(code); });
  return row == std::end(kTable) ? nullptr : row;
}

void Diagnostics::report(Diagnostic diagnostic) {
  errors += diagnostic.severity == Severity::Error;
  list.push_back(std::move(diagnostic));
}

void Diagnostics::report(llvm::StringRef code, std::string what, Where where, std::string help) {
  const DiagInfo *row = findDiag(code);
  Diagnostic diagnostic;
  diagnostic.severity = row ? row->severity : Severity::Error;
  diagnostic.code = code.str();
  diagnostic.what = std::move(what);
  diagnostic.where = std::move(where);
  diagnostic.help = std::move(help);
  report(std::move(diagnostic));
}

void Diagnostics::printText(llvm::raw_ostream &out, bool color) const {
  for (const Diagnostic &d : list)
    if (d.severity != Severity::Note)
      printOne(d, out, color);
}

llvm::json::Value Diagnostics::toJson() const {
  llvm::json::Array rows;
  for (const Diagnostic &d : list) {
    llvm::json::Object row{{"severity", severityName(d.severity)}, {"code", d.code}, {"what", text(d.what)}};
    putText(row, "file", d.where.file);
    putText(row, "node", d.where.node);
    putText(row, "tensor", d.where.tensor);
    if (d.where.byte)
      row["byte"] = static_cast<int64_t>(std::min<uint64_t>(*d.where.byte, INT64_MAX));
    putText(row, "expected", d.expected);
    putText(row, "found", d.found);
    putText(row, "help", d.help);
    rows.push_back(std::move(row));
  }
  return rows;
}

llvm::json::Value Diagnostics::toSarif() const {
  llvm::json::Array rules, results;
  for (const DiagInfo &row : diagTable())
    if (llvm::any_of(list, [&](const Diagnostic &d) { return d.code == row.code; }))
      rules.push_back(llvm::json::Object{{"id", row.code}, {"shortDescription", llvm::json::Object{{"text", row.title}}},
                                         {"fullDescription", llvm::json::Object{{"text", row.explanation}}}});
  for (const Diagnostic &d : list)
    results.push_back(sarifResult(d));
  llvm::json::Object driver{{"name", "ingot"}, {"rules", std::move(rules)}};
  llvm::json::Object run{{"tool", llvm::json::Object{{"driver", std::move(driver)}}}, {"results", std::move(results)}};
  return llvm::json::Object{{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"}, {"version", "2.1.0"}, {"runs", llvm::json::Array{std::move(run)}}};
}

std::string closest(llvm::StringRef word, llvm::ArrayRef<llvm::StringRef> candidates) {
  // A third of the length, but one slip is always forgiven.
  unsigned limit = std::max<unsigned>(1, word.size() / 3), best = limit + 1;
  std::string found;
  for (llvm::StringRef candidate : candidates) {
    unsigned distance = word.edit_distance_insensitive(candidate, /*AllowReplacements=*/true, limit);
    if (distance >= best)
      continue;
    best = distance;
    found = candidate.str();
  }
  return found;
}

std::string printable(llvm::StringRef name, size_t limit) {
  std::string result;
  const llvm::UTF8 *at = reinterpret_cast<const llvm::UTF8 *>(name.begin());
  const llvm::UTF8 *end = reinterpret_cast<const llvm::UTF8 *>(name.end());
  while (at != end) {
    unsigned length = llvm::getNumBytesForUTF8(*at);
    bool valid = length != 0 && length <= static_cast<size_t>(end - at) && llvm::isLegalUTF8Sequence(at, at + length);
    // U+0080..9F are control characters, U+200E.. and U+202A.. change the direction of text.
    bool control = valid && ((length == 1 && (*at < 0x20 || *at == 0x7f)) || (length == 2 && at[0] == 0xc2 && at[1] < 0xa0) ||
                             (length == 3 && at[0] == 0xe2 && (at[1] == 0x80 || at[1] == 0x81) && at[2] >= 0x8b && at[2] <= 0xaf));
    length = valid ? length : 1;
    std::string piece(reinterpret_cast<const char *>(at), length);
    if (!valid || control) {
      piece.clear();
      for (unsigned i = 0; i < length; ++i)
        piece += llvm::formatv("\\x{0:x-2}", static_cast<unsigned>(at[i])).str();
    }
    if (result.size() + piece.size() + 3 > limit)
      return result + "...";
    result += piece;
    at += length;
  }
  return result;
}

} // namespace ingot
