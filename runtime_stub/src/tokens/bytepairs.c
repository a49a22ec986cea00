/* Byte pair encoding over bytes: the patterns cut the text into words, the bytes of a word merge in the order of the table. */
#include "table.h"

static int pairRule(const ingot_tokenizer *t, const uint8_t *text, const symbol *left, const symbol *right, uint32_t *key, uint32_t *id) {
  (void)text;
  uint32_t slots = tableBytes(t, INGOT_TOKENS_MERGES) / 16, hash = INGOT_TOKENS_HASH_PAIR(left->id, right->id);
  for (uint32_t step = 0; step < slots; ++step) {
    uint64_t at = 4 * (uint64_t)((hash + step) & (slots - 1));
    uint32_t made = word32(t, INGOT_TOKENS_MERGES, at + 3, NONE);
    if (made == NONE)
      return 0;
    if (word32(t, INGOT_TOKENS_MERGES, at, 0) != left->id || word32(t, INGOT_TOKENS_MERGES, at + 1, 0) != right->id)
      continue;
    *key = word32(t, INGOT_TOKENS_MERGES, at + 2, 0);
    *id = made;
    return 1;
  }
  return 0;
}

static uint32_t byteSymbol(const ingot_tokenizer *t, uint8_t byte) { return word32(t, INGOT_TOKENS_BYTES, byte, NONE); }

/* The token whose characters stand for exactly these bytes, else NONE: the word is spelled in the workspace. */
static uint32_t wholeWord(output *out, piece word) {
  output before = *out;
  const ingot_tokenizer *t = out->tokenizer;
  uint8_t *spelled = take(out, 2 * word.bytes, 1);
  size_t length = 0;
  for (size_t i = 0; spelled && i < word.bytes; ++i)
    length += writeCharacter(spelled + length, word32(t, INGOT_TOKENS_SPELLING, 512u + word.at[i], 0) & 0x7FFu);
  uint32_t id = spelled ? findToken(t, spelled, length) : NONE;
  out->workspace = before.workspace;
  out->workspaceBytes = before.workspaceBytes;
  return id != NONE && tokenType(t, id) == NORMAL ? id : NONE;
}

/* A symbol that is no token becomes the tokens of its bytes; a byte without one, the unknown token. */
static void emitSymbol(output *out, const symbol *s, piece word) {
  const ingot_tokenizer *t = out->tokenizer;
  if (s->id < tokenCount(t)) {
    emit(out, s->id);
    return;
  }
  for (uint32_t i = s->begin; i < s->end; ++i) {
    uint32_t id = byteSymbol(t, word.at[i]);
    emit(out, id < tokenCount(t) ? id : headerWord(t, INGOT_TOKENS_AT_UNKNOWN));
  }
}

static void encodeBytes(output *out, piece word) {
  uint32_t whole = hasFlag(out->tokenizer, INGOT_TOKENS_WHOLE_WORDS) ? wholeWord(out, word) : NONE;
  if (whole != NONE) {
    emit(out, whole);
    return;
  }
  output before = *out;
  symbol *symbols = take(out, word.bytes, sizeof(symbol));
  if (!symbols)
    return;
  for (uint32_t i = 0; i < word.bytes; ++i)
    symbols[i] = (symbol){i, i + 1, byteSymbol(out->tokenizer, word.at[i])};
  size_t count = mergeSymbols(out, word.at, symbols, word.bytes, pairRule);
  for (size_t i = 0; i < count; ++i)
    emitSymbol(out, &symbols[i], word);
  out->workspace = before.workspace;
  out->workspaceBytes = before.workspaceBytes;
}

/* Cuts the piece [begin, end) of a text by a pattern: marks the first character of each piece in `starts`. */
static void cutPiece(const ingot_tokenizer *t, words pattern, const character *text, size_t begin, size_t end, uint8_t *starts) {
  size_t afterMatch = begin;
  for (size_t at = begin; at < end;) {
    size_t length = matchPattern(t, pattern, text + at, end - at);
    starts[at] |= (uint8_t)(length != 0 || at == afterMatch ? 2 : 0);
    at += length ? length : 1;
    afterMatch = length ? at : afterMatch;
  }
}

static void cutText(const ingot_tokenizer *t, words pattern, const character *text, size_t count, uint8_t *starts) {
  for (size_t begin = 0, end; begin < count; begin = end) {
    end = begin + 1;
    while (end < count && !(starts[end] & 1))
      ++end;
    cutPiece(t, pattern, text, begin, end, starts);
  }
  for (size_t i = 0; i < count; ++i)
    starts[i] = starts[i] ? 1 : 0;
}

static void encodeBytePairs(output *out, piece text) {
  const ingot_tokenizer *t = out->tokenizer;
  character *characters = take(out, text.bytes, sizeof(character));
  uint8_t *starts = take(out, text.bytes, 1);
  if (!characters || !starts)
    return;
  size_t count = 0;
  for (piece rest = text; rest.bytes != 0; ++count) {
    characters[count] = firstCharacter(rest);
    starts[count] = count == 0;
    rest = (piece){rest.at + characters[count].bytes, rest.bytes - characters[count].bytes};
  }
  words table = {(const uint32_t *)(const void *)tableAt(t, INGOT_TOKENS_PATTERNS), tableBytes(t, INGOT_TOKENS_PATTERNS) / 4};
  for (uint32_t left = headerWord(t, INGOT_TOKENS_AT_PATTERNS); left != 0 && table.count != 0; --left)
    cutText(t, nextWords(&table, nextWord(&table)), characters, count, starts);
  piece word = {text.at, 0};
  for (size_t i = 0; i < count; ++i) {
    if (starts[i] && word.bytes != 0) {
      encodeBytes(out, word);
      word = (piece){word.at + word.bytes, 0};
    }
    word.bytes += characters[i].bytes;
  }
  encodeBytes(out, word);
}
