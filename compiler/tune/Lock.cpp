// Reads and writes lock files: TOML of a fixed form, checked field by field.
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "compiler/tune/Lock.h"

#include "compiler/support/Files.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/BLAKE3.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>
#include <set>

namespace ingot {
namespace {

constexpr llvm::StringLiteral kDamagedCode = "IG0230", kForeignCode = "IG0231";
constexpr int64_t kVersion = 1;
constexpr llvm::StringLiteral kFields[] = {"version", "compiler", "model", "device", "machine", "choice"}, kEntryFields[] = {"what", "take", "rule", "ratio"};

std::string hashOf(llvm::StringRef bytes) { return llvm::toHex(llvm::BLAKE3::hash(llvm::arrayRefFromStringRef(bytes)), /*LowerCase=*/true); }

/// All that code and speed may depend on.
std::string describe(const Device &device) {
  std::string text = llvm::formatv("{0}\n{1}\n{2}\n{3}\n{4} {5} {6} {7}\n", device.target, device.os, device.triple, device.cpu, device.cores, device.vectorBytes,
                                   device.l1Bytes, device.l2Bytes);
  return text + llvm::join(device.features, " ");
}

/// A string in TOML's quotes.
std::string quoted(llvm::StringRef text) {
  std::string out = "\"";
  for (char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += llvm::formatv("\\u{0:X-4}", static_cast<unsigned>(c)).str();
      continue;
    }
    if (c == '"' || c == '\\')
      out += '\\';
    out += c;
  }
  return out + "\"";
}

/// Reads one file; the first fault is reported.
class LockReader {
public:
  LockReader(llvm::StringRef path, Diagnostics &diagnostics) : path(path), diagnostics(diagnostics) {}

  std::optional<TuneLock> read() {
    std::unique_ptr<llvm::MemoryBuffer> file = readFile(path, diagnostics);
    if (!file)
      return std::nullopt;
    constexpr size_t kMostBytes = 4 << 20;
    if (file->getBufferSize() > kMostBytes)
      return fail("has " + std::to_string(file->getBufferSize()) + " bytes, at most " + std::to_string(kMostBytes) + " are expected");
    toml::parse_result result = toml::parse(std::string_view(file->getBufferStart(), file->getBufferSize()));
    if (!result) {
      const toml::parse_error &error = result.error();
      return fail("line " + std::to_string(error.source().begin.line) + ": " + printable(llvm::StringRef(error.description().data(), error.description().size())));
    }
    const toml::table &table = result.table();
    if (table["version"].value_exact<int64_t>() != kVersion)
      return fail("has no 'version = 1'");
    TuneLock lock;
    bool good = checkFields(table, kFields) && text(table, "compiler", lock.compiler) && text(table, "model", lock.model) && text(table, "device", lock.device) &&
                text(table, "machine", lock.machine) && readEntries(table, lock);
    return good ? std::optional<TuneLock>(std::move(lock)) : std::nullopt;
  }

private:
  std::nullopt_t fail(const std::string &what) {
    diagnostics.report(kDamagedCode, "the lock file cannot be used: it " + what, {path.str()}, "delete it, or tune again with --tune SECONDS");
    return std::nullopt;
  }

  bool refuse(const std::string &what) {
    fail(what);
    return false;
  }

  bool checkFields(const toml::table &table, llvm::ArrayRef<llvm::StringLiteral> known) {
    for (auto &&[key, value] : table)
      if (llvm::StringRef name(key.data(), key.length()); !llvm::is_contained(known, name))
        return refuse("has the unknown field '" + printable(name) + "'");
    return true;
  }

  bool text(const toml::table &table, llvm::StringRef name, std::string &into) {
    std::optional<std::string> value = table[std::string_view(name)].value_exact<std::string>();
    into = value.value_or("");
    return !into.empty() || refuse("needs a text for '" + name.str() + "'");
  }

  bool readEntries(const toml::table &table, TuneLock &lock) {
    if (!table["choice"])
      return true;
    const toml::array *list = table["choice"].as_array();
    if (!list)
      return refuse("needs [[choice]] entries");
    std::set<std::string> keys;
    for (const toml::node &node : *list) {
      const toml::table *row = node.as_table();
      LockEntry entry;
      if (!row)
        return refuse("needs [[choice]] entries");
      if (!checkFields(*row, kEntryFields) || !text(*row, "what", entry.key) || !text(*row, "take", entry.way) || !text(*row, "rule", entry.rule))
        return false;
      std::optional<double> ratio = (*row)["ratio"].value<double>();
      if (!ratio || !std::isfinite(*ratio) || *ratio <= 0)
        return refuse("needs a number above 0 for 'ratio'");
      entry.ratio = *ratio;
      if (!keys.insert(entry.key).second)
        return refuse("has two entries for '" + printable(entry.key, 200) + "'");
      lock.entries.push_back(std::move(entry));
    }
    return true;
  }

  llvm::StringRef path;
  Diagnostics &diagnostics;
};

} // namespace

Choices::Wishes TuneLock::wishes() const {
  Choices::Wishes wishes;
  for (const LockEntry &entry : entries)
    wishes[entry.key] = entry.way;
  return wishes;
}

std::string lockPath(llvm::StringRef model) { return (model + ".tune").str(); }

std::optional<TuneLock> emptyLock(llvm::StringRef model, const Device &device, Diagnostics &diagnostics) {
  std::unique_ptr<llvm::MemoryBuffer> file = readFile(model, diagnostics);
  if (!file)
    return std::nullopt;
  return TuneLock{INGOT_VERSION, hashOf(file->getBuffer()), device.name, hashOf(describe(device)), {}};
}

std::string lockText(const TuneLock &lock) {
  std::string text;
  llvm::raw_string_ostream out(text);
  out << "# What `ingot build --tune` measured to be faster than the rules. Builds for this device take it while compiler, model and machine are the same;\n"
         "# without this file they follow the rules again.\n";
  out << "version = " << kVersion << "\ncompiler = " << quoted(lock.compiler) << "\nmodel = " << quoted(lock.model) << "\ndevice = " << quoted(lock.device)
      << "\nmachine = " << quoted(lock.machine) << '\n';
  std::vector<LockEntry> sorted(lock.entries);
  llvm::sort(sorted, [](const LockEntry &a, const LockEntry &b) { return a.key < b.key; });
  for (const LockEntry &entry : sorted)
    out << "\n[[choice]]\nwhat = " << quoted(entry.key) << "\ntake = " << quoted(entry.way) << "\nrule = " << quoted(entry.rule)
        << llvm::formatv("\nratio = {0:F3}\n", entry.ratio);
  return text;
}

std::optional<TuneLock> readLock(llvm::StringRef path, Diagnostics &diagnostics) { return LockReader(path, diagnostics).read(); }

std::string whyForeign(const TuneLock &lock, const TuneLock &here) {
  if (lock.model != here.model)
    return "was measured with another model, or with another content of this one";
  if (lock.device != here.device || lock.machine != here.machine)
    return "was measured on another machine";
  return lock.compiler == here.compiler ? "" : "was written by Ingot " + printable(lock.compiler) + ", this is " + here.compiler;
}

std::optional<TuneLock> lockFor(llvm::StringRef model, const Device &device, Diagnostics &diagnostics) {
  std::string path = lockPath(model);
  if (!llvm::sys::fs::exists(path))
    return TuneLock();
  std::optional<TuneLock> lock = readLock(path, diagnostics), here = emptyLock(model, device, diagnostics);
  if (!lock || !here)
    return std::nullopt;
  std::string why = whyForeign(*lock, *here);
  if (why.empty())
    return lock;
  diagnostics.report(kForeignCode, "the lock file is ignored: it " + why, {path}, "tune again with --tune SECONDS, or delete it");
  return here;
}

} // namespace ingot
