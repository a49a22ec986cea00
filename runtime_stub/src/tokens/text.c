/* Encoding and decoding of whole texts: special tokens are cut out, the rest goes to the kind of tokenizer; bytes of one token. */
#include "table.h"

#define MOST_BYTES ((size_t)1 << 28) /* places in a text are u32, also where a space becomes three bytes */

/* Text without special tokens. `afterSpecial`: it begins the input or follows a special token. */
static void encodePlain(output *out, piece text, int afterSpecial) {
  output before = *out;
  switch (headerWord(out->tokenizer, INGOT_TOKENS_AT_KIND)) {
  case INGOT_TOKENS_SENTENCE_PIECES:
    encodeSentencePieces(out, text, afterSpecial);
    break;
  case INGOT_TOKENS_BYTE_PAIRS:
    if (afterSpecial && hasFlag(out->tokenizer, INGOT_TOKENS_SPACE_FIRST) && text.at[0] != ' ') {
      uint8_t *spaced = take(out, text.bytes + 1, 1);
      if (!spaced)
        return;
      spaced[0] = ' ';
      memcpy(spaced + 1, text.at, text.bytes);
      text = (piece){spaced, text.bytes + 1};
    }
    encodeBytePairs(out, text);
    break;
  case INGOT_TOKENS_UNIGRAM:
    encodeUnigram(out, text);
    break;
  case INGOT_TOKENS_WORD_PIECES:
    encodeWordPieces(out, text);
    break;
  default:
    out->status = INGOT_DAMAGED;
  }
  out->workspace = before.workspace;
  out->workspaceBytes = before.workspaceBytes;
}

static void encodeText(output *out, piece text, int special) {
  size_t begin = 0, at = 0, length = 0;
  int afterSpecial = 1;
  while (at < text.bytes && out->status == INGOT_OK) {
    uint32_t id = findSpecial(out->tokenizer, (piece){text.at + at, text.bytes - at}, special, &length);
    if (id == NONE) {
      ++at;
      continue;
    }
    if (begin < at)
      encodePlain(out, (piece){text.at + begin, at - begin}, afterSpecial);
    emit(out, id);
    afterSpecial = 1;
    begin = at += length;
  }
  if (begin < text.bytes && out->status == INGOT_OK)
    encodePlain(out, (piece){text.at + begin, text.bytes - begin}, afterSpecial);
}

ingot_status ingot_encode(const ingot_tokenizer *tokenizer, uint32_t flags, const char *text, size_t text_bytes, int32_t *ids, size_t room, size_t *count,
                          void *workspace, size_t workspace_bytes) {
  if (!tokenizer || !tokenizer->table || !text || !ids || !count || !workspace)
    return INGOT_BAD_ARGUMENT;
  if ((uintptr_t)workspace % 8 != 0)
    return INGOT_MISALIGNED;
  if (text_bytes > MOST_BYTES)
    return INGOT_TOO_SMALL;
  output out = {tokenizer, ids, room, 0, (uint8_t *)workspace, workspace_bytes, INGOT_OK};
  uint32_t begin = headerWord(tokenizer, INGOT_TOKENS_AT_BEGIN);
  if (flags & INGOT_TOKENS_BEGIN)
    emit(&out, begin);
  size_t first = out.count;
  encodeText(&out, (piece){(const uint8_t *)text, text_bytes}, (flags & INGOT_TOKENS_SPECIAL) != 0);
  int twice = first != 0 && out.count > 1 && (flags & INGOT_TOKENS_SPECIAL) && (uint32_t)ids[1] == begin; /* the text brings its own */
  for (size_t i = 1; twice && i < out.count; ++i)
    ids[i - 1] = ids[i];
  out.count -= (size_t)twice;
  if (flags & INGOT_TOKENS_END)
    emit(&out, headerWord(tokenizer, INGOT_TOKENS_AT_END));
  if (out.status == INGOT_OK)
    *count = out.count;
  return out.status;
}

/* Appends a byte if there is room; counts it always. */
static void append(char *text, size_t room, size_t *count, uint8_t byte) {
  if (*count < room)
    text[*count] = (char)byte;
  ++*count;
}

static uint32_t digitOf(uint8_t c) { return c >= 'a' ? c - 'a' + 10u : c >= 'A' ? c - 'A' + 10u : c - '0'; }

static void decodeNormal(const ingot_tokenizer *t, piece token, char *text, size_t room, size_t *count) {
  uint32_t kind = headerWord(t, INGOT_TOKENS_AT_KIND);
  int marks = kind == INGOT_TOKENS_SENTENCE_PIECES || kind == INGOT_TOKENS_UNIGRAM; /* stand for spaces */
  if (kind == INGOT_TOKENS_WORD_PIECES && isMark(token)) {
    append(text, room, count, ' ');
    token = (piece){token.at + MARK_BYTES, token.bytes - MARK_BYTES};
  }
  while (token.bytes != 0) {
    character c = firstCharacter(token);
    uint32_t byte = kind == INGOT_TOKENS_BYTE_PAIRS ? word32(t, INGOT_TOKENS_SPELLING, c.code < 512 ? c.code : NONE, 256) : marks && isMark(token) ? ' ' : 256;
    if (byte < 256)
      append(text, room, count, (uint8_t)byte);
    for (uint32_t i = 0; byte >= 256 && i < c.bytes; ++i)
      append(text, room, count, token.at[i]);
    token = (piece){token.at + c.bytes, token.bytes - c.bytes};
  }
}

ingot_status ingot_decode(const ingot_tokenizer *tokenizer, uint32_t flags, int32_t id, char *text, size_t room, size_t *count) {
  if (!tokenizer || !tokenizer->table || !text || !count)
    return INGOT_BAD_ARGUMENT;
  if (id < 0 || (uint32_t)id >= tokenCount(tokenizer))
    return INGOT_BAD_INDEX;
  piece token = tokenText(tokenizer, (uint32_t)id);
  uint32_t type = tokenType(tokenizer, (uint32_t)id);
  int drops = (flags & INGOT_TOKENS_FIRST) && hasFlag(tokenizer, INGOT_TOKENS_DROPS_SPACE) && type != USER_DEFINED && isMark(token);
  if (drops)
    token = (piece){token.at + MARK_BYTES, token.bytes - MARK_BYTES};
  *count = 0;
  if (type == CONTROL || type == UNKNOWN || type == USER_DEFINED) {
    for (size_t i = 0; i < token.bytes && (type == USER_DEFINED || (flags & INGOT_TOKENS_SPECIAL)); ++i)
      append(text, room, count, token.at[i]);
  } else if (type == BYTE) {
    if (token.bytes == 6) /* <0x0A> */
      append(text, room, count, (uint8_t)(digitOf(token.at[3]) << 4 | digitOf(token.at[4])));
  } else {
    decodeNormal(tokenizer, token, text, room, count);
  }
  return *count <= room ? INGOT_OK : INGOT_TOO_SMALL;
}

int ingot_ends_text(const ingot_tokenizer *tokenizer, int32_t id) {
  for (uint32_t i = 0; tokenizer && tokenizer->table && id >= 0 && i < headerWord(tokenizer, INGOT_TOKENS_AT_ENDS); ++i)
    if (word32(tokenizer, INGOT_TOKENS_ENDS_TABLE, i, NONE) == (uint32_t)id)
      return 1;
  return 0;
}
