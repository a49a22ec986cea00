// Lowers quant.lookup to ik_lookup_8 (lookup.c), which takes the bytes of signed numbers as they are.
#include "passes/lower/Convert.h"
#include "passes/lower/LowerOp.h"
#include "passes/lower/QuantTerms.h"

using namespace mlir;

namespace ingot {
namespace {

using Lowered = FailureOr<SmallVector<Value, 2>>;

/// The entries in the order of the bytes that look them up, signed ones from 0 to 127 and -128 to -1.
Tensor turned(const Tensor &table, bool isUnsigned) {
  Tensor out(table.dtype(), {256});
  for (int64_t i = 0; i < 256; ++i)
    out.mutableData()[i] = table.data()[isUnsigned ? i : (i + 128) % 256];
  return out;
}

Lowered lowerLookup(Operation *operation, LowerContext &context, std::string &why) {
  quant::LookupOp op = cast<quant::LookupOp>(operation);
  if (!context.isConstant(op.getTable())) {
    why = "a table that is computed";
    return failure();
  }
  bool isUnsigned = isUnsignedByte(op.getInput());
  int64_t count = op.getInput().getType().getNumElements();
  Value table = context.packed(op.getLoc(), "lookup.table", dtypeOf(op.getTable()), {256}, op.getTable(), "the table in the order of bytes", calling(turned, isUnsigned));
  return SmallVector<Value, 2>{context.micro(op.getLoc(), "ik_lookup_8", op.getResult().getType(), {op.getInput(), table}, {count}, count).getResult(0)};
}

} // namespace

void registerLookup(LowerRegistry &registry) { registry.add("quant.lookup", lowerLookup); }

} // namespace ingot
