/* What the test runner reads and writes. The runner is a freestanding Linux program of one source: linked with a model's objects
 * and the runtime core, it runs the model's entry points, so that emulators need neither libc nor a loader of objects. C11 and C++17.
 *
 *   ld.lld -static --defsym=ingot_runner_entry_0=ingot_run_<name> ... runner.o core.o model.o -o program
 *   program < REQUESTS > RESPONSES
 *
 * REQUESTS: ingot_runner_setup, then path_bytes of the path of the weights file (no NUL), then for each entry two u32 counts of its
 * inputs and outputs and one u64 size in bytes for each of them (inputs first). Then any number of ingot_runner_request, each followed
 * by the bytes of the entry's inputs when it is a run. The end of the stream ends the program.
 * RESPONSES: one ingot_runner_response for the setup and for each request; that of a run that went well is followed by its outputs.
 * Nothing is padded. All is in the byte order of the machine the program runs on (little-endian). Exit status: 0 done, 1 the runtime
 * refused the setup (the sentence is on stderr), 2 something could not be read, written or understood. */
#ifndef INGOT_RUNNER_H
#define INGOT_RUNNER_H

#include "ingot/abi.h"

#define INGOT_RUNNER_SETUP_MAGIC 0x32544553474e49ull    /* "INGSET2" */
#define INGOT_RUNNER_REQUEST_MAGIC 0x32514552474e49ull  /* "INGREQ2" */
#define INGOT_RUNNER_RESPONSE_MAGIC 0x32534552474e49ull /* "INGRES2" */
#define INGOT_RUNNER_MAX_ENTRIES 8u
#define INGOT_RUNNER_MAX_WORKERS 16u

enum {
  INGOT_RUNNER_NO_WEIGHTS = 0,  /* path_bytes is 0 */
  INGOT_RUNNER_RAW_WEIGHTS = 1, /* the file is the weights segment and nothing else */
  INGOT_RUNNER_CONTAINER = 2    /* an .ingot file: checked and bound as an application does */
};
enum { INGOT_RUNNER_RUN = 0, INGOT_RUNNER_RESET_STATE = 1 };

typedef struct ingot_runner_setup { /* 128 bytes */
  uint64_t magic;
  uint32_t weights_kind;
  uint32_t entry_count; /* 1 to INGOT_RUNNER_MAX_ENTRIES: ingot_runner_entry_0, ... */
  uint32_t path_bytes;
  uint32_t max_workers;
  uint64_t arena_bytes; /* the largest of the entries; all share it */
  uint64_t state_bytes;
  uint64_t scratch_bytes; /* for each worker, the largest of the entries */
  uint64_t weights_bytes;
  uint8_t abi_hash[32]; /* compared for INGOT_RUNNER_CONTAINER */
  uint8_t pad[40];
} ingot_runner_setup;

typedef struct ingot_runner_request { /* 32 bytes */
  uint64_t magic;
  uint32_t kind;
  uint32_t entry;
  uint32_t workers; /* threads that run it, 1 to max_workers and INGOT_RUNNER_MAX_WORKERS */
  uint8_t pad[12];
} ingot_runner_request;

typedef struct ingot_runner_response { /* 32 bytes */
  uint64_t magic;
  int32_t status; /* ingot_status */
  uint32_t output_count;
  uint64_t nanoseconds; /* of the run; under an emulator only good for comparing */
  uint8_t pad[8];
} ingot_runner_response;

#ifdef __cplusplus
static_assert(sizeof(ingot_runner_setup) == 128 && sizeof(ingot_runner_request) == 32 && sizeof(ingot_runner_response) == 32, "fixed layout");
#else
_Static_assert(sizeof(ingot_runner_setup) == 128 && sizeof(ingot_runner_request) == 32 && sizeof(ingot_runner_response) == 32, "fixed layout");
#endif
#endif
