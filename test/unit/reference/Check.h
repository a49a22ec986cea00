// What the cases of the reference test share: a case is one op as text, its operands and the numbers it must give.
#ifndef INGOT_TEST_UNIT_REFERENCE_CHECK_H
#define INGOT_TEST_UNIT_REFERENCE_CHECK_H

#include <string>
#include <vector>

using Numbers = std::vector<double>;

/// One op: `types` of the operands and `resultTypes` as MLIR shapes with element type ("2x3xf32"), `text` the op with %arg0, %arg1, ...
/// as operands, without its type (an op without operands: with it). Operand values repeat to fill the tensor.
/// An empty `expected` means that the reference must refuse.
struct Case {
  const char *text;
  std::vector<const char *> types;
  std::vector<Numbers> operands;
  std::vector<const char *> resultTypes;
  std::vector<Numbers> expected;
  double tolerance = 1e-6;
};

std::vector<Case> elementCases();
std::vector<Case> movementCases();
std::vector<Case> groupCases();
std::vector<Case> windowCases();
std::vector<Case> quantCases();
std::vector<Case> sequenceCases();

#endif
