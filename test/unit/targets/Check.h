// Checks that count failures and print each with a sentence.
#ifndef INGOT_TEST_UNIT_TARGETS_CHECK_H
#define INGOT_TEST_UNIT_TARGETS_CHECK_H

#include "llvm/Support/Error.h"

#include <string>

/// Counts and prints a failure; returns `condition`.
bool check(bool condition, const std::string &what);
/// True for success; consumes the error.
bool succeeded(llvm::Error error, const std::string &what);
/// Prints the counts; the exit status.
int finishChecks();
/// Every kernel of every level's bitcode has a row in kernels.def, and every row of a C kernel has code.
void checkKernelTables();

#endif
