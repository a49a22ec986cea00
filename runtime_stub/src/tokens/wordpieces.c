/* Word pieces: characters are folded by a table (decomposed, lower case, accents gone) and make words, which the longest tokens cover from the left. */
#include "table.h"

/* The longest token first, then what is left; a word that cannot be covered is one unknown token. */
static void encodeCovered(output *out, piece word) {
  size_t before = out->count, longest = headerWord(out->tokenizer, INGOT_TOKENS_AT_LONGEST);
  while (word.bytes != 0) {
    size_t bytes = word.bytes < longest ? word.bytes : longest;
    uint32_t id = NONE;
    for (; bytes != 0; --bytes)
      if ((id = findToken(out->tokenizer, word.at, bytes)) != NONE)
        break;
    if (id == NONE) {
      out->count = before;
      emit(out, headerWord(out->tokenizer, INGOT_TOKENS_AT_UNKNOWN));
      return;
    }
    emit(out, id);
    word = (piece){word.at + bytes, word.bytes - bytes};
  }
}

/* Where what a character becomes stands in its table; 0: it stays itself. */
static uint32_t foldOf(const ingot_tokenizer *t, uint32_t code) {
  uint32_t block = code >> 8;
  if (block >= tableBytes(t, INGOT_TOKENS_FOLD_AT) / 2)
    return 0;
  uint64_t at = (uint64_t)((const uint16_t *)(const void *)tableAt(t, INGOT_TOKENS_FOLD_AT))[block] * 256 + (code & 255);
  return word32(t, INGOT_TOKENS_FOLDS, at, 0);
}

static void endWord(output *out, piece *word) {
  if (word->bytes > MARK_BYTES)
    encodeCovered(out, *word);
  word->bytes = MARK_BYTES;
}

/* One character of a folded text. False: the workspace is too small. */
static int addFolded(output *out, piece *word, uint8_t *memory, size_t room, uint32_t folded) {
  if (folded & (INGOT_TOKENS_FOLD_SPACE | INGOT_TOKENS_FOLD_ALONE))
    endWord(out, word);
  if (folded & INGOT_TOKENS_FOLD_SPACE)
    return 1;
  if (room - word->bytes < 4)
    return 0;
  word->bytes += writeCharacter(memory + word->bytes, folded & 0x1FFFFFu);
  if (folded & INGOT_TOKENS_FOLD_ALONE)
    endWord(out, word);
  return 1;
}

static void encodeWordPieces(output *out, piece text) {
  const ingot_tokenizer *t = out->tokenizer;
  size_t room = 16 * (text.bytes + 1);
  uint8_t *memory = take(out, room, 1);
  piece word = {memory, MARK_BYTES};
  if (!memory)
    return;
  memcpy(memory, kMark, MARK_BYTES);
  while (text.bytes != 0) {
    character c = firstCharacter(text);
    text = (piece){text.at + c.bytes, text.bytes - c.bytes};
    uint32_t fold = foldOf(t, c.code), count = fold ? word32(t, INGOT_TOKENS_FOLDED, fold, 0) : 1;
    for (uint32_t i = 0; i < count; ++i) {
      if (addFolded(out, &word, memory, room, fold ? word32(t, INGOT_TOKENS_FOLDED, (uint64_t)fold + 1 + i, INGOT_TOKENS_FOLD_SPACE) : c.code))
        continue;
      out->status = INGOT_TOO_SMALL;
      return;
    }
  }
  endWord(out, &word);
}
