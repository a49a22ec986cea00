/* The tokenizer's segment of a container: u32 and u16 tables, little-endian, each on a boundary of 8 bytes. Shared by the compiler's writer and the
 * device's reader (tokenizer.h). A header of INGOT_TOKENS_HEADER_WORDS u32 comes first: the words below, then offset and bytes of each table. */
#ifndef INGOT_TOKENS_H
#define INGOT_TOKENS_H

#define INGOT_TOKENS_VERSION 2u
#define INGOT_TOKENS_FIXED_WORDS 10u
#define INGOT_TOKENS_HEADER_WORDS (INGOT_TOKENS_FIXED_WORDS + 2u * INGOT_TOKENS_TABLES)
#define INGOT_TOKENS_BLOCKS 4353u     /* blocks of 256 characters up to U+10FFFF, and one of the bytes that are none: 0x110000 + byte */
#define INGOT_TOKENS_NONE 0xFFFFFFFFu /* no token */

/* Words of the header. */
enum {
  INGOT_TOKENS_AT_VERSION = 0,
  INGOT_TOKENS_AT_KIND = 1,
  INGOT_TOKENS_AT_FLAGS = 2,
  INGOT_TOKENS_AT_COUNT = 3, /* tokens there are */
  INGOT_TOKENS_AT_BEGIN = 4, /* the token before a sequence */
  INGOT_TOKENS_AT_END = 5,   /* the token after a whole text */
  INGOT_TOKENS_AT_UNKNOWN = 6,
  INGOT_TOKENS_AT_LONGEST = 7, /* bytes of the longest token that text can become */
  INGOT_TOKENS_AT_ENDS = 8,    /* tokens in the table of those that end a generation */
  INGOT_TOKENS_AT_PATTERNS = 9 /* patterns in their table */
};

enum { INGOT_TOKENS_SENTENCE_PIECES = 1, INGOT_TOKENS_BYTE_PAIRS = 2, INGOT_TOKENS_WORD_PIECES = 3, INGOT_TOKENS_UNIGRAM = 4 };

/* Flags. */
enum {
  INGOT_TOKENS_SPACE_FIRST = 1, /* a text gets a space before it */
  INGOT_TOKENS_WHOLE_WORDS = 2, /* a word that is a token is taken as it is */
  INGOT_TOKENS_JOINS_WORDS = 4, /* a token has a space inside: a text cannot be cut into words */
  INGOT_TOKENS_DROPS_SPACE = 8, /* a text that is decoded loses the space that encoding put before it */
  INGOT_TOKENS_BY_TABLE = 32,   /* sentence pieces merge by INGOT_TOKENS_MERGES, and not over the ends of a run of line breaks */
  INGOT_TOKENS_ONE_SPACE = 16   /* unigram: of a run of spaces one is left, and none at the ends */
};

enum {
  INGOT_TOKENS_OFFSETS,    /* u32 [count + 1]: where each token's text begins */
  INGOT_TOKENS_TEXTS,      /* the texts, one after the other */
  INGOT_TOKENS_TYPES,      /* u8 [count]: tokenizer.ggml.token_type */
  INGOT_TOKENS_KEYS,       /* u32 [count]: sentence pieces: the smaller, the sooner neighbours merge to this token; unigram: bits of its f32 score, and behind the
                              last the worst score of a normal token */
  INGOT_TOKENS_INDEX,      /* u32 [2^n]: id + 1 by the hash of its text, the next free place when it is taken; 0: free */
  INGOT_TOKENS_MERGES,     /* u32 [2^n][4]: left, right, rank, what they become; by the hash of the pair. Free: what they become is 0xFFFFFFFF */
  INGOT_TOKENS_BYTES,      /* u32 [256]: symbol of a byte */
  INGOT_TOKENS_SPELLING,   /* u32 [512 + 256]: the byte that a character of a byte pair token stands for, else 256; then the character of each byte */
  INGOT_TOKENS_PATTERNS,   /* u32: see below */
  INGOT_TOKENS_CLASS_AT,   /* u16 [BLOCKS]: block of classes of 256 characters */
  INGOT_TOKENS_CLASSES,    /* u8 [..][256]: category (Unicode.h), | 32 for spaces */
  INGOT_TOKENS_EDGES,      /* u32 [2^n][2]: node << 8 | byte, child; by hash. Free: child 0 */
  INGOT_TOKENS_NODES,      /* u32 [nodes][2]: the special token that ends at the node, the user-defined one */
  INGOT_TOKENS_FOLD_AT,    /* u16 [BLOCKS]: word pieces: block of folds of 256 characters */
  INGOT_TOKENS_FOLDS,      /* u32 [..][256]: place in the next table, 0: the character stays itself */
  INGOT_TOKENS_FOLDED,     /* u32: how many, then each: code | FOLD_ALONE or FOLD_SPACE */
  INGOT_TOKENS_ENDS_TABLE, /* u32 */
  INGOT_TOKENS_UNITS,      /* u32: unigram: double array of what is normalised, unit 0 its root; none: nothing is */
  INGOT_TOKENS_REPLACEMENTS, /* what it becomes: texts that end with NUL */
  INGOT_TOKENS_TABLES
};

#define INGOT_TOKENS_CLASS_SPACE 32u
#define INGOT_TOKENS_FOLD_ALONE 0x80000000u /* a word of its own */
#define INGOT_TOKENS_FOLD_SPACE 0x40000000u /* ends a word and leaves no trace */

/* A unit of the double array: the byte that leads to it; whether a sequence ends there; where its children are, to be combined with its own place and a byte by
 * exclusive or. The child of byte 0 of a sequence's end is no unit but the place of its text. */
#define INGOT_TOKENS_UNIT_LABEL(unit) ((unit) & 0x800000FFu)
#define INGOT_TOKENS_UNIT_ENDS(unit) (((unit) >> 8 & 1u) != 0)
#define INGOT_TOKENS_UNIT_CHILD(unit) ((unit) >> 10 << (((unit) & 512u) >> 6))
#define INGOT_TOKENS_UNIT_VALUE(unit) ((unit) & 0x7FFFFFFFu)

/* A pattern: u32 words, alternatives; for each: u32 words, items; each item: kind | least << 8 | fold case << 16, most, u32 words of what follows, then
 *   sets: mask of categories, flags, ranges, low and high of each; words: how many, for each its length and its characters. */
enum { INGOT_TOKENS_ITEM_SET, INGOT_TOKENS_ITEM_WORDS, INGOT_TOKENS_ITEM_NOT_AHEAD, INGOT_TOKENS_ITEM_AT_END };
enum { INGOT_TOKENS_SET_SPACES = 1, INGOT_TOKENS_SET_NO_SPACES = 2, INGOT_TOKENS_SET_NEGATED = 4 };
#define INGOT_TOKENS_MOST_ITEMS 16u /* of an alternative */

/* FNV-1a over bytes. Pairs and edges: multiplied and folded. */
#define INGOT_TOKENS_HASH_SEED 2166136261u
#define INGOT_TOKENS_HASH_BYTE(hash, byte) (((hash) ^ (byte)) * 16777619u)
#define INGOT_TOKENS_HASH_MIX(hash) ((hash) ^ (hash) >> 15)
#define INGOT_TOKENS_HASH_PAIR(left, right) INGOT_TOKENS_HASH_MIX((left) * 0x9E3779B1u ^ (right) * 0x85EBCA77u)

#endif
