// See Identifiers.h. Only ASCII letters and digits survive: what a terminal, an editor or a compiler could read in two ways
// (other scripts, right-to-left marks, control characters) does not reach the generated header.
#include "compiler/package/Identifiers.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace ingot;

constexpr size_t longestSuffix = 64;
constexpr size_t longestComment = 120;

static bool isAsciiAlnum(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

/// ASCII letters and digits, every run of other bytes one '_', none at the end.
static std::string sanitized(llvm::StringRef name) {
  std::string out;
  for (char c : name) {
    if (out.size() == longestSuffix)
      break;
    if (isAsciiAlnum(c))
      out += c;
    else if (out.empty() || out.back() != '_')
      out += '_';
  }
  if (!out.empty() && out.front() == '_')
    out.erase(0, 1); // the prefix ends in '_' already, and two of them are reserved in C++
  while (!out.empty() && out.back() == '_')
    out.pop_back();
  return out.empty() ? "unnamed" : out;
}

std::vector<std::string> ingot::uniqueSuffixes(llvm::ArrayRef<std::string> names) {
  std::vector<std::string> suffixes(names.size());
  llvm::StringSet<> taken;
  for (size_t i = 0; i < names.size(); ++i)
    if (sanitized(names[i]) == names[i] && taken.insert(names[i]).second)
      suffixes[i] = names[i];
  llvm::StringMap<unsigned> next; // where to go on counting: thousands of names may be alike
  for (size_t i = 0; i < names.size(); ++i) {
    if (!suffixes[i].empty())
      continue;
    std::string base = sanitized(names[i]);
    suffixes[i] = base;
    unsigned &count = next.try_emplace(base, 2).first->second;
    while (!taken.insert(suffixes[i]).second)
      suffixes[i] = base + "_" + std::to_string(count++);
  }
  return suffixes;
}

bool ingot::isIdentifier(llvm::StringRef text) {
  return !text.empty() && text.size() <= 1024 && !llvm::isDigit(text[0]) &&
         llvm::all_of(text, [](char c) { return isAsciiAlnum(c) || c == '_'; });
}

std::string ingot::apiPrefix(llvm::StringRef symbol) {
  std::string prefix = sanitized(symbol);
  bool meetsRuntime = llvm::StringRef(prefix).starts_with_insensitive("ingot");
  return llvm::isDigit(prefix[0]) || meetsRuntime ? "model_" + prefix : prefix;
}

std::string ingot::forComment(llvm::StringRef name) {
  std::string out = "'";
  for (char c : name) {
    if (out.size() > longestComment)
      return out + "...'";
    bool plain = c >= 0x20 && c < 0x7f && !llvm::StringRef("*?\\'").contains(c);
    out += plain ? std::string(1, c) : "\\x" + llvm::toHex(llvm::StringRef(&c, 1), /*LowerCase=*/true);
  }
  return out + "'";
}
