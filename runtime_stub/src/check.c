/* ingot_check: is this a container, whole, and of this model? Every read is bounded by `bytes`; sums cannot overflow because
 * each is compared by subtraction. Hashing segments is the host tools' task: the device trusts its file system or a signature. */
#include "ingot/container.h"
#include "ingot/runtime.h"

#include "libc.h"

static uint32_t read32(const uint8_t *p) { return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24; }

static uint64_t read64(const uint8_t *p) { return (uint64_t)read32(p) | (uint64_t)read32(p + 4) << 32; }

static int sameBytes(const uint8_t *a, const uint8_t *b, size_t n) {
  for (size_t i = 0; i < n; ++i)
    if (a[i] != b[i])
      return 0;
  return 1;
}

/* Walks the segment table. `end` is where the last segment so far ended. */
static ingot_status readSegments(const uint8_t *file, uint64_t fileBytes, uint32_t count, ingot_container *found) {
  uint64_t end = INGOT_BOOT_HEADER_BYTES + (uint64_t)INGOT_BOOT_SEGMENT_BYTES * count + INGOT_HASH_BYTES;
  uint32_t weights = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const uint8_t *row = file + INGOT_BOOT_HEADER_BYTES + (size_t)INGOT_BOOT_SEGMENT_BYTES * i;
    uint64_t offset = read64(row + INGOT_SEGMENT_AT_OFFSET);
    uint64_t bytes = read64(row + INGOT_SEGMENT_AT_BYTES);
    if (read32(row + INGOT_SEGMENT_AT_ZERO) != 0 || read64(row + INGOT_SEGMENT_AT_ZERO2) != 0)
      return INGOT_DAMAGED;
    if (offset % INGOT_SEGMENT_ALIGNMENT != 0 || offset < end || offset > fileBytes || bytes > fileBytes - offset)
      return INGOT_DAMAGED;
    end = offset + bytes;
    if (read32(row) != INGOT_SEGMENT_WEIGHTS)
      continue;
    found->weights = file + offset;
    found->weights_bytes = bytes;
    ++weights;
  }
  return end == fileBytes && weights == 1 ? INGOT_OK : INGOT_DAMAGED;
}

static ingot_status readTable(const uint8_t *file, size_t bytes, ingot_container *found) {
  static const uint8_t magic[8] = INGOT_MAGIC_BYTES;
  if (bytes < sizeof magic || !sameBytes(file, magic, sizeof magic))
    return INGOT_NOT_A_CONTAINER;
  if (bytes < INGOT_BOOT_HEADER_BYTES)
    return INGOT_TRUNCATED;
  if (read32(file + INGOT_AT_VERSION) != INGOT_CONTAINER_VERSION)
    return INGOT_BAD_VERSION;
  uint32_t count = read32(file + INGOT_AT_SEGMENTS);
  uint64_t fileBytes = read64(file + INGOT_AT_FILE_BYTES);
  uint64_t tableBytes = INGOT_BOOT_HEADER_BYTES + (uint64_t)INGOT_BOOT_SEGMENT_BYTES * count + INGOT_HASH_BYTES;
  if (count == 0 || count > INGOT_MAX_SEGMENTS || fileBytes < tableBytes || read64(file + INGOT_AT_ZERO) != 0)
    return INGOT_DAMAGED;
  if (fileBytes > bytes)
    return INGOT_TRUNCATED;
  memcpy(found->abi_hash, file + INGOT_AT_ABI_HASH, INGOT_HASH_BYTES);
  return readSegments(file, fileBytes, count, found);
}

ingot_status ingot_check(const ingot_model *model, const void *container, size_t bytes, ingot_container *found) {
  if (!container)
    return INGOT_BAD_ARGUMENT;
  ingot_container table;
  ingot_status status = readTable((const uint8_t *)container, bytes, &table);
  if (status != INGOT_OK)
    return status;
  if (found)
    *found = table;
  if (!model)
    return INGOT_OK;
  if (model->abi_version != INGOT_ABI_VERSION)
    return INGOT_BAD_VERSION;
  if (!sameBytes(model->abi_hash, table.abi_hash, INGOT_HASH_BYTES) || model->weights_bytes != table.weights_bytes)
    return INGOT_ABI_MISMATCH;
  return INGOT_OK;
}
