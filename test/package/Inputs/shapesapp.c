/* An application of a model with two dimensions of several extents: one context runs every shape after another, with one thread and with two, and
 * extents that there is no code for are refused while the shape before stays. The model: y = x [n, w] times a matrix of ones, plus 1. */
#include "shapes.h"

#include "ingot/map.h"
#include "ingot/pool.h"

#include <stdio.h>

static _Alignas(64) unsigned char arena[SHAPES_ARENA_BYTES + 1], scratch[2 * SHAPES_SCRATCH_BYTES + 1];
static float in[SHAPES_INPUT_BYTES_x / sizeof(float)], out[SHAPES_OUTPUT_BYTES_y / sizeof(float)];
static shapes_context context;
static ingot_pool pool;

/* 1 when the outputs of the chosen shape are right: row i of x holds i + 1, so row i of y holds w * (i + 1) + 1. */
static int isRight(int64_t rows, int64_t width) {
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t k = 0; k < width; ++k)
      if (out[i * width + k] != (float)(width * (i + 1) + 1))
        return 0;
  return 1;
}

static int runShape(int64_t rows, int64_t width, int threads) {
  if (shapes_set_shape(&context, rows, width) != INGOT_OK || shapes_run(&context) != INGOT_NOT_BOUND)
    return 0;
  for (int64_t i = 0; i < rows * width; ++i)
    in[i] = (float)(i / width + 1);
  for (int64_t i = 0; i < rows * width; ++i)
    out[i] = -1;
  int bad = shapes_set_input_x(&context, in) | shapes_set_output_y(&context, out);
  bad |= threads == 1 ? shapes_run(&context) : ingot_pool_step(&pool, &context.core);
  return !bad && isRight(rows, width);
}

int main(int argc, char **argv) {
  ingot_mapped file;
  if (argc < 2 || ingot_map_open(argv[1], &file) != INGOT_OK || shapes_set_shape(&context, 1, 8) != INGOT_BAD_ARGUMENT)
    return 1;
  ingot_memory memory = {.container = file.bytes, .container_bytes = file.size, .arena = arena, .arena_bytes = SHAPES_ARENA_BYTES, .scratch = scratch,
                         .scratch_bytes = 2 * SHAPES_SCRATCH_BYTES};
  int good = shapes_bind(&context, &memory) == INGOT_OK && ingot_pool_start(&pool, 2) == INGOT_OK;
  for (int threads = 1; threads <= 2; ++threads)
    for (int64_t rows = 1; rows <= 3; ++rows)
      good = good && runShape(rows, 8, threads) && runShape(rows, 100, threads);
  good = good && shapes_set_shape(&context, 3, 9) == INGOT_BAD_SHAPE && shapes_set_shape(&context, 4, 8) == INGOT_BAD_SHAPE;
  good = good && shapes_set_shape(&context, -1, 0) == INGOT_BAD_SHAPE && shapes_run(&context) == INGOT_OK && isRight(3, 100);
  ingot_pool_stop(&pool);
  ingot_map_close(&file);
  printf(good ? "ok %u\n" : "FAIL\n", SHAPES_SHAPE_COUNT);
  return !good;
}
