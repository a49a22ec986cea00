// Tables, numbers and JSON as every subcommand prints them.
#include "tools/ingot/Command.h"

#include "compiler/support/Files.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Unicode.h"

#include <chrono>
#include <cmath>

namespace ingot {

int Context::fail(llvm::StringRef code, std::string what, std::string file, std::string help) const {
  Where where;
  where.file = std::move(file);
  diagnostics.report(code, std::move(what), std::move(where), std::move(help));
  return kUserFault;
}

/// Columns on the screen; bytes when the text is not printable.
static size_t widthOf(llvm::StringRef text) {
  int columns = llvm::sys::unicode::columnWidthUTF8(text);
  return columns < 0 ? text.size() : static_cast<size_t>(columns);
}

void Table::print(llvm::raw_ostream &out) const {
  std::vector<size_t> widths;
  for (const auto &row : rows)
    for (size_t i = 0; i < row.size(); ++i) {
      if (widths.size() <= i)
        widths.push_back(0);
      widths[i] = std::max(widths[i], widthOf(row[i]));
    }
  for (const auto &row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      out << (i ? "  " : "") << row[i];
      if (i + 1 < row.size())
        out.indent(widths[i] - widthOf(row[i]));
    }
    out << '\n';
  }
}

int finish(const Context &context, llvm::json::Value value, int status) {
  if (!context.options.has("json"))
    return status;
  std::string path = context.options.text("json"), text = llvm::formatv("{0:2}\n", value).str();
  if (path == "-")
    llvm::outs() << text;
  else if (!writeFileAtomically(path, text, context.diagnostics))
    return std::max(status, kUserFault);
  return status;
}

bool printsTable(const Context &context) { return context.options.text("json") != "-"; }

std::string fixed(double value, int digits) {
  char text[64];
  snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

std::string brief(double value) {
  char text[64];
  snprintf(text, sizeof text, "%.3g", value);
  return text;
}

std::string bytesText(int64_t bytes) {
  constexpr int64_t kKiB = 1024, kMiB = kKiB * 1024;
  if (bytes < kKiB)
    return std::to_string(bytes) + " B";
  return bytes < kMiB ? fixed(double(bytes) / kKiB, 1) + " KiB" : fixed(double(bytes) / kMiB, 1) + " MiB";
}

std::string shapeText(llvm::ArrayRef<int64_t> shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i)
    text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

llvm::json::Value jsonNumber(double value) { return std::isfinite(value) ? llvm::json::Value(value) : llvm::json::Value(nullptr); }

double secondsNow() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

double medianOf(std::vector<double> values) {
  llvm::sort(values);
  return values.empty() ? 0 : values[values.size() / 2];
}

} // namespace ingot
