// The tests' one check, and the program that they package.
#ifndef INGOT_TEST_UNIT_PACKAGE_CHECK_H
#define INGOT_TEST_UNIT_PACKAGE_CHECK_H

#include "compiler/package/Package.h"

#include <cstdio>

namespace ingot::test {

extern int failures;

#define CHECK(condition)                                                                                                                   \
  do {                                                                                                                                     \
    if (!(condition)) {                                                                                                                    \
      std::printf("%s:%d: %s\n", __FILE__, __LINE__, #condition);                                                                          \
      ++::ingot::test::failures;                                                                                                           \
    }                                                                                                                                      \
  } while (false)

/// out = (in + plain) * recipe over 5 floats, with an arena of 64 bytes; the code of it stands in Inputs/model.c.
struct Sample {
  Program program;
  WeightStore store;
};
Sample makeSample();
/// Two entry points, feed (x) and total () -> y, on one state of 5 floats and one weight 1 .. 5; the code of it stands in Inputs/steps.c.
struct Steps {
  std::vector<Program> programs;
  WeightStore store;
};
Steps makeSteps();
/// Inputs and outputs with the names that test headers.
Sample makeHostile();

/// The container in memory; checks that it can be written.
std::string containerOf(const Sample &sample, unsigned jobs);

/// The error's code ("IG0513"), or "" for none.
template <typename T> std::string codeOf(llvm::Expected<T> result);
std::string codeOf(llvm::Error error);

template <typename T> std::string codeOf(llvm::Expected<T> result) { return result ? "" : codeOf(result.takeError()); }

void testContainer();
void testDamage();
void testIdentifiers();
void testPackage();
void testStore();

} // namespace ingot::test

#endif
