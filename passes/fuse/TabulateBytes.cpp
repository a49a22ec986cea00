// What lies between a dequantise and a quantise of bytes, when it reads nothing else, is a function of 256 values: a table.
//   quantize(mul(d, sigmoid(d))), d = dequantize(x) -> quant.lookup x, nn.constant [256]
#include "compiler/reference/Evaluate.h"
#include "passes/Constants.h"
#include "passes/Passes.h"
#include "passes/fuse/ByteSource.h"

#include "dialects/nn/Nn.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace ingot {

#define GEN_PASS_DEF_TABULATEBYTES
#include "passes/fuse/Passes.h.inc"

namespace {

constexpr int64_t kBytes = 256;

/// Of more work than a look-up.
bool isCostly(Operation *op) {
  if (nn::UnaryOp unary = dyn_cast<nn::UnaryOp>(op))
    switch (unary.getKind()) {
    case nn::UnaryKind::abs: case nn::UnaryKind::neg: case nn::UnaryKind::relu: case nn::UnaryKind::clip: case nn::UnaryKind::leaky_relu:
      return false;
    default:
      return true;
    }
  nn::BinaryOp binary = dyn_cast<nn::BinaryOp>(op);
  return binary && (binary.getKind() == nn::BinaryKind::div || binary.getKind() == nn::BinaryKind::pow);
}

bool isOneNumber(Value value, const WeightStore *store) {
  return cast<RankedTensorType>(value.getType()).getNumElements() == 1 && constantOf(value, store).has_value();
}

/// The elementwise operations from bytes `x` to the quantise that ends them.
struct Function {
  SmallVector<Operation *> ops; // in order; dequantises of x among them
  Value x;
};

struct TabulateBytes : impl::TabulateBytesBase<TabulateBytes> {
  explicit TabulateBytes(const PassContext &context) : context(context) {}

  void runOnOperation() override {
    SmallVector<quant::QuantizeOp> ends;
    getOperation().walk([&](quant::QuantizeOp op) { ends.push_back(op); });
    for (quant::QuantizeOp end : ends)
      if (std::optional<Function> function = functionOf(end))
        tabulate(*function, end);
  }

  std::optional<Function> functionOf(quant::QuantizeOp end) {
    constexpr size_t kMostOps = 32; // longest chains of real models: 9
    if (!isByte(end.getResult()) || end.getBlock() != 0 || !isConstantPair(end.getScale(), end.getZero()))
      return std::nullopt;
    llvm::SetVector<Operation *> ops;
    ops.insert(end);
    Function function;
    for (size_t i = 0; i < ops.size(); ++i)
      if (ops.size() > kMostOps || !addSources(ops[i], ops, function.x, end.getInput().getType()))
        return std::nullopt;
    bool isClosed = llvm::all_of(ops, [&](Operation *op) {
      return op == end || isa<quant::DequantizeOp>(op) || llvm::all_of(op->getUsers(), [&](Operation *user) { return ops.contains(user); });
    });
    if (!function.x || !isClosed || llvm::none_of(ops, isCostly))
      return std::nullopt;
    function.ops.assign(ops.begin(), ops.end());
    llvm::sort(function.ops, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
    return function;
  }

  bool isConstantPair(Value scale, Value zero) { return isOneNumber(scale, context.store) && (!zero || isOneNumber(zero, context.store)); }

  /// Adds the operations that `op` reads. False where one is not elementwise over `type`, or its bytes are not x.
  bool addSources(Operation *op, llvm::SetVector<Operation *> &ops, Value &x, Type type) {
    if (quant::DequantizeOp source = dyn_cast<quant::DequantizeOp>(op)) {
      bool isX = byteSource(source.getResult(), 0) && isConstantPair(source.getScale(), source.getZero()) && (!x || x == source.getInput());
      x = source.getInput();
      return isX;
    }
    for (Value operand : isa<quant::QuantizeOp>(op) ? op->getOperands().take_front(1) : op->getOperands()) {
      if (isOneNumber(operand, context.store))
        continue;
      Operation *source = operand.getDefiningOp();
      if (!source || !isa<nn::UnaryOp, nn::BinaryOp, quant::DequantizeOp>(source) || operand.getType() != type)
        return false;
      ops.insert(source);
    }
    return true;
  }

  void tabulate(const Function &function, quant::QuantizeOp end) {
    RankedTensorType byte = cast<RankedTensorType>(function.x.getType());
    Tensor all(*toDType(byte.getElementType()), {kBytes});
    for (int64_t i = 0; i < kBytes; ++i)
      all.set(i, static_cast<double>(i - (byte.getElementType().isUnsignedInteger() ? 0 : kBytes / 2)));
    OwningOpRef<ModuleOp> module = ModuleOp::create(end.getLoc());
    std::string why;
    FailureOr<std::vector<Tensor>> made = evaluate(overBytes(function, end, *module), all, *context.store, why);
    if (failed(made))
      return;
    SmallVector<Location> locations;
    for (Operation *op : function.ops)
      if (!isa<quant::DequantizeOp>(op))
        locations.push_back(op->getLoc());
    OpBuilder builder(end);
    Value table = makeConstant(builder, end.getLoc(), made->front(), *context.store, "table");
    Value result = quant::LookupOp::create(builder, builder.getFusedLoc(locations), end.getResult().getType(), function.x, table);
    end.getResult().replaceAllUsesWith(result);
    for (Operation *op : llvm::reverse(function.ops))
      if (op->use_empty())
        op->erase();
  }

  /// func(tensor<256>): the function of every byte; its constants of one element are scalars.
  func::FuncOp overBytes(const Function &function, quant::QuantizeOp end, ModuleOp module) {
    OpBuilder builder(module.getBodyRegion());
    auto over = [](Type type) { return RankedTensorType::get({kBytes}, cast<RankedTensorType>(type).getElementType()); };
    func::FuncOp made = func::FuncOp::create(builder, end.getLoc(), "made", builder.getFunctionType(over(function.x.getType()), over(end.getResult().getType())));
    Block *body = made.addEntryBlock();
    builder.setInsertionPointToStart(body);
    IRMapping mapping;
    mapping.map(function.x, body->getArgument(0));
    for (Operation *op : function.ops) {
      for (Value operand : op->getOperands())
        if (!mapping.contains(operand)) {
          Tensor constant = *constantOf(operand, context.store), scalar(constant.dtype(), {});
          std::copy_n(constant.data(), constant.bytes(), scalar.mutableData());
          mapping.map(operand, makeConstant(builder, op->getLoc(), scalar, *context.store, "one"));
        }
      builder.clone(*op, mapping)->getResult(0).setType(over(op->getResult(0).getType()));
    }
    func::ReturnOp::create(builder, end.getLoc(), mapping.lookup(end.getResult()));
    return made;
  }

  PassContext context;
};

} // namespace

std::unique_ptr<Pass> createTabulateBytes(const PassContext &context) { return std::make_unique<TabulateBytes>(context); }

} // namespace ingot
