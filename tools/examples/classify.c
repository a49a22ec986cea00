/* Which shape is in the picture? A program that links what `ingot build test/models/shapes/model.onnx -o OUT` wrote:
 *   clang-22 -O2 -I OUT tools/examples/classify.c OUT/libmodel.a -o classify && ./classify OUT/model.ingot test/models/shapes/picture.txt */
#include "model.h"

#include "ingot/map.h"

#include <stdio.h>

static _Alignas(64) unsigned char arena[MODEL_ARENA_BYTES + 1], scratch[MODEL_SCRATCH_BYTES + 1];

int main(int argc, char **argv) {
  const char *names[] = {"disc", "square", "triangle", "cross"};
  float picture[16 * 16], probabilities[4];
  ingot_mapped file;
  model_context context;
  FILE *text = argc == 3 ? fopen(argv[2], "r") : NULL;
  if (!text || ingot_map_open(argv[1], &file))
    return fprintf(stderr, "usage: classify model.ingot picture.txt\n"), 1;
  for (int i = 0; i < 16 * 16; ++i)
    if (fscanf(text, "%f", &picture[i]) != 1)
      return fprintf(stderr, "%s: not 16 x 16 numbers\n", argv[2]), 1;
  fclose(text);

  ingot_memory memory = {.container = file.bytes, .container_bytes = file.size, .arena = arena, .arena_bytes = MODEL_ARENA_BYTES,
                         .scratch = scratch, .scratch_bytes = MODEL_SCRATCH_BYTES};
  ingot_status status = model_bind(&context, &memory);
  if (!status)
    status = model_set_input_picture(&context, picture);
  if (!status)
    status = model_set_output_probabilities(&context, probabilities);
  if (!status)
    status = model_run(&context);
  if (status)
    return fprintf(stderr, "%s\n", ingot_status_text(status)), 1;

  int best = 0;
  for (int i = 0; i < 4; ++i)
    best = probabilities[i] > probabilities[best] ? i : best;
  printf("it is a %s (%.1f %%)\n", names[best], 100 * probabilities[best]);
  ingot_map_close(&file);
  return 0;
}
