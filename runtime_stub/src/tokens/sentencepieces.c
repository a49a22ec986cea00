/* Sentence pieces: spaces become U+2581, then neighbours merge wherever the joined text is a token, the best scored first; a character that is no
 * token becomes the tokens of its bytes. Or they merge in the order of a table, runs of line breaks by themselves. */
#include "table.h"

static const uint8_t kMark[MARK_BYTES] = {0xE2, 0x96, 0x81};

static uint32_t findPiece(const ingot_tokenizer *t, const uint8_t *text, size_t bytes) {
  uint32_t id = bytes > headerWord(t, INGOT_TOKENS_AT_LONGEST) ? NONE : findToken(t, text, bytes);
  uint32_t type = id == NONE ? UNKNOWN : tokenType(t, id);
  return type == CONTROL || type == UNKNOWN || type == BYTE ? NONE : id;
}

static int scoreRule(const ingot_tokenizer *t, const uint8_t *text, const symbol *left, const symbol *right, uint32_t *key, uint32_t *id) {
  *id = findPiece(t, text + left->begin, right->end - left->begin);
  *key = *id == NONE ? 0 : word32(t, INGOT_TOKENS_KEYS, *id, 0);
  return *id != NONE;
}

/* One token a byte; where one is missing, the unknown token for the whole character. */
static void emitBytes(output *out, const uint8_t *text, uint32_t bytes) {
  int known = 1;
  for (uint32_t i = 0; i < bytes; ++i)
    known &= word32(out->tokenizer, INGOT_TOKENS_BYTES, text[i], NONE) != NONE;
  if (!known)
    emit(out, headerWord(out->tokenizer, INGOT_TOKENS_AT_UNKNOWN));
  for (uint32_t i = 0; known && i < bytes; ++i)
    emit(out, word32(out->tokenizer, INGOT_TOKENS_BYTES, text[i], NONE));
}

static void encodePieces(output *out, piece word) {
  output before = *out;
  int byTable = hasFlag(out->tokenizer, INGOT_TOKENS_BY_TABLE);
  uint32_t run = byTable && word.bytes != 0 && word.at[0] == '\n' ? findPiece(out->tokenizer, word.at, word.bytes) : NONE;
  if (run != NONE) {
    emit(out, run);
    return;
  }
  symbol *symbols = take(out, word.bytes, sizeof(symbol));
  if (!symbols)
    return;
  size_t count = 0;
  for (size_t at = 0; at < word.bytes; ++count) {
    uint32_t bytes = firstCharacter((piece){word.at + at, word.bytes - at}).bytes;
    symbols[count] = (symbol){(uint32_t)at, (uint32_t)(at + bytes), findPiece(out->tokenizer, word.at + at, bytes)};
    at += bytes;
  }
  count = mergeSymbols(out, word.at, symbols, count, byTable ? pairRule : scoreRule);
  for (size_t i = 0; i < count; ++i) {
    if (symbols[i].id != NONE)
      emit(out, symbols[i].id);
    else
      emitBytes(out, word.at + symbols[i].begin, symbols[i].end - symbols[i].begin);
  }
  out->workspace = before.workspace;
  out->workspaceBytes = before.workspaceBytes;
}

static int isMark(piece text) { return text.bytes >= MARK_BYTES && text.at[0] == kMark[0] && text.at[1] == kMark[1] && text.at[2] == kMark[2]; }

static void encodeSentencePieces(output *out, piece text, int afterSpecial) {
  uint8_t *marked = take(out, text.bytes + 1, MARK_BYTES);
  piece word = {marked, 0};
  int inside = 0; /* the word has something else than spaces */
  if (!marked)
    return;
  if (afterSpecial && hasFlag(out->tokenizer, INGOT_TOKENS_SPACE_FIRST)) {
    memcpy(marked, kMark, MARK_BYTES);
    word.bytes = MARK_BYTES;
  }
  while (text.bytes != 0) {
    int blank = text.at[0] == ' ', space = blank || isMark(text);
    int breaks = hasFlag(out->tokenizer, INGOT_TOKENS_BY_TABLE) && word.bytes != 0 && (marked[word.bytes - 1] == '\n') != (text.at[0] == '\n');
    if (breaks || (space && inside && !hasFlag(out->tokenizer, INGOT_TOKENS_JOINS_WORDS))) {
      encodePieces(out, word);
      word.bytes = 0;
    }
    inside = !space;
    uint32_t bytes = blank ? 1 : firstCharacter(text).bytes;
    memcpy(marked + word.bytes, blank ? kMark : text.at, blank ? MARK_BYTES : bytes);
    word.bytes += blank ? MARK_BYTES : bytes;
    text = (piece){text.at + bytes, text.bytes - bytes};
  }
  encodePieces(out, word);
}
