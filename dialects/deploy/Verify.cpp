// Verifiers of the deploy dialect; the numbers in the messages are the rules of Ops.td.
#include "dialects/deploy/Deploy.h"

using namespace mlir;
using namespace ingot::deploy;

LogicalResult CallOp::verify() { return success(); }
