/* Unigram pieces: the text is normalised by a map of sequences of characters, spaces become U+2581, and each word is cut into the tokens whose scores have
 * the greatest sum; of equal sums the one whose last token begins first. */
#include "table.h"

#define UNKNOWN_PENALTY 10.0
#define MOST_WORD_BYTES ((size_t)1 << 30) /* places in it are u32 */

/* How the best way to a place in a word ends. */
typedef struct way {
  double score;
  uint32_t id;    /* NONE: an unknown character */
  uint32_t begin; /* NONE: no way is known */
} way;

typedef struct unigram {
  output *out;
  uint8_t *word;
  way *ways;              /* [room + 1] */
  size_t bytes, room;     /* of the word */
  int inside, unknown;    /* the word has something else than spaces; the last id stands for unknown characters */
} unigram;

static double scoreOf(const ingot_tokenizer *t, uint64_t at) {
  union {
    uint32_t bits;
    float score;
  } key = {word32(t, INGOT_TOKENS_KEYS, at, 0)};
  return (double)key.score;
}

static void offer(unigram *u, size_t begin, size_t bytes, uint32_t id, double score) {
  way *to = &u->ways[begin + bytes];
  double sum = score + u->ways[begin].score;
  if (to->begin == NONE || sum > to->score)
    *to = (way){sum, id, (uint32_t)begin};
}

/* The best ways to all places of the word that a character ends at. */
static void findWays(unigram *u) {
  const ingot_tokenizer *t = u->out->tokenizer;
  u->ways[0] = (way){0, NONE, 0};
  for (size_t i = 1; i <= u->bytes; ++i)
    u->ways[i] = (way){0, NONE, NONE};
  for (size_t begin = 0, step; begin < u->bytes; begin += step) {
    size_t left = u->bytes - begin, longest = headerWord(t, INGOT_TOKENS_AT_LONGEST);
    uint32_t hash = INGOT_TOKENS_HASH_SEED;
    int known = 0;
    step = firstCharacter((piece){u->word + begin, left}).bytes;
    for (size_t bytes = 1; bytes <= left && bytes <= longest; ++bytes) {
      hash = INGOT_TOKENS_HASH_BYTE(hash, u->word[begin + bytes - 1]);
      uint32_t id = findHashed(t, INGOT_TOKENS_HASH_MIX(hash), u->word + begin, bytes), type = tokenType(t, id);
      if (id == NONE || (type > NORMAL && type != USER_DEFINED))
        continue;
      offer(u, begin, bytes, id, scoreOf(t, id));
      known |= bytes == step;
    }
    if (!known)
      offer(u, begin, step, NONE, scoreOf(t, tokenCount(t)) - UNKNOWN_PENALTY);
  }
}

/* The tokens of its bytes where there are such, else the unknown token, once for a run of characters. */
static void emitUnknown(unigram *u, const uint8_t *text, uint32_t bytes) {
  int known = 1;
  for (uint32_t i = 0; i < bytes; ++i)
    known &= word32(u->out->tokenizer, INGOT_TOKENS_BYTES, text[i], NONE) != NONE;
  for (uint32_t i = 0; known && i < bytes; ++i)
    emit(u->out, word32(u->out->tokenizer, INGOT_TOKENS_BYTES, text[i], NONE));
  if (!known && !u->unknown)
    emit(u->out, headerWord(u->out->tokenizer, INGOT_TOKENS_AT_UNKNOWN));
  u->unknown |= !known;
}

/* Encodes the word, and begins a new one. The way back from its end is turned round in place: `begin` becomes the end of the token behind. */
static void endUnigramWord(unigram *u) {
  findWays(u);
  uint32_t end = (uint32_t)u->bytes, behind = 0;
  while (end != 0) {
    uint32_t begin = u->ways[end].begin;
    u->ways[end].begin = behind;
    behind = end;
    end = begin;
  }
  for (uint32_t begin = 0; behind != 0; begin = behind, behind = u->ways[behind].begin) {
    uint32_t id = u->ways[behind].id;
    if (id == NONE) {
      emitUnknown(u, u->word + begin, behind - begin);
      continue;
    }
    emit(u->out, id);
    u->unknown = 0;
  }
  u->bytes = 0;
}

/* One character of the normalised text. */
static void addCharacter(unigram *u, const uint8_t *text, uint32_t bytes) {
  int blank = text[0] == ' ', space = blank || isMark((piece){text, bytes});
  if (space && u->inside && !hasFlag(u->out->tokenizer, INGOT_TOKENS_JOINS_WORDS))
    endUnigramWord(u);
  u->inside = !space;
  uint32_t length = blank ? MARK_BYTES : bytes;
  if (u->room - u->bytes < length) {
    u->out->status = INGOT_TOO_SMALL;
    return;
  }
  memcpy(u->word + u->bytes, blank ? kMark : text, length);
  u->bytes += length;
}

/* The longest sequence at the beginning of the text that the map has: its bytes, 0 for none; `becomes`: what, up to a NUL. */
static size_t findMapped(const ingot_tokenizer *t, piece text, piece *becomes) {
  size_t units = tableBytes(t, INGOT_TOKENS_UNITS) / 4, texts = tableBytes(t, INGOT_TOKENS_REPLACEMENTS), found = 0;
  uint32_t unit = word32(t, INGOT_TOKENS_UNITS, 0, 0), node = INGOT_TOKENS_UNIT_CHILD(unit);
  for (size_t i = 0; i < text.bytes; ++i) {
    node ^= text.at[i];
    if (node >= units)
      break;
    unit = word32(t, INGOT_TOKENS_UNITS, node, 0);
    if (INGOT_TOKENS_UNIT_LABEL(unit) != text.at[i])
      break;
    node ^= INGOT_TOKENS_UNIT_CHILD(unit);
    uint32_t place = INGOT_TOKENS_UNIT_ENDS(unit) && node < units ? INGOT_TOKENS_UNIT_VALUE(word32(t, INGOT_TOKENS_UNITS, node, 0)) : NONE;
    if (place >= texts)
      continue;
    found = i + 1;
    *becomes = (piece){tableAt(t, INGOT_TOKENS_REPLACEMENTS) + place, 0};
    while (place + becomes->bytes < texts && becomes->at[becomes->bytes] != 0)
      ++becomes->bytes;
  }
  return found;
}

/* How much of the text, which is not empty, becomes what. */
static size_t normalPrefix(const ingot_tokenizer *t, piece text, piece *becomes) {
  static const uint8_t kReplacement[] = {0xEF, 0xBF, 0xBD};
  size_t bytes = findMapped(t, text, becomes);
  if (bytes != 0)
    return bytes;
  character c = firstCharacter(text);
  *becomes = c.code < INVALID ? (piece){text.at, c.bytes} : (piece){kReplacement, sizeof kReplacement};
  return c.bytes;
}

static void encodeUnigram(output *out, piece text) {
  int one = hasFlag(out->tokenizer, INGOT_TOKENS_ONE_SPACE), afterSpace = one;
  size_t all = out->workspaceBytes;
  unigram u = {out, NULL, NULL, 0, (all >> 5) + (all >> 6) + (all >> 7), 0, 0}; /* shares of 1 + sizeof(way), without a division */
  u.room = u.room < MOST_WORD_BYTES ? u.room : MOST_WORD_BYTES;
  u.ways = take(out, u.room, sizeof(way));
  u.word = take(out, u.room, 1);
  if (!u.ways || !u.word || u.room-- < 1 + MARK_BYTES)
    out->status = INGOT_TOO_SMALL;
  else if (hasFlag(out->tokenizer, INGOT_TOKENS_SPACE_FIRST))
    addCharacter(&u, kMark, MARK_BYTES);
  while (text.bytes != 0 && out->status == INGOT_OK) {
    piece part;
    size_t bytes = normalPrefix(out->tokenizer, text, &part);
    text = (piece){text.at + bytes, text.bytes - bytes};
    while (afterSpace && part.bytes != 0 && part.at[0] == ' ')
      part = (piece){part.at + 1, part.bytes - 1};
    if (part.bytes != 0)
      afterSpace = one && part.at[part.bytes - 1] == ' ';
    while (part.bytes != 0 && out->status == INGOT_OK) {
      uint32_t length = firstCharacter(part).bytes;
      addCharacter(&u, part.at, length);
      part = (piece){part.at + length, part.bytes - length};
    }
  }
  while (one && u.bytes >= MARK_BYTES && isMark((piece){u.word + u.bytes - MARK_BYTES, MARK_BYTES}))
    u.bytes -= MARK_BYTES;
  if (out->status == INGOT_OK)
    endUnigramWord(&u);
}
