/* Optional part: text to token ids and back, by the tables that the compiler left in a language model's container. Nothing is built when it is opened,
 * nothing allocated; all tables are read in place. Undefined symbols: none but memcpy. The ids are those of `ingot tokenize`. */
#ifndef INGOT_TOKENIZER_H
#define INGOT_TOKENIZER_H

#include "ingot/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Filled by ingot_tokenizer_open; reads the container's memory for as long as it is used. */
typedef struct ingot_tokenizer {
  const uint8_t *table;
  uint64_t bytes;
} ingot_tokenizer;

enum {
  INGOT_TOKENS_BEGIN = 1,   /* encode: the token that begins a sequence first, where the model wants one */
  INGOT_TOKENS_END = 2,     /* encode: the token that ends a text last, where the model wants one (models of embeddings) */
  INGOT_TOKENS_SPECIAL = 4, /* encode: control tokens are found in the text: never for text from elsewhere. decode: they are written */
  INGOT_TOKENS_FIRST = 8    /* decode: a text begins with the id: the space that encode put before it is left out */
};

/* Memory that encoding a text of `text_bytes` may need. */
#define INGOT_TOKENIZER_WORKSPACE_BYTES(text_bytes) (192u * ((size_t)(text_bytes) + 2u))

/* INGOT_BAD_VERSION when the tables are of another version, INGOT_DAMAGED when they contradict themselves, INGOT_BAD_INDEX when the container has none. */
ingot_status ingot_tokenizer_open(ingot_tokenizer *tokenizer, const void *container, size_t bytes);

/* Ids of a text of any bytes. `ids` has room for `room` of them, `count` becomes how many there are. `workspace` is on a boundary of 8 bytes.
 * INGOT_TOO_SMALL: room or workspace is too small. At most text_bytes + 3 ids are made, but by unigram
 * tokenizers ("t5"), whose normaliser may make a text longer: from 3 bytes 39 in the worst case of Unicode's own rules. */
ingot_status ingot_encode(const ingot_tokenizer *tokenizer, uint32_t flags, const char *text, size_t text_bytes, int32_t *ids, size_t room, size_t *count,
                          void *workspace, size_t workspace_bytes);

/* The bytes of one id, which may begin or end inside a character; no NUL. INGOT_BAD_INDEX: no such id. INGOT_TOO_SMALL: `count` is what is needed. */
ingot_status ingot_decode(const ingot_tokenizer *tokenizer, uint32_t flags, int32_t id, char *text, size_t room, size_t *count);

/* 1 when the id ends a generation. */
int ingot_ends_text(const ingot_tokenizer *tokenizer, int32_t id);

#ifdef __cplusplus
}
#endif
#endif
