/* Two models in one program: their functions, constants and code have names of their own. */
#include "left.h"
#include "right.h"

#include "ingot/map.h"

#include <stdio.h>

_Static_assert(LEFT_INPUT_COUNT == RIGHT_INPUT_COUNT, "the same model twice");

int main(int argc, char **argv) {
  static _Alignas(64) unsigned char arena[LEFT_ARENA_BYTES + RIGHT_ARENA_BYTES + 1], scratch[LEFT_SCRATCH_BYTES + RIGHT_SCRATCH_BYTES + 1];
  static float picture[16 * 16], first[4], second[4];
  left_context left;
  right_context right;
  ingot_mapped files[2];
  if (argc != 3 || ingot_map_open(argv[1], &files[0]) || ingot_map_open(argv[2], &files[1]))
    return 1;
  ingot_memory memory = {.container = files[0].bytes, .container_bytes = files[0].size, .arena = arena, .arena_bytes = sizeof arena, .scratch = scratch,
                         .scratch_bytes = sizeof scratch};
  for (int i = 0; i < 16 * 16; ++i)
    picture[i] = (float)(i % 7);
  if (left_bind(&left, &memory) || left_set_input_picture(&left, picture) || left_set_output_probabilities(&left, first) || left_run(&left))
    return 2;
  memory.container = files[1].bytes, memory.container_bytes = files[1].size;
  if (right_bind(&right, &memory) || right_set_input_picture(&right, picture) || right_set_output_probabilities(&right, second) || right_run(&right))
    return 3;
  float sum = 0;
  for (int i = 0; i < 4; ++i) {
    if (!(first[i] >= second[i] - 0.1f && first[i] <= second[i] + 0.1f))
      return 4;
    sum += first[i];
  }
  printf("both say the same, %.2f in all\n", sum);
  return 0;
}
