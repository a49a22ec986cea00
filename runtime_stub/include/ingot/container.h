/* The first bytes of an .ingot file: a flat boot table, little-endian, fixed width. Shared by the device's check and the
 * compiler's reader and writer, which address it by these offsets and never by a struct.
 *
 *   0  magic[8]      32  abi_hash[32]
 *   8  u32 version   64  segments[segment_count], 64 bytes each:
 *  12  u32 segments        0 u32 kind   4 u32 zero   8 u64 offset   16 u64 bytes   24 u64 zero   32 hash[32]
 *  16  u64 file_bytes  64 + 64 n  hash[32] of all bytes before it
 *  24  u64 zero                   then zeros up to the first segment
 *
 * Segments ascend, do not overlap, begin at multiples of 16 KiB; the gaps between them hold zeros; the last ends the file. */
#ifndef INGOT_CONTAINER_H
#define INGOT_CONTAINER_H

#define INGOT_CONTAINER_VERSION 1u
#define INGOT_SEGMENT_ALIGNMENT 16384u
#define INGOT_MAX_SEGMENTS 64u
#define INGOT_BOOT_HEADER_BYTES 64u
#define INGOT_BOOT_SEGMENT_BYTES 64u
/* CR LF and Ctrl-Z show at once when a transfer changed line ends. */
#define INGOT_MAGIC_BYTES {'I', 'N', 'G', 'O', 'T', 0x0d, 0x0a, 0x1a}

#define INGOT_AT_VERSION 8u
#define INGOT_AT_SEGMENTS 12u
#define INGOT_AT_FILE_BYTES 16u
#define INGOT_AT_ZERO 24u
#define INGOT_AT_ABI_HASH 32u
#define INGOT_SEGMENT_AT_ZERO 4u
#define INGOT_SEGMENT_AT_OFFSET 8u
#define INGOT_SEGMENT_AT_BYTES 16u
#define INGOT_SEGMENT_AT_ZERO2 24u
#define INGOT_SEGMENT_AT_HASH 32u

/* Kinds. A device skips kinds that it does not know. */
#define INGOT_SEGMENT_METADATA 1u /* FlatBuffers, compiler/package/Container.fbs; host tools only */
#define INGOT_SEGMENT_WEIGHTS 2u  /* exactly one */
#define INGOT_SEGMENT_TOKENIZER 3u /* ingot/tokens.h; of language models */

/* A segment's hash: BLAKE3("ingot segment 1" 0x00, u64 bytes, leaf hashes in order); leaf: BLAKE3 of up to 64 KiB. */
#define INGOT_HASH_LEAF_BYTES 65536u

#endif
