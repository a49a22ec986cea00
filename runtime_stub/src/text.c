/* What a person reads: statuses as sentences, hashes as digits. */
#include "ingot/runtime.h"

const char *ingot_status_text(ingot_status status) {
  switch (status) {
  case INGOT_OK:
    return "done";
  case INGOT_BAD_ARGUMENT:
    return "a pointer is null where memory is needed";
  case INGOT_NOT_A_CONTAINER:
    return "not an .ingot container";
  case INGOT_BAD_VERSION:
    return "container or model code of another format version; build both again";
  case INGOT_TRUNCATED:
    return "the container is shorter than its table says";
  case INGOT_DAMAGED:
    return "the container's table contradicts itself";
  case INGOT_ABI_MISMATCH:
    return "container and code come from different builds";
  case INGOT_MISALIGNED:
    return "memory does not begin at a multiple of 64 bytes";
  case INGOT_TOO_SMALL:
    return "memory is smaller than the model's header says";
  case INGOT_BAD_INDEX:
    return "no input or output of that index";
  case INGOT_BAD_WORKERS:
    return "more workers than the model or the bound scratch memory allows";
  case INGOT_NOT_BOUND:
    return "an input or output has no buffer";
  case INGOT_WRONG_VALUE:
    return "a bound input holds another value than the model was compiled for";
  case INGOT_BAD_SHAPE:
    return "the model was not compiled for these extents";
  case INGOT_SYSTEM_ERROR:
    return "the system refused a file or a thread";
  default:
    return "unknown status";
  }
}

void ingot_hash_text(const uint8_t hash[32], char text[65]) {
  static const char digits[] = "0123456789abcdef";
  for (int i = 0; i < 32; ++i) {
    text[2 * i] = digits[hash[i] >> 4];
    text[2 * i + 1] = digits[hash[i] & 15];
  }
  text[64] = 0;
}
