/* The tokenizer's tables: the check when they are opened, tokens by number and by text, special tokens, characters of UTF-8. */
#include "table.h"

#include "ingot/container.h"

static uint32_t little32(const uint8_t *p) { return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24; }
static uint64_t little64(const uint8_t *p) { return (uint64_t)little32(p) | (uint64_t)little32(p + 4) << 32; }

/* Every table lies inside of the segment, on a boundary of 8 bytes. */
static ingot_status checkTables(const ingot_tokenizer *t) {
  if ((uintptr_t)t->table % 8 != 0)
    return INGOT_MISALIGNED;
  if (t->bytes < INGOT_TOKENS_HEADER_WORDS * 4u)
    return INGOT_DAMAGED;
  if (headerWord(t, INGOT_TOKENS_AT_VERSION) != INGOT_TOKENS_VERSION)
    return INGOT_BAD_VERSION;
  for (uint32_t i = 0; i < INGOT_TOKENS_TABLES; ++i) {
    uint32_t offset = headerWord(t, INGOT_TOKENS_FIXED_WORDS + 2 * i), bytes = headerWord(t, INGOT_TOKENS_FIXED_WORDS + 2 * i + 1);
    if (offset % 8 != 0 || offset > t->bytes || bytes > t->bytes - offset)
      return INGOT_DAMAGED;
  }
  uint64_t count = tokenCount(t);
  int whole = count < NONE && tableBytes(t, INGOT_TOKENS_OFFSETS) == 4 * (count + 1) && tableBytes(t, INGOT_TOKENS_TYPES) == count;
  return whole ? INGOT_OK : INGOT_DAMAGED;
}

ingot_status ingot_tokenizer_open(ingot_tokenizer *tokenizer, const void *container, size_t bytes) {
  if (!tokenizer)
    return INGOT_BAD_ARGUMENT;
  ingot_status status = ingot_check(NULL, container, bytes, NULL);
  if (status != INGOT_OK)
    return status;
  const uint8_t *file = (const uint8_t *)container;
  for (uint32_t i = 0; i < little32(file + INGOT_AT_SEGMENTS); ++i) {
    const uint8_t *row = file + INGOT_BOOT_HEADER_BYTES + (size_t)INGOT_BOOT_SEGMENT_BYTES * i;
    if (little32(row) != INGOT_SEGMENT_TOKENIZER)
      continue;
    ingot_tokenizer found = {file + little64(row + INGOT_SEGMENT_AT_OFFSET), little64(row + INGOT_SEGMENT_AT_BYTES)};
    status = checkTables(&found);
    if (status == INGOT_OK)
      *tokenizer = found;
    return status;
  }
  return INGOT_BAD_INDEX;
}

static piece tokenText(const ingot_tokenizer *t, uint32_t id) {
  uint32_t begin = word32(t, INGOT_TOKENS_OFFSETS, id, 0), end = word32(t, INGOT_TOKENS_OFFSETS, (uint64_t)id + 1, 0);
  piece none = {t->table, 0};
  if (id >= tokenCount(t) || begin > end || end > tableBytes(t, INGOT_TOKENS_TEXTS))
    return none;
  piece text = {tableAt(t, INGOT_TOKENS_TEXTS) + begin, end - begin};
  return text;
}

static uint32_t tokenType(const ingot_tokenizer *t, uint32_t id) { return id < tokenCount(t) ? tableAt(t, INGOT_TOKENS_TYPES)[id] : 0; }

static int sameText(piece a, const uint8_t *text, size_t bytes) {
  if (a.bytes != bytes)
    return 0;
  for (size_t i = 0; i < bytes; ++i)
    if (a.at[i] != text[i])
      return 0;
  return 1;
}

static uint32_t findHashed(const ingot_tokenizer *t, uint32_t hash, const uint8_t *text, size_t bytes) {
  uint32_t slots = tableBytes(t, INGOT_TOKENS_INDEX) / 4;
  for (uint32_t step = 0; step < slots; ++step) {
    uint32_t slot = word32(t, INGOT_TOKENS_INDEX, (hash + step) & (slots - 1), 0);
    if (slot == 0)
      return NONE;
    if (sameText(tokenText(t, slot - 1), text, bytes))
      return slot - 1;
  }
  return NONE;
}

static uint32_t findToken(const ingot_tokenizer *t, const uint8_t *text, size_t bytes) {
  uint32_t hash = INGOT_TOKENS_HASH_SEED;
  for (size_t i = 0; i < bytes; ++i)
    hash = INGOT_TOKENS_HASH_BYTE(hash, text[i]);
  return findHashed(t, INGOT_TOKENS_HASH_MIX(hash), text, bytes);
}

/* The node that `byte` leads to; 0: none. */
static uint32_t nextNode(const ingot_tokenizer *t, uint32_t node, uint8_t byte) {
  uint32_t slots = tableBytes(t, INGOT_TOKENS_EDGES) / 8, key = node << 8 | byte, hash = INGOT_TOKENS_HASH_PAIR(key, 0u);
  for (uint32_t step = 0; step < slots; ++step) {
    uint64_t at = 2 * (uint64_t)((hash + step) & (slots - 1));
    uint32_t child = word32(t, INGOT_TOKENS_EDGES, at + 1, 0);
    if (child == 0 || word32(t, INGOT_TOKENS_EDGES, at, 0) == key)
      return child;
  }
  return 0;
}

static uint32_t findSpecial(const ingot_tokenizer *t, piece text, int withControl, size_t *length) {
  uint32_t found = NONE, node = 0;
  for (size_t i = 0; i < text.bytes; ++i) {
    node = nextNode(t, node, text.at[i]);
    if (node == 0)
      break;
    uint32_t id = word32(t, INGOT_TOKENS_NODES, 2 * (uint64_t)node + (withControl ? 0 : 1), NONE);
    if (id == NONE)
      continue;
    found = id;
    *length = i + 1;
  }
  return found;
}

/* Bytes of the sequence that a lead byte begins, 0 for none; Unicode 15, table 3-7. */
static uint32_t sequenceBytes(uint8_t lead) {
  if (lead < 0x80)
    return 1;
  if (lead < 0xC2 || lead > 0xF4)
    return 0;
  return lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

static character firstCharacter(piece text) {
  uint8_t lead = text.at[0];
  uint32_t bytes = sequenceBytes(lead);
  character invalid = {INVALID + lead, 1};
  if (bytes == 0 || bytes > text.bytes)
    return invalid;
  uint32_t code = bytes == 1 ? lead : lead & (0xFFu >> (bytes + 1));
  for (uint32_t i = 1; i < bytes; ++i) {
    uint8_t low = i > 1 ? 0x80 : lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80, high = i > 1 ? 0xBF : lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (text.at[i] < low || text.at[i] > high)
      return invalid;
    code = code << 6 | (text.at[i] & 0x3F);
  }
  character valid = {code, bytes};
  return valid;
}

static size_t writeCharacter(uint8_t *to, uint32_t code) {
  if (code < 0x80) {
    to[0] = (uint8_t)code;
    return 1;
  }
  uint32_t bytes = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  for (uint32_t i = bytes; i-- > 1; code >>= 6)
    to[i] = (uint8_t)(0x80 | (code & 0x3F));
  to[0] = (uint8_t)(0xF00u >> bytes | code);
  return bytes;
}
