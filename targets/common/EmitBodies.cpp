// Bodies of maps: each becomes a function over scalars, converted by MLIR's arith/math/cf/func patterns. Functions that no CPU has as
// an instruction are calls of our own (ukernels/math.c), so that every target computes the same bits.
#include "targets/common/Emit.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"

using namespace mlir;

namespace ingot {
namespace {

/// The ik_ function behind an op, or "" when the op maps to instructions.
llvm::StringRef scalarFunction(llvm::StringRef op) {
  return llvm::StringSwitch<llvm::StringRef>(op)
      .Cases({"math.powf"}, "pow")
      .Cases({"arith.remf"}, "fmod")
      .Cases({"math.exp", "math.log", "math.tanh", "math.erf", "math.sin", "math.cos", "math.tan", "math.asin", "math.acos", "math.atan",
              "math.sinh", "math.cosh", "math.asinh", "math.acosh", "math.atanh", "math.expm1", "math.log1p", "math.exp2", "math.log2",
              "math.log10", "math.cbrt", "math.atan2"},
             op.rsplit('.').second)
      .Default("");
}

/// A private declaration of `name`, made once.
func::FuncOp declare(ModuleOp module, llvm::StringRef name, FunctionType type) {
  if (auto existing = module.lookupSymbol<func::FuncOp>(name))
    return existing;
  OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
  func::FuncOp func = func::FuncOp::create(builder, module.getLoc(), name, type);
  func.setPrivate();
  return func;
}

/// math.exp %x : f32 -> func.call @ik_exp_f32(%x); half types go through f32.
void callScalarFunction(Operation *op, llvm::StringRef function, ModuleOp module) {
  OpBuilder b(op);
  Type type = op->getResult(0).getType();
  Type wide = type.isF64() ? Type(b.getF64Type()) : Type(b.getF32Type());
  SmallVector<Value> args;
  for (Value operand : op->getOperands())
    args.push_back(type == wide ? operand : arith::ExtFOp::create(b, op->getLoc(), wide, operand));
  SmallVector<Type> types(args.size(), wide);
  std::string name = ("ik_" + function + (type.isF64() ? "_f64" : "_f32")).str();
  declare(module, name, b.getFunctionType(types, wide));
  Value result = func::CallOp::create(b, op->getLoc(), name, wide, args).getResult(0);
  if (type != wide)
    result = arith::TruncFOp::create(b, op->getLoc(), type, result);
  op->getResult(0).replaceAllUsesWith(result);
  op->erase();
}

/// f64 -> f16/bf16 without a library call and without rounding twice: f64 -> f32 to odd, then f32 -> half to nearest.
void narrowDouble(arith::TruncFOp op) {
  OpBuilder b(op);
  Location loc = op.getLoc();
  Value x = op.getIn();
  Type f32 = b.getF32Type(), f64 = b.getF64Type(), i32 = b.getI32Type();
  Value near = arith::TruncFOp::create(b, loc, f32, x), back = arith::ExtFOp::create(b, loc, f64, near);
  Value bits = arith::BitcastOp::create(b, loc, i32, near);
  Value one = arith::ConstantIntOp::create(b, loc, i32, 1), zero = arith::ConstantIntOp::create(b, loc, i32, 0);
  Value above = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, math::AbsFOp::create(b, loc, back), math::AbsFOp::create(b, loc, x));
  Value inexact = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNE, back, x);
  Value down = arith::SubIOp::create(b, loc, bits, arith::SelectOp::create(b, loc, above, one, zero));
  Value odd = arith::OrIOp::create(b, loc, down, arith::SelectOp::create(b, loc, inexact, one, zero));
  Value result = arith::TruncFOp::create(b, loc, op.getType(), arith::BitcastOp::create(b, loc, f32, odd));
  op.getResult().replaceAllUsesWith(result);
  op.erase();
}

/// Copies one kernel.func into `bodies` as a function that returns the yielded scalar.
void outlineBody(kernel::FuncOp kernel, ModuleOp bodies) {
  OpBuilder b = OpBuilder::atBlockEnd(bodies.getBody());
  Operation *yield = kernel.getBody().front().getTerminator();
  FunctionType type = b.getFunctionType(kernel.getBody().front().getArgumentTypes(), yield->getOperand(0).getType());
  auto func = func::FuncOp::create(b, kernel.getLoc(), ("i.body." + kernel.getSymName()).str(), type);
  IRMapping mapping;
  kernel.getBody().cloneInto(&func.getBody(), mapping);
  Operation *end = func.getBody().front().getTerminator();
  b.setInsertionPoint(end);
  func::ReturnOp::create(b, end->getLoc(), end->getOperands());
  end->erase();
}

void expandScalars(ModuleOp bodies) {
  SmallVector<Operation *> ops;
  bodies.walk([&](Operation *op) { ops.push_back(op); });
  for (Operation *op : ops) {
    if (llvm::StringRef function = scalarFunction(op->getName().getStringRef()); !function.empty()) {
      callScalarFunction(op, function, bodies);
      continue;
    }
    auto narrow = dyn_cast<arith::TruncFOp>(op);
    if (narrow && narrow.getIn().getType().isF64() && narrow.getType().getIntOrFloatBitWidth() < 32)
      narrowDouble(narrow);
  }
}

LogicalResult convertToLlvm(ModuleOp bodies) {
  MLIRContext *context = bodies.getContext();
  RewritePatternSet half(context);
  arith::populateExpandBFloat16Patterns(half);
  ConversionTarget expanded(*context);
  expanded.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
  auto touchesBf16 = [](Operation *op) { return op->getOperand(0).getType().isBF16() || op->getResult(0).getType().isBF16(); };
  expanded.addDynamicallyLegalOp<arith::ExtFOp, arith::TruncFOp>([&](Operation *op) { return !touchesBf16(op) || op->hasAttr(kernel::kInstruction); });
  if (failed(applyPartialConversion(bodies, expanded, std::move(half))))
    return failure();
  LLVMTypeConverter types(context);
  LLVMConversionTarget target(*context);
  target.addLegalOp<ModuleOp>();
  RewritePatternSet patterns(context);
  arith::populateArithToLLVMConversionPatterns(types, patterns);
  populateMathToLLVMConversionPatterns(types, patterns);
  cf::populateControlFlowToLLVMConversionPatterns(types, patterns);
  populateFuncToLLVMConversionPatterns(types, patterns);
  return applyFullConversion(bodies, target, std::move(patterns));
}

} // namespace

llvm::Expected<std::unique_ptr<llvm::Module>> emitBodies(ModuleOp module, llvm::LLVMContext &context) {
  OwningOpRef<ModuleOp> bodies = ModuleOp::create(module.getLoc());
  for (func::FuncOp func : module.getOps<func::FuncOp>())
    if (func.isDeclaration())
      declare(*bodies, func.getSymName(), func.getFunctionType());
  for (kernel::FuncOp kernel : module.getOps<kernel::FuncOp>())
    outlineBody(kernel, *bodies);
  expandScalars(*bodies);
  std::string message;
  ScopedDiagnosticHandler handler(module.getContext(), [&](mlir::Diagnostic &diagnostic) {
    message += message.empty() ? "" : "; ";
    message += diagnostic.str();
  });
  registerBuiltinDialectTranslation(*module.getContext());
  registerLLVMDialectTranslation(*module.getContext());
  if (failed(convertToLlvm(*bodies)))
    return llvm::createStringError("a generated kernel has no machine code: " + message);
  std::unique_ptr<llvm::Module> result = translateModuleToLLVMIR(*bodies, context, "model");
  if (!result)
    return llvm::createStringError("a generated kernel did not translate to LLVM IR: " + message);
  for (llvm::Function &function : *result) {
    if (function.isDeclaration())
      continue;
    function.setLinkage(llvm::GlobalValue::InternalLinkage);
    function.addFnAttr(llvm::Attribute::AlwaysInline);
  }
  return result;
}

} // namespace ingot
