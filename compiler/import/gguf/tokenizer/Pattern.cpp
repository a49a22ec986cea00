// Parsing and matching of Pattern.h.
#include "compiler/import/gguf/tokenizer/Pattern.h"

#include "ingot/tokens.h"

#include "llvm/ADT/STLExtras.h"

namespace ingot {
namespace {

constexpr llvm::StringLiteral kCategoryNames = "Cn Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Cs Co";

/// Mask of the categories whose name begins with `prefix`: "L" or "Lu".
uint32_t categoriesOf(llvm::StringRef prefix) {
  llvm::SmallVector<llvm::StringRef, 32> names;
  llvm::StringRef(kCategoryNames).split(names, ' ');
  uint32_t mask = 0;
  for (size_t i = 0; i < names.size(); ++i)
    if (names[i].starts_with(prefix))
      mask |= 1u << i;
  return mask;
}

uint32_t foldAscii(uint32_t code) { return code >= 'A' && code <= 'Z' ? code + ('a' - 'A') : code; }

} // namespace

bool CharacterSet::contains(Character c) const {
  bool inside = categories >> c.category & 1;
  inside |= (spaces && c.space) || (nonSpaces && !c.space);
  for (auto [low, high] : ranges)
    inside |= c.code >= low && c.code <= high;
  return inside != negated;
}

/// One parse; false from a method: the text is not in the language.
class PatternParser {
public:
  explicit PatternParser(llvm::StringRef text) : rest(text) {}

  std::optional<Pattern> parse() {
    Pattern pattern;
    do {
      Pattern::Sequence sequence;
      while (!rest.empty() && rest.front() != '|')
        if (!parseItem(sequence))
          return std::nullopt;
      if (sequence.empty())
        return std::nullopt;
      pattern.alternatives.push_back(std::move(sequence));
    } while (rest.consume_front("|"));
    return pattern;
  }

private:
  using Item = Pattern::Item;

  bool parseItem(Pattern::Sequence &sequence) {
    Item item;
    if (rest.consume_front("(?!")) {
      item.kind = Item::Kind::NotAhead;
      sequence.push_back(std::move(item));
      return parseSet(sequence.back().set) && rest.consume_front(")");
    }
    if (rest.consume_front("$")) {
      item.kind = Item::Kind::AtEnd;
      sequence.push_back(std::move(item));
      return true;
    }
    bool folds = rest.starts_with("(?i:");
    item.kind = folds || rest.starts_with("(?:") ? Item::Kind::Words : Item::Kind::Set;
    item.foldCase = folds;
    bool good = item.kind == Item::Kind::Set ? parseSet(item.set) : parseWords(item);
    good = good && parseQuantifier(item);
    sequence.push_back(std::move(item));
    return good;
  }

  bool parseWords(Item &item) {
    rest = rest.drop_front(rest.find(':') + 1);
    do {
      std::vector<uint32_t> word;
      while (!rest.empty() && rest.front() != '|' && rest.front() != ')')
        word.push_back(item.foldCase ? foldAscii(takeCharacter()) : takeCharacter());
      if (word.empty())
        return false;
      item.words.push_back(std::move(word));
    } while (rest.consume_front("|"));
    return rest.consume_front(")");
  }

  bool parseQuantifier(Item &item) {
    if (rest.consume_front("?")) {
      item.least = 0;
    } else if (item.kind == Item::Kind::Words) {
      return true;
    } else if (rest.consume_front("*")) {
      item.least = 0;
      item.most = kFarAway;
    } else if (rest.consume_front("+")) {
      item.most = kFarAway;
    } else if (rest.consume_front("{")) {
      return !rest.consumeInteger(10, item.least) && rest.consume_front(",") && !rest.consumeInteger(10, item.most) && rest.consume_front("}");
    }
    return true;
  }

  bool parseSet(CharacterSet &set) {
    if (!rest.consume_front("["))
      return parseMember(set);
    if (rest.consume_front("^"))
      set.negate();
    while (!rest.empty() && rest.front() != ']')
      if (!parseMember(set))
        return false;
    return rest.consume_front("]");
  }

  /// A class, a character or, inside brackets, a range.
  bool parseMember(CharacterSet &set) {
    if (rest.empty())
      return false;
    if (rest.consume_front("\\s") || rest.starts_with("\\S")) {
      set.addSpaces(!rest.consume_front("\\S"));
      return true;
    }
    if (rest.consume_front("\\p{")) {
      auto [name, after] = rest.split('}');
      rest = after;
      set.addCategories(categoriesOf(name));
      return categoriesOf(name) != 0;
    }
    uint32_t low = takeCharacter(), high = low;
    if (rest.size() > 1 && rest[0] == '-' && rest[1] != ']') {
      rest = rest.drop_front();
      high = takeCharacter();
    }
    set.add(low, high);
    return low <= high;
  }

  /// The next character, escapes undone.
  uint32_t takeCharacter() {
    if (rest.consume_front("\\r"))
      return '\r';
    if (rest.consume_front("\\n"))
      return '\n';
    rest.consume_front("\\");
    if (rest.empty())
      return 0;
    Character c = firstCharacter(rest);
    rest = rest.drop_front(c.bytes);
    return c.code;
  }

  static constexpr size_t kFarAway = ~size_t(0);
  llvm::StringRef rest;
};

std::optional<Pattern> Pattern::parse(llvm::StringRef text) { return PatternParser(text).parse(); }

size_t Pattern::matchWords(const Item &item, llvm::ArrayRef<Character> text) {
  for (const std::vector<uint32_t> &word : item.words) {
    size_t i = 0;
    while (i < word.size() && i < text.size() && word[i] == (item.foldCase ? foldAscii(text[i].code) : text[i].code))
      ++i;
    if (i == word.size())
      return i;
  }
  return kFails;
}

/// Recursion is as deep as the pattern has items; the text is walked in loops.
size_t Pattern::matchFrom(llvm::ArrayRef<Item> items, llvm::ArrayRef<Character> text) {
  if (items.empty())
    return 0;
  const Item &item = items.front();
  llvm::ArrayRef<Item> after = items.drop_front();
  if (item.kind == Item::Kind::AtEnd)
    return text.empty() ? matchFrom(after, text) : kFails;
  if (item.kind == Item::Kind::NotAhead)
    return text.empty() || !item.set.contains(text.front()) ? matchFrom(after, text) : kFails;
  if (item.kind == Item::Kind::Words) {
    size_t length = matchWords(item, text);
    size_t tail = length == kFails ? kFails : matchFrom(after, text.drop_front(length));
    if (tail != kFails)
      return length + tail;
    return item.least == 0 ? matchFrom(after, text) : kFails;
  }
  size_t length = 0;
  while (length < text.size() && length < item.most && item.set.contains(text[length]))
    ++length;
  for (; length + 1 > item.least; --length) {
    size_t tail = matchFrom(after, text.drop_front(length));
    if (tail != kFails)
      return length + tail;
    if (length == 0)
      break;
  }
  return kFails;
}

void CharacterSet::write(std::vector<uint32_t> &words) const {
  uint32_t flags = (spaces ? INGOT_TOKENS_SET_SPACES : 0) | (nonSpaces ? INGOT_TOKENS_SET_NO_SPACES : 0) | (negated ? INGOT_TOKENS_SET_NEGATED : 0);
  words.insert(words.end(), {categories, flags, static_cast<uint32_t>(ranges.size())});
  for (auto [low, high] : ranges)
    words.insert(words.end(), {low, high});
}

/// Appends a list with its length before it.
static void appendCounted(std::vector<uint32_t> &words, llvm::ArrayRef<uint32_t> list) {
  words.push_back(static_cast<uint32_t>(list.size()));
  words.insert(words.end(), list.begin(), list.end());
}

std::vector<uint32_t> Pattern::bodyOf(const Item &item) {
  std::vector<uint32_t> body;
  if (item.kind == Item::Kind::Set || item.kind == Item::Kind::NotAhead)
    item.set.write(body);
  if (item.kind == Item::Kind::Words)
    body.push_back(static_cast<uint32_t>(item.words.size()));
  for (const std::vector<uint32_t> &word : item.words)
    appendCounted(body, word);
  return body;
}

void Pattern::write(std::vector<uint32_t> &words) const {
  std::vector<uint32_t> all{static_cast<uint32_t>(alternatives.size())};
  for (const Sequence &sequence : alternatives) {
    std::vector<uint32_t> alternative{static_cast<uint32_t>(sequence.size())};
    for (const Item &item : sequence) {
      alternative.push_back(static_cast<uint32_t>(item.kind) | static_cast<uint32_t>(item.least) << 8 | uint32_t(item.foldCase) << 16);
      alternative.push_back(static_cast<uint32_t>(std::min<size_t>(item.most, UINT32_MAX)));
      appendCounted(alternative, bodyOf(item));
    }
    appendCounted(all, alternative);
  }
  appendCounted(words, all);
}

size_t Pattern::match(llvm::ArrayRef<Character> text) const {
  for (const Sequence &sequence : alternatives)
    if (size_t length = matchFrom(sequence, text); length != kFails && length > 0)
      return length;
  return 0;
}

} // namespace ingot
