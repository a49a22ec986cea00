/* An application on a package for a GPU: app CONTAINER INPUT OUTPUT, raw bytes of the one input and the one output; runs twice on one
 * context, gives the device back, and runs again. */
#include "model.h"

#include "ingot/gpu.h"
#include "ingot/map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv) {
  ingot_mapped file;
  if (argc < 4 || ingot_map_open(argv[1], &file) != INGOT_OK)
    return 1;
  const ingot_model *model = &model_model;
  void *in = calloc(1, model->input_bytes[0]), *out = calloc(1, model->output_bytes[0]), *io[2];
  size_t arenaBytes = (model->arena_bytes + 63) / 64 * 64 + 64, scratchBytes = (model->scratch_bytes + 63) / 64 * 64 + 64;
  ingot_memory memory = {.container = file.bytes, .container_bytes = file.size, .arena = aligned_alloc(64, arenaBytes), .arena_bytes = arenaBytes,
                         .scratch = aligned_alloc(64, scratchBytes), .scratch_bytes = scratchBytes};
  FILE *from = fopen(argv[2], "rb"), *to = fopen(argv[3], "wb");
  ingot_context context;
  if (!from || !to || fread(in, 1, model->input_bytes[0], from) != model->input_bytes[0] || ingot_bind(&context, io, model, &memory) != INGOT_OK ||
      ingot_set_input(&context, 0, in, model->input_bytes[0]) != INGOT_OK || ingot_set_output(&context, 0, out, model->output_bytes[0]) != INGOT_OK)
    return 2;
  for (int run = 0; run < 3; ++run) {
    memset(out, 0xff, model->output_bytes[0]);
    if (ingot_step(&context, 0, 1) != INGOT_OK)
      return 3;
    const char *problem = ingot_gpu_problem(&context.device);
    if (problem) {
      fprintf(stderr, "%s\n", problem);
      return 4;
    }
    if (run == 1)
      ingot_gpu_close(&context.device);
  }
  ingot_gpu_close(&context.device);
  fwrite(out, 1, model->output_bytes[0], to);
  return fclose(to);
}
