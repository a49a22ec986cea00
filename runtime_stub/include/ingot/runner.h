/* What the test runner reads and writes. The runner is a freestanding Linux program of one source: linked with a model's objects
 * and the runtime core, it runs the model once, so that emulators need neither libc nor a loader of objects. C11 and C++17.
 *
 *   ld.lld -static --defsym=ingot_runner_entry=ingot_run_<name> runner.o core.o model.o -o program
 *   program REQUEST RESPONSE
 *
 * REQUEST: ingot_runner_request, then input_count + output_count u64 sizes in bytes (inputs first), then path_bytes of the
 * path of the weights file (no NUL), then every input's bytes; each of these parts begins at a multiple of 64 bytes.
 * RESPONSE: ingot_runner_response, then every output's bytes, each beginning at a multiple of 64 bytes.
 * Both are in the byte order of the machine the program runs on (little-endian). Exit status: 0 done, 1 the runtime refused
 * (RESPONSE holds the status and no outputs; the sentence is on stderr), 2 a file could not be read, written or understood. */
#ifndef INGOT_RUNNER_H
#define INGOT_RUNNER_H

#include "ingot/abi.h"

#define INGOT_RUNNER_REQUEST_MAGIC 0x31514552474e49ull  /* "INGREQ1" */
#define INGOT_RUNNER_RESPONSE_MAGIC 0x31534552474e49ull /* "INGRES1" */
#define INGOT_RUNNER_PART_ALIGNMENT 64u

enum {
  INGOT_RUNNER_NO_WEIGHTS = 0,  /* path_bytes is 0 */
  INGOT_RUNNER_RAW_WEIGHTS = 1, /* the file is the weights segment and nothing else */
  INGOT_RUNNER_CONTAINER = 2    /* an .ingot file: checked and bound as an application does */
};

typedef struct ingot_runner_request { /* 128 bytes */
  uint64_t magic;
  uint32_t weights_kind;
  uint32_t repeat; /* times to run, at least 1; the state is zeroed before each */
  uint32_t input_count;
  uint32_t output_count;
  uint32_t path_bytes;
  uint32_t max_workers; /* the model's; the runner itself is one worker */
  uint64_t arena_bytes;
  uint64_t state_bytes;
  uint64_t scratch_bytes; /* for each worker */
  uint64_t weights_bytes;
  uint8_t abi_hash[32]; /* compared for INGOT_RUNNER_CONTAINER */
  uint8_t pad[32];
} ingot_runner_request;

typedef struct ingot_runner_response { /* 64 bytes */
  uint64_t magic;
  int32_t status; /* ingot_status */
  uint32_t output_count;
  uint64_t best_ns; /* shortest of the runs; under an emulator only good for comparing */
  uint8_t pad[40];
} ingot_runner_response;

#ifdef __cplusplus
static_assert(sizeof(ingot_runner_request) == 128 && sizeof(ingot_runner_response) == 64, "fixed layout");
#else
_Static_assert(sizeof(ingot_runner_request) == 128 && sizeof(ingot_runner_response) == 64, "fixed layout");
#endif
#endif
