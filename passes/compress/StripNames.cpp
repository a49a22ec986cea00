// Drops `nn.name`, `ingot.range` and `ingot.pruned`, which the compress phase alone reads.
#include "passes/Passes.h"
#include "passes/compress/Names.h"

using namespace mlir;

namespace ingot {

#define GEN_PASS_DEF_STRIPNAMES
#include "passes/compress/Passes.h.inc"

namespace {

struct StripNames : impl::StripNamesBase<StripNames> {
  void runOnOperation() override {
    getOperation().walk([](Operation *op) {
      op->removeDiscardableAttr(kNameAttr);
      op->removeDiscardableAttr(kRangeAttr);
      op->removeDiscardableAttr(kPrunedAttr);
    });
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>())
      for (unsigned i = 0; i < function.getNumArguments(); ++i)
        function.removeArgAttr(i, kRangeAttr);
  }
};

} // namespace

std::unique_ptr<Pass> createStripNames() { return std::make_unique<StripNames>(); }

} // namespace ingot
