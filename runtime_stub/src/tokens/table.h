/* Reading the tables of ingot/tokens.h: every place that a table gives is compared with the table's size before it is followed, so that a damaged
 * segment gives wrong tokens at worst. Private. */
#ifndef INGOT_SRC_TOKENS_TABLE_H
#define INGOT_SRC_TOKENS_TABLE_H

#include "ingot/tokenizer.h"
#include "ingot/tokens.h"

#include "../libc.h"

#define NONE INGOT_TOKENS_NONE
#define MARK_BYTES 3u /* of U+2581, which stands for a space in tokens */

#define INVALID 0x110000u

enum { NORMAL = 1, UNKNOWN = 2, CONTROL = 3, USER_DEFINED = 4, BYTE = 6 }; /* tokenizer.ggml.token_type */

/* A piece of text. */
typedef struct piece {
  const uint8_t *at;
  size_t bytes;
} piece;

/* One character of a text. */
typedef struct character {
  uint32_t code;
  uint32_t bytes;
} character;

static inline uint32_t headerWord(const ingot_tokenizer *t, uint32_t word) { return ((const uint32_t *)(const void *)t->table)[word]; }

/* Entry `at` of a table, or `otherwise` beyond its end. */
static inline uint32_t word32(const ingot_tokenizer *t, uint32_t table, uint64_t at, uint32_t otherwise) {
  uint32_t offset = headerWord(t, INGOT_TOKENS_FIXED_WORDS + 2 * table), bytes = headerWord(t, INGOT_TOKENS_FIXED_WORDS + 2 * table + 1);
  return at < bytes / 4 ? ((const uint32_t *)(const void *)(t->table + offset))[at] : otherwise;
}

static inline uint32_t tableBytes(const ingot_tokenizer *t, uint32_t table) { return headerWord(t, INGOT_TOKENS_FIXED_WORDS + 2 * table + 1); }
static inline const uint8_t *tableAt(const ingot_tokenizer *t, uint32_t table) { return t->table + headerWord(t, INGOT_TOKENS_FIXED_WORDS + 2 * table); }

static inline int hasFlag(const ingot_tokenizer *t, uint32_t flag) { return (headerWord(t, INGOT_TOKENS_AT_FLAGS) & flag) != 0; }
static inline uint32_t tokenCount(const ingot_tokenizer *t) { return headerWord(t, INGOT_TOKENS_AT_COUNT); }

/* The byte of a two-stage table of bytes for a character; 0 beyond. */
static inline uint32_t classOf(const ingot_tokenizer *t, uint32_t code) {
  uint32_t block = code >> 8;
  if (block >= tableBytes(t, INGOT_TOKENS_CLASS_AT) / 2)
    return 0;
  uint64_t at = (uint64_t)((const uint16_t *)(const void *)tableAt(t, INGOT_TOKENS_CLASS_AT))[block] * 256 + (code & 255);
  return at < tableBytes(t, INGOT_TOKENS_CLASSES) ? tableAt(t, INGOT_TOKENS_CLASSES)[at] : 0;
}

/* The text of a token; empty when there is none. */
static piece tokenText(const ingot_tokenizer *t, uint32_t id);
/* tokenizer.ggml.token_type of a token. */
static uint32_t tokenType(const ingot_tokenizer *t, uint32_t id);
/* The token with this text, else NONE. */
static uint32_t findToken(const ingot_tokenizer *t, const uint8_t *text, size_t bytes);
/* The same when its text's hash is known. */
static uint32_t findHashed(const ingot_tokenizer *t, uint32_t hash, const uint8_t *text, size_t bytes);
/* The longest special or user-defined token at the beginning of a text, else NONE; `length` becomes its bytes. */
static uint32_t findSpecial(const ingot_tokenizer *t, piece text, int withControl, size_t *length);
/* The character at the beginning of a text that is not empty: a byte that begins none is one of its own, INVALID + byte. */
static character firstCharacter(piece text);

/* Writes a character as UTF-8; its bytes. */
static size_t writeCharacter(uint8_t *to, uint32_t code);

/* Where the ids go, and memory for the work. */
typedef struct output {
  const ingot_tokenizer *tokenizer;
  int32_t *ids;
  size_t room, count;
  uint8_t *workspace;
  size_t workspaceBytes;
  ingot_status status; /* the first fault */
} output;

static inline void emit(output *out, uint32_t id) {
  if (id == NONE)
    return;
  if (out->count == out->room) {
    out->status = INGOT_TOO_SMALL;
    return;
  }
  out->ids[out->count++] = (int32_t)id;
}

/* `count` elements of `size` bytes from the front of the workspace; null when it is too small. */
static inline void *take(output *out, size_t count, size_t size) {
  size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX - 7 || (bytes = (bytes + 7) & ~(size_t)7) > out->workspaceBytes) {
    out->status = INGOT_TOO_SMALL;
    return NULL;
  }
  void *memory = out->workspace;
  out->workspace += bytes;
  out->workspaceBytes -= bytes;
  return memory;
}

/* A piece of the text: bytes [begin, end), and what it is called: a token, or a number above all tokens. */
typedef struct symbol {
  uint32_t begin, end, id;
} symbol;

/* What two neighbours become; 0 when they do not merge. */
typedef int (*merge_rule)(const ingot_tokenizer *t, const uint8_t *text, const symbol *left, const symbol *right, uint32_t *key, uint32_t *id);
/* Merges neighbours, smallest key first, from the left; returns how many symbols are left at the front of `symbols`. */
static size_t mergeSymbols(output *out, const uint8_t *text, symbol *symbols, size_t count, merge_rule rule);

#endif
