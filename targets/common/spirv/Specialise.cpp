// A planned call as a scalar LLVM function of one unit's number: parameters and buffers become constants and globals, everything is
// inlined and simplified, vectors are taken apart. What is left are loads, stores, arithmetic and loops.
#include "targets/common/Embedded.h"
#include "targets/common/Emit.h"
#include "targets/common/spirv/Shader.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Transforms/InstCombine/InstCombine.h"
#include "llvm/Transforms/Scalar/EarlyCSE.h"
#include "llvm/Transforms/Scalar/SROA.h"
#include "llvm/Transforms/Scalar/Scalarizer.h"
#include "llvm/Transforms/Scalar/SimplifyCFG.h"
#include "llvm/Transforms/Utils/LowerSwitch.h"
#include "llvm/Transforms/Utils/UnifyLoopExits.h"

using namespace llvm;

namespace ingot {
namespace {

/// The external function whose constant argument is the number of units (ukernel.h).
constexpr StringRef kUnits = "ik_units";
/// Bytes are addressed with 31 bits.
constexpr int64_t kMaxUnits = int64_t(1) << 30;

/// One global an operand; operands at one place share it, because the kernel may write what it reads.
SmallVector<Constant *> declareOperands(deploy::CallOp call, Module &module) {
  SmallVector<Constant *> operands;
  for (auto [k, place] : enumerate(call.getPlaces())) {
    auto same = llvm::find(call.getPlaces(), place);
    size_t first = same - call.getPlaces().begin();
    if (first < k) {
      operands.push_back(operands[first]);
      continue;
    }
    auto *global = new GlobalVariable(module, Type::getInt8Ty(module.getContext()), false, GlobalValue::ExternalLinkage, nullptr, "operand." + Twine(k));
    global->setAlignment(Align(64));
    operands.push_back(global);
  }
  return operands;
}

Function *createMain(Module &module) {
  LLVMContext &context = module.getContext();
  auto *type = FunctionType::get(Type::getVoidTy(context), {Type::getInt32Ty(context)}, false);
  Function *function = Function::Create(type, GlobalValue::ExternalLinkage, "main", module);
  function->addParamAttr(0, Attribute::get(context, Attribute::Range, ConstantRange(APInt(32, 0), APInt(32, kMaxUnits))));
  function->addFnAttr(Attribute::NoUnwind);
  BasicBlock::Create(context, "entry", function);
  return function;
}

template <typename Values> GlobalVariable *constantList(Module &module, ArrayType *type, const Values &values) {
  return new GlobalVariable(module, type, true, GlobalValue::PrivateLinkage, ConstantArray::get(type, values));
}

/// main(id): row(operands, params, id, 1).
void callRow(deploy::CallOp call, Function *function, ArrayRef<Constant *> operands) {
  Module &module = *function->getParent();
  IRBuilder<> b(&function->getEntryBlock());
  Type *ptr = b.getPtrTy(), *i64 = b.getInt64Ty();
  SmallVector<Constant *> params;
  for (int64_t value : call.getParams())
    params.push_back(b.getInt64(value));
  auto *buffers = constantList(module, ArrayType::get(ptr, operands.size()), operands);
  auto *list = constantList(module, ArrayType::get(i64, params.size()), params);
  FunctionCallee row = module.getOrInsertFunction(call.getCallee(), FunctionType::get(b.getVoidTy(), {ptr, ptr, i64, i64}, false));
  b.CreateCall(row, {buffers, list, b.CreateZExt(function->getArg(0), i64, "", true), b.getInt64(1)});
  b.CreateRetVoid();
}

/// main(id): result[...] = body(inputs[...]) for the point that `id` counts, the last dim fastest.
void callBody(kernel::FuncOp map, Function *function, ArrayRef<Constant *> operands, Function *body) {
  MapBox box = normaliseMap(map);
  IRBuilder<> b(&function->getEntryBlock());
  SmallVector<Value *> offsets;
  for (int64_t offset : box.offsets)
    offsets.push_back(b.getInt32(offset));
  Value *rest = function->getArg(0);
  for (size_t d = box.dims.size(); d-- > 0;) {
    Value *extent = b.getInt32(box.dims[d]), *index = d == 0 ? rest : b.CreateURem(rest, extent);
    rest = d == 0 ? rest : b.CreateUDiv(rest, extent);
    for (size_t j = 0; j < offsets.size(); ++j)
      if (int64_t stride = box.strides[j][d])
        offsets[j] = b.CreateNSWAdd(offsets[j], b.CreateNSWMul(index, b.getInt32(stride)));
  }
  auto stored = [&](Type *type) { return type->isIntegerTy() && type->getIntegerBitWidth() < 8 ? b.getInt8Ty() : type; };
  SmallVector<Value *> arguments;
  for (size_t j = 0; j < body->arg_size(); ++j) {
    Type *type = body->getArg(j)->getType();
    Value *value = b.CreateLoad(stored(type), b.CreateInBoundsGEP(stored(type), operands[j], offsets[j]));
    if (type->isIntegerTy(1))
      value = b.CreateICmpNE(value, ConstantInt::get(value->getType(), 0));
    else if (type != value->getType())
      value = b.CreateTrunc(value, type);
    arguments.push_back(value);
  }
  Value *result = b.CreateCall(body, arguments);
  Type *type = stored(result->getType());
  bool isSigned = map.getResultType().isSignlessInteger() && !map.getResultType().isInteger(1);
  if (type != result->getType())
    result = isSigned ? b.CreateSExt(result, type) : b.CreateZExt(result, type);
  b.CreateStore(result, b.CreateInBoundsGEP(type, operands.back(), offsets.back()));
  b.CreateRetVoid();
}

/// Defines what `module` calls from the bitcode of the shaders' level.
Error linkUnits(Module &module) {
  auto kernels = getLazyBitcodeModule(MemoryBufferRef(embeddedFile("spirv/kernels-units.bc"), "units"), module.getContext());
  if (!kernels)
    return kernels.takeError();
  module.setTargetTriple((*kernels)->getTargetTriple());
  module.setDataLayout((*kernels)->getDataLayout());
  if (Linker::linkModules(module, std::move(*kernels), Linker::LinkOnlyNeeded))
    return createStringError("its kernel does not link");
  for (Function &function : module) {
    function.removeFnAttr(Attribute::NoInline);
    function.removeFnAttr(Attribute::OptimizeNone);
    function.removeFnAttr("target-cpu");
    function.removeFnAttr("target-features");
    function.addFnAttr("no-builtins");
    if (function.isDeclaration()) {
      if (!function.isIntrinsic() && function.getName() != kUnits && !function.use_empty())
        return createStringError("there is no shader source for '" + function.getName() + "'");
      continue;
    }
    if (function.getName() == "main")
      continue;
    function.setLinkage(GlobalValue::InternalLinkage);
    function.addFnAttr(Attribute::AlwaysInline);
  }
  return Error::success();
}

void optimise(Module &module) {
  PipelineTuningOptions tuning;
  tuning.LoopVectorization = tuning.SLPVectorization = tuning.LoopInterleaving = tuning.LoopUnrolling = false;
  PassBuilder builder(nullptr, tuning);
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager graph;
  ModuleAnalysisManager modules;
  TargetLibraryInfoImpl library(module.getTargetTriple());
  library.disableAllFunctions();
  functions.registerPass([library] { return TargetLibraryAnalysis(library); });
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(graph);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, graph, modules);
  ModulePassManager passes = builder.buildPerModuleDefaultPipeline(OptimizationLevel::O2);
  FunctionPassManager last;
  ScalarizerPassOptions scalar;
  scalar.ScalarizeLoadStore = true;
  last.addPass(ScalarizerPass(scalar));
  last.addPass(SROAPass(SROAOptions::ModifyCFG));
  last.addPass(EarlyCSEPass());
  last.addPass(InstCombinePass());
  last.addPass(SimplifyCFGPass());
  last.addPass(LowerSwitchPass());
  passes.addPass(createModuleToFunctionPassAdaptor(std::move(last)));
  passes.run(module, modules);
}

/// A value that is not known stays one value in a shader, so freezing says nothing; it only hides constants. True when there was some.
bool dropFreezes(Module &module) {
  bool any = false;
  for (Function &function : module)
    for (Instruction &instruction : make_early_inc_range(instructions(function)))
      if (isa<FreezeInst>(instruction)) {
        instruction.replaceAllUsesWith(instruction.getOperand(0));
        instruction.eraseFromParent();
        any = true;
      }
  return any;
}

/// Takes the calls of ik_units away; all give one constant.
Expected<uint32_t> takeUnits(Function &function) {
  int64_t units = -1;
  for (Instruction &instruction : make_early_inc_range(instructions(function))) {
    auto *call = dyn_cast<CallInst>(&instruction);
    if (!call || !call->getCalledFunction() || call->getCalledFunction()->getName() != kUnits)
      continue;
    auto *count = dyn_cast<ConstantInt>(call->getArgOperand(0));
    if (!count || (units >= 0 && units != count->getSExtValue()))
      return createStringError("its number of units is not constant");
    units = count->getSExtValue();
    call->eraseFromParent();
  }
  if (units < 0)
    return createStringError("it runs on one worker");
  if (units > kMaxUnits)
    return createStringError("it has " + Twine(units) + " units, more than " + Twine(kMaxUnits));
  return static_cast<uint32_t>(units);
}

/// The module with the map's body, or an empty one for a row.
Expected<std::unique_ptr<Module>> startModule(kernel::FuncOp map, LLVMContext &context) {
  if (!map)
    return std::make_unique<Module>("unit", context);
  mlir::OwningOpRef<mlir::ModuleOp> alone = mlir::ModuleOp::create(map.getLoc());
  for (mlir::func::FuncOp function : map->getParentOfType<mlir::ModuleOp>().getOps<mlir::func::FuncOp>())
    if (function.isDeclaration())
      alone->push_back(function->clone());
  alone->push_back(map->clone());
  return emitBodies(*alone, context);
}

} // namespace

Expected<UnitFunction> specialiseCall(deploy::CallOp call, mlir::ModuleOp source) {
  UnitFunction unit;
  unit.context = std::make_unique<LLVMContext>();
  kernel::FuncOp map = source.lookupSymbol<kernel::FuncOp>(call.getCallee());
  auto module = startModule(map, *unit.context);
  if (!module)
    return module.takeError();
  unit.module = std::move(*module);
  unit.operands = call.getPlaces().size();
  SmallVector<Constant *> operands = declareOperands(call, *unit.module);
  unit.function = createMain(*unit.module);
  if (map)
    callBody(map, unit.function, operands, unit.module->getFunction(("i.body." + map.getSymName()).str()));
  else
    callRow(call, unit.function, operands);
  if (Error error = linkUnits(*unit.module))
    return std::move(error);
  optimise(*unit.module);
  if (dropFreezes(*unit.module))
    optimise(*unit.module);
  // The sources for shaders leave a worker's scratch memory alone.
  for (auto [k, place] : enumerate(call.getPlaces()))
    if (mlir::cast<deploy::PlaceAttr>(place).getSpace() == deploy::Space::scratch && unit.module->getNamedGlobal(("operand." + Twine(k)).str()))
      return createStringError("it needs memory of its own");
  if (!map) {
    Expected<uint32_t> units = takeUnits(*unit.function);
    if (!units)
      return units.takeError();
    unit.units = *units;
    return unit;
  }
  int64_t points = 1;
  for (int64_t extent : map.getDims())
    points *= extent;
  if (points > kMaxUnits)
    return createStringError("it has " + Twine(points) + " points, more than " + Twine(kMaxUnits));
  unit.units = static_cast<uint32_t>(points);
  return unit;
}

} // namespace ingot
