// Choices that a rule makes and a measurement may make better: how a convolution is computed, which calls are split among workers. A pass asks by a
// key; who compiles may wish for another way than the rule's. Keys name what is decided by kind, types and extents, never by node, so that equal
// layers have one entry. What was asked is kept in the order of the questions, for the tuner and the report.
#ifndef INGOT_PASSES_CHOICES_H
#define INGOT_PASSES_CHOICES_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <map>
#include <string>
#include <vector>

namespace ingot {

struct Choice {
  std::string key;
  std::vector<std::string> ways; // all that are legal, at least two
  std::string rule, taken;       // both among the ways
};

/// Names of the attributes of a call that hold the keys it depends on: of its kernel, and of its split.
constexpr llvm::StringLiteral kKernelChoice = "ingot.choice", kSplitChoice = "ingot.split";

class Choices {
public:
  using Wishes = std::map<std::string, std::string>; // key -> way

  Choices() = default;
  /// `changesBits`: ways whose results differ in their last bits may be offered too.
  explicit Choices(Wishes wishes, bool changesBits = false) : wishes(std::move(wishes)), changesBits(changesBits) {}

  /// The wished way where it is among the legal ones, else the rule's. With fewer than two ways there is nothing to choose, and nothing is kept.
  std::string choose(llvm::StringRef key, std::vector<std::string> ways, llvm::StringRef rule);
  /// The wish for a key, "" when there is none.
  llvm::StringRef wish(llvm::StringRef key) const;

  bool mayChangeBits() const { return changesBits; }
  llvm::ArrayRef<Choice> asked() const { return list; }
  /// Keys whose wish was not among the legal ways, in the order of the questions.
  llvm::ArrayRef<std::string> refused() const { return illegal; }

private:
  Wishes wishes;
  bool changesBits = false;
  std::vector<Choice> list;
  std::vector<std::string> illegal;
  std::map<std::string, size_t> known; // key -> place in the list
};

} // namespace ingot

#endif
