/* Matching the patterns that cut a text into words, in the form of ingot/tokens.h. Recursion is as deep as a pattern has items; the text is walked in
 * loops. Patterns were checked by nobody: a size that leads out of the table ends the match. */
#include "table.h"

#define FAILS (~(size_t)0)

/* What is left of a pattern: words of the table. */
typedef struct words {
  const uint32_t *at;
  size_t count;
} words;

static uint32_t nextWord(words *w) {
  if (w->count == 0)
    return 0;
  --w->count;
  return *w->at++;
}

/* The next `count` words; fewer when the table ends. */
static words nextWords(words *w, size_t count) {
  words part = {w->at, count < w->count ? count : w->count};
  w->at += part.count;
  w->count -= part.count;
  return part;
}

static int inSet(const ingot_tokenizer *t, words set, uint32_t code) {
  uint32_t class = classOf(t, code), categories = nextWord(&set), flags = nextWord(&set);
  int space = (class & INGOT_TOKENS_CLASS_SPACE) != 0, inside = (categories >> (class & 31u) & 1u) != 0;
  inside |= space ? (flags & INGOT_TOKENS_SET_SPACES) != 0 : (flags & INGOT_TOKENS_SET_NO_SPACES) != 0;
  for (uint32_t ranges = nextWord(&set); ranges != 0 && set.count >= 2; --ranges) {
    uint32_t low = nextWord(&set), high = nextWord(&set);
    inside |= code >= low && code <= high;
  }
  return inside != ((flags & INGOT_TOKENS_SET_NEGATED) != 0);
}

static uint32_t foldAscii(uint32_t code) { return code >= 'A' && code <= 'Z' ? code + ('a' - 'A') : code; }

static size_t matchWords(words list, int folds, const character *text, size_t count) {
  for (uint32_t left = nextWord(&list); left != 0 && list.count != 0; --left) {
    words word = nextWords(&list, nextWord(&list));
    size_t i = 0;
    while (i < word.count && i < count && word.at[i] == (folds ? foldAscii(text[i].code) : text[i].code))
      ++i;
    if (i == word.count)
      return i;
  }
  return FAILS;
}

static size_t matchItems(const ingot_tokenizer *t, words items, uint32_t left, const character *text, size_t count) {
  if (left == 0 || items.count < 3)
    return 0;
  uint32_t head = nextWord(&items), most = nextWord(&items), least = head >> 8 & 255u;
  words body = nextWords(&items, nextWord(&items));
  size_t length = 0, tail;
  switch (head & 255u) {
  case INGOT_TOKENS_ITEM_AT_END:
    return count == 0 ? matchItems(t, items, left - 1, text, count) : FAILS;
  case INGOT_TOKENS_ITEM_NOT_AHEAD:
    return count == 0 || !inSet(t, body, text->code) ? matchItems(t, items, left - 1, text, count) : FAILS;
  case INGOT_TOKENS_ITEM_WORDS:
    length = matchWords(body, (head >> 16 & 1u) != 0, text, count);
    tail = length == FAILS ? FAILS : matchItems(t, items, left - 1, text + length, count - length);
    if (tail != FAILS)
      return length + tail;
    return least == 0 ? matchItems(t, items, left - 1, text, count) : FAILS;
  default:
    break;
  }
  while (length < count && length < most && inSet(t, body, text[length].code))
    ++length;
  for (; length + 1 > least; --length) {
    tail = matchItems(t, items, left - 1, text + length, count - length);
    if (tail != FAILS)
      return length + tail;
    if (length == 0)
      break;
  }
  return FAILS;
}

static size_t matchPattern(const ingot_tokenizer *t, words pattern, const character *text, size_t count) {
  for (uint32_t left = nextWord(&pattern); left != 0 && pattern.count != 0; --left) {
    words alternative = nextWords(&pattern, nextWord(&pattern));
    uint32_t items = nextWord(&alternative);
    size_t length = items > INGOT_TOKENS_MOST_ITEMS ? FAILS : matchItems(t, alternative, items, text, count);
    if (length != FAILS && length != 0)
      return length;
  }
  return 0;
}
