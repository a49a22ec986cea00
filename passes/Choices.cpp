// The table of wishes and of questions.
#include "passes/Choices.h"

#include "llvm/ADT/STLExtras.h"

namespace ingot {

llvm::StringRef Choices::wish(llvm::StringRef key) const {
  auto at = wishes.find(key.str());
  return at == wishes.end() ? llvm::StringRef() : llvm::StringRef(at->second);
}

std::string Choices::choose(llvm::StringRef key, std::vector<std::string> ways, llvm::StringRef rule) {
  llvm::StringRef wished = wish(key);
  bool isLegal = llvm::is_contained(ways, wished);
  if (!wished.empty() && !isLegal && !llvm::is_contained(illegal, key))
    illegal.push_back(key.str());
  std::string taken = isLegal ? wished.str() : rule.str();
  if (ways.size() > 1 && known.try_emplace(key.str(), list.size()).second)
    list.push_back({key.str(), std::move(ways), rule.str(), taken});
  return taken;
}

} // namespace ingot
