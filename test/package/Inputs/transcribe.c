/* Speech to text: a program that links two models, the encoder and the decoder of Whisper, and prints what a recording says.
 *   ingot build whisper-tiny-en-encoder/model.onnx -o ENC --name encoder --dim batch=1
 *   ingot build whisper-tiny-en-decoder/model.onnx -o DEC --name decoder --dim batch=1 --dim seq=64 --dim past=0 --dim frames=1500
 *   clang-22 -std=c11 -O2 -I ENC -I DEC transcribe.c ENC/libencoder.a DEC/libdecoder.a -lm -pthread -o transcribe
 *   ./transcribe ENC/encoder.ingot DEC/decoder.ingot vocabulary.txt config.json sound.wav
 * The vocabulary has one token a line, in the byte alphabet of GPT-2; config.json names tokens that must not be said. The decoder's
 * attention is causal, so one build for 64 tokens serves every length: what lies behind the last token changes nothing before it. */
#include "decoder.h"
#include "encoder.h"

#include "ingot/map.h"
#include "ingot/pool.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RATE = 16000, SAMPLES = 30 * RATE, FRAMES = 3000, WINDOW = 400, STEP = 160, BINS = WINDOW / 2 + 1, MELS = 80 };
enum { TOKENS = 64, VOCABULARY = 51864, END = 50256, START = 50257, NO_TIMES = 50362, TEXT_BYTES = 1 << 20, WORKERS = 2 };

static const double kPi = 3.14159265358979323846;

static float sound[SAMPLES], mel[MELS * FRAMES];
static float hidden[ENCODER_OUTPUT_BYTES_last_hidden_state / 4], crossK[ENCODER_OUTPUT_BYTES_cross_k / 4], crossV[ENCODER_OUTPUT_BYTES_cross_v / 4];
static float logits[TOKENS * VOCABULARY], presentK[DECODER_OUTPUT_BYTES_present_k / 4], presentV[DECODER_OUTPUT_BYTES_present_v / 4];
static char vocabulary[TEXT_BYTES], config[TEXT_BYTES];
static const char *tokenText[VOCABULARY];
static unsigned char suppressed[VOCABULARY], suppressedFirst[VOCABULARY];

static void fail(const char *what, const char *why) {
  fprintf(stderr, "transcribe: %s: %s\n", what, why);
  exit(1);
}

static void check(const char *what, ingot_status status) {
  if (status)
    fail(what, ingot_status_text(status));
}

/* A whole file, at most room - 1 bytes, with a zero behind it. */
static size_t readFile(const char *path, char *bytes, size_t room) {
  FILE *file = fopen(path, "rb");
  if (!file)
    fail(path, "cannot be opened");
  size_t size = fread(bytes, 1, room - 1, file);
  fclose(file);
  bytes[size] = 0;
  return size;
}

static uint32_t little(const unsigned char *bytes, int count) {
  uint32_t value = 0;
  for (int i = count - 1; i >= 0; --i)
    value = value << 8 | bytes[i];
  return value;
}

/* 16-bit mono of 16 kHz into `sound`, cut off or padded with silence at 30 seconds. */
static void readSound(const char *path) {
  static char bytes[2 * SAMPLES + 4096];
  size_t size = readFile(path, bytes, sizeof bytes), at = 12;
  const unsigned char *data = (const unsigned char *)bytes;
  if (size < at || memcmp(data, "RIFF", 4) != 0)
    fail(path, "is no WAV file");
  for (size_t length; at + 8 <= size; at += 8 + length + length % 2) {
    length = little(data + at + 4, 4);
    if (!memcmp(data + at, "fmt ", 4) && at + 24 <= size &&
        (little(data + at + 8, 2) != 1 || little(data + at + 10, 2) != 1 || little(data + at + 12, 4) != RATE || little(data + at + 22, 2) != 16))
      fail(path, "is not 16-bit mono of 16 kHz");
    if (memcmp(data + at, "data", 4) != 0)
      continue;
    for (size_t i = 0; i < SAMPLES && i < length / 2 && at + 8 + 2 * i + 2 <= size; ++i)
      sound[i] = (float)(int16_t)little(data + at + 8 + 2 * i, 2) / 32768.0f;
    return;
  }
  fail(path, "has no sound");
}

/* Frequency of a place on Slaney's mel scale: linear up to 1 kHz, then logarithmic. */
static double hertz(double place) { return place < 15 ? place * 200 / 3 : 1000 * exp(log(6.4) / 27 * (place - 15)); }

/* weights[MELS][BINS]: overlapping triangles of equal area. */
static void makeFilters(double *weights) {
  double last = 15 + log(8.0) / (log(6.4) / 27), edges[MELS + 2];
  for (int m = 0; m < MELS + 2; ++m)
    edges[m] = hertz(last * m / (MELS + 1));
  for (int m = 0; m < MELS; ++m)
    for (int b = 0; b < BINS; ++b) {
      double at = (double)b * RATE / WINDOW, up = (at - edges[m]) / (edges[m + 1] - edges[m]), down = (edges[m + 2] - at) / (edges[m + 2] - edges[m + 1]);
      weights[m * BINS + b] = fmax(0, fmin(up, down)) * 2 / (edges[m + 2] - edges[m]);
    }
}

/* taken[WINDOW]: sound around a frame, faded at both ends, mirrored where it begins and ends. False for silence. */
static int takeWindow(int frame, double *taken) {
  double loudest = 0;
  for (int i = 0; i < WINDOW; ++i) {
    int at = abs(frame * STEP + i - WINDOW / 2);
    taken[i] = sound[at < SAMPLES ? at : 2 * SAMPLES - 2 - at] * (0.5 - 0.5 * cos(2 * kPi * i / WINDOW));
    loudest = fmax(loudest, fabs(taken[i]));
  }
  return loudest > 0;
}

/* power[BINS] of a window of sound, straight from the definition: -sin(x) = cos(x + 1/4 turn). */
static void powerOf(const double *taken, const double *cosine, double *power) {
  for (int b = 0; b < BINS; ++b) {
    double real = 0, imaginary = 0;
    for (int i = 0; i < WINDOW; ++i) {
      real += taken[i] * cosine[b * i % WINDOW];
      imaginary += taken[i] * cosine[(b * i + WINDOW / 4) % WINDOW];
    }
    power[b] = real * real + imaginary * imaginary;
  }
}

/* The encoder's input: logarithms of the energies in 80 bands, 100 times a second. */
static void makeMel(void) {
  static double weights[MELS * BINS];
  double cosine[WINDOW], taken[WINDOW], power[BINS];
  float highest = -10;
  makeFilters(weights);
  for (int i = 0; i < WINDOW; ++i)
    cosine[i] = cos(2 * kPi * i / WINDOW);
  for (int f = 0; f < FRAMES; ++f) {
    int loud = takeWindow(f, taken);
    if (loud)
      powerOf(taken, cosine, power);
    for (int m = 0; m < MELS; ++m) {
      double sum = 0;
      for (int b = 0; b < BINS && loud; ++b)
        sum += weights[m * BINS + b] * power[b];
      mel[m * FRAMES + f] = (float)log10(fmax(sum, 1e-10));
      highest = fmaxf(highest, mel[m * FRAMES + f]);
    }
  }
  for (int i = 0; i < MELS * FRAMES; ++i)
    mel[i] = (fmaxf(mel[i], highest - 8) + 4) / 4;
}

static void readVocabulary(const char *path) {
  readFile(path, vocabulary, sizeof vocabulary);
  char *line = vocabulary;
  for (int i = 0; i < VOCABULARY; ++i) {
    char *end = strchr(line, '\n');
    tokenText[i] = line;
    if (!end)
      return;
    *end = 0;
    line = end + 1;
  }
}

/* Marks the numbers of the list that follows "name" in the configuration. */
static void readList(const char *name, unsigned char *marks) {
  const char *at = strstr(config, name), *end = at ? strchr(at, ']') : NULL;
  at = at ? strchr(at, '[') : NULL;
  while (at && end && ++at < end) {
    char *next = NULL;
    long id = strtol(at, &next, 10);
    if (next != at && id >= 0 && id < VOCABULARY)
      marks[id] = 1;
    at = strpbrk(next, ",]");
  }
}

/* GPT-2 writes each byte as one letter: printable ones as themselves, the others as U+0100 and up. */
static void printToken(const char *text) {
  for (const unsigned char *at = (const unsigned char *)text; *at; ++at) {
    unsigned letter = *at;
    if (letter >= 0xc0 && at[1])
      letter = (letter & 0x1f) << 6 | (*++at & 0x3f);
    for (unsigned byte = 0, other = 0x100; byte < 256 && letter >= 0x100; ++byte) {
      int printable = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte != 0xad);
      if (!printable && other++ == letter)
        letter = byte;
    }
    putchar((int)letter);
  }
}

/* Memory of a model: what its header asks for, aligned. */
static ingot_memory memoryOf(const ingot_mapped *file, size_t arena, size_t scratch) {
  ingot_memory memory = {.container = file->bytes, .container_bytes = file->size, .arena_bytes = arena, .scratch_bytes = scratch};
  memory.arena = aligned_alloc(ENCODER_MEMORY_ALIGNMENT, (arena + 127) & ~(size_t)63);
  memory.scratch = aligned_alloc(ENCODER_MEMORY_ALIGNMENT, (scratch + 127) & ~(size_t)63);
  if (!memory.arena || !memory.scratch)
    fail("memory", "there is not enough");
  return memory;
}

static void encode(const char *path, ingot_pool *pool) {
  ingot_mapped file;
  encoder_context context;
  check(path, ingot_map_open(path, &file));
  ingot_memory memory = memoryOf(&file, ENCODER_ARENA_BYTES, ENCODER_SCRATCH_BYTES * (size_t)WORKERS);
  check(path, encoder_bind(&context, &memory));
  check("mel", encoder_set_input_mel(&context, mel));
  check("last_hidden_state", encoder_set_output_last_hidden_state(&context, hidden));
  check("cross_k", encoder_set_output_cross_k(&context, crossK));
  check("cross_v", encoder_set_output_cross_v(&context, crossV));
  check("the encoder", ingot_pool_step(pool, &context.core));
  free(memory.arena);
  free(memory.scratch);
  ingot_map_close(&file);
}

static int best(const float *scores, int first) {
  int winner = END;
  for (int i = 0; i < END; ++i)
    if (!suppressed[i] && !(first && suppressedFirst[i]) && scores[i] > scores[winner])
      winner = i;
  return first && winner == END && suppressedFirst[END] ? 0 : winner;
}

static void decode(const char *path, ingot_pool *pool) {
  ingot_mapped file;
  decoder_context context;
  int64_t tokens[TOKENS] = {START, NO_TIMES};
  float none = 0;
  check(path, ingot_map_open(path, &file));
  ingot_memory memory = memoryOf(&file, DECODER_ARENA_BYTES, DECODER_SCRATCH_BYTES * (size_t)WORKERS);
  check(path, decoder_bind(&context, &memory));
  check("input_ids", decoder_set_input_input_ids(&context, tokens));
  check("past_k", decoder_set_input_past_k(&context, &none));
  check("past_v", decoder_set_input_past_v(&context, &none));
  check("cross_k", decoder_set_input_cross_k(&context, crossK));
  check("cross_v", decoder_set_input_cross_v(&context, crossV));
  check("logits", decoder_set_output_logits(&context, logits));
  check("present_k", decoder_set_output_present_k(&context, presentK));
  check("present_v", decoder_set_output_present_v(&context, presentV));
  for (int count = 2; count < TOKENS; ++count) {
    check("the decoder", ingot_pool_step(pool, &context.core));
    int next = best(logits + (size_t)(count - 1) * VOCABULARY, count == 2);
    if (next == END)
      break;
    tokens[count] = next;
    printToken(tokenText[next] ? tokenText[next] : "");
    fflush(stdout);
  }
  putchar('\n');
  free(memory.arena);
  free(memory.scratch);
  ingot_map_close(&file);
}

int main(int argc, char **argv) {
  static ingot_pool pool;
  if (argc != 6)
    return fprintf(stderr, "usage: transcribe encoder.ingot decoder.ingot vocabulary.txt config.json sound.wav\n"), 1;
  readVocabulary(argv[3]);
  readFile(argv[4], config, sizeof config);
  readList("\"suppress_ids\"", suppressed);
  readList("\"suppress_ids_begin\"", suppressedFirst);
  readSound(argv[5]);
  makeMel();
  check("threads", ingot_pool_start(&pool, WORKERS));
  encode(argv[1], &pool);
  decode(argv[2], &pool);
  ingot_pool_stop(&pool);
  return 0;
}
