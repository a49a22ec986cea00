// The index of a vocabulary, and which tokens end a generation.
#include "compiler/import/gguf/tokenizer/Vocabulary.h"

#include "llvm/ADT/STLExtras.h"

namespace ingot {

/// Texts of control tokens that end a turn or a text in families of chat models; files often name only one of theirs as eos.
static constexpr llvm::StringRef kEndTexts[] = {
    "<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<|endoftext|>", "<|end_of_text|>", "<|eom_id|>", "<EOT>", "<|return|>", "</s>", "<eos>", "<turn|>",
};

void Vocabulary::finish() {
  index.reserve(static_cast<unsigned>(tokens.size()));
  for (size_t i = 0; i < tokens.size(); ++i)
    index[tokens[i]] = static_cast<int32_t>(i);
  for (int32_t id : {eos, eot})
    if (has(id))
      ends.push_back(id);
  for (llvm::StringRef text : kEndTexts)
    if (int32_t id = find(text); id != kNoToken && types[static_cast<size_t>(id)] != TokenType::Normal)
      ends.push_back(id);
  llvm::sort(ends);
  ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
}

bool Vocabulary::endsGeneration(int32_t id) const { return llvm::is_contained(ends, id); }

int32_t Vocabulary::find(llvm::StringRef text) const {
  auto at = index.find(text);
  return at == index.end() ? kNoToken : at->second;
}

} // namespace ingot
