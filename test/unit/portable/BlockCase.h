// A random matrix of a GGUF block format made from its logical numbers: what BlockTest.cpp packs, multiplies and looks rows up in.
#ifndef INGOT_TEST_UNIT_PORTABLE_BLOCKCASE_H
#define INGOT_TEST_UNIT_PORTABLE_BLOCKCASE_H

#include "test/unit/portable/Portable.h"

#include <string>

/// Rows [n][k] as a file stores them (`bytes`), and their values.
struct BlockCase {
  std::string format;
  int64_t n, k;
  std::vector<char> bytes;
  std::vector<double> values;
};

/// The formats with a kernel.
const std::vector<std::string> &blockFormatNames();
/// Elements of k that a row must be a multiple of.
int64_t blockElements(const std::string &format);
BlockCase randomBlocks(Random &random, const std::string &format, int64_t n, int64_t k);

#endif
