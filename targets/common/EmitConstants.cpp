// Kernels as this model calls them: every size, stride and choice on which all calls agree becomes a constant, others get the range that they
// have, and what then cannot happen is dropped. A kernel with few different calls becomes one function for each of them.
#include "targets/common/Emit.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/Analysis/ConstantFolding.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/MDBuilder.h"
#include "llvm/Transforms/Utils/Cloning.h"

using namespace llvm;

namespace ingot {
namespace {

/// Where a pointer argument points: bytes into constant lists, one or more. A list that is filled at run time counts as two, of the least and of
/// the greatest numbers that it holds.
using Places = SmallSetVector<std::pair<Constant *, int64_t>, 8>;
using PlacesOf = MapVector<Argument *, Places>;

/// True if every use of the function is a direct call of it.
bool isOnlyCalled(const Function &function) {
  return function.hasInternalLinkage() && !function.isDeclaration() && llvm::all_of(function.uses(), [](const Use &use) {
           auto *call = dyn_cast<CallInst>(use.getUser());
           return call && call->isCallee(&use);
         });
}

/// Adds the places that an operand of a call may be. False if one is not known.
bool addPlaces(Value *operand, const PlacesOf &known, const DataLayout &layout, Places &places) {
  APInt offset(64, 0);
  Value *base = operand->stripAndAccumulateConstantOffsets(layout, offset, /*AllowNonInbounds=*/true);
  if (auto *list = dyn_cast<GlobalVariable>(base)) {
    if (!list->isConstant() || !list->hasDefinitiveInitializer())
      return false;
    places.insert({list->getInitializer(), offset.getSExtValue()});
    return true;
  }
  auto *argument = dyn_cast<Argument>(base);
  auto found = argument ? known.find(argument) : known.end();
  if (found == known.end())
    return false;
  for (auto [list, start] : found->second)
    places.insert({list, start + offset.getSExtValue()});
  return true;
}

/// The least and the greatest numbers of the parameters of a call that fills its list at run time; none for another call.
SmallVector<Constant *> boundsOf(const CallInst &call) {
  SmallVector<Constant *> bounds;
  if (const MDNode *node = call.getMetadata(kParamBounds))
    for (const MDOperand &operand : node->operands())
      bounds.push_back(mdconst::extract<Constant>(operand));
  return bounds;
}

/// The argument's places, from all calls; empty if one of them is not known.
Places findPlaces(Argument &argument, const PlacesOf &known, const DataLayout &layout) {
  Places places;
  for (User *user : argument.getParent()->users()) {
    auto &call = *cast<CallInst>(user);
    SmallVector<Constant *> bounds = argument.getArgNo() == kParamsArgument ? boundsOf(call) : SmallVector<Constant *>();
    for (Constant *list : bounds)
      places.insert({list, 0});
    if (bounds.empty() && !addPlaces(call.getArgOperand(argument.getArgNo()), known, layout, places))
      return {};
  }
  return places;
}

/// Arguments that always point into constant lists. A function's are found after those of its callers, so one round a level of calls.
PlacesOf findPlaces(Module &module) {
  PlacesOf known;
  for (size_t before = ~size_t(0); before != known.size();) {
    before = known.size();
    for (Function &function : module) {
      if (!isOnlyCalled(function))
        continue;
      for (Argument &argument : function.args()) {
        if (!argument.getType()->isPointerTy() || known.contains(&argument))
          continue;
        Places places = findPlaces(argument, known, module.getDataLayout());
        if (!places.empty())
          known[&argument] = std::move(places);
      }
    }
  }
  return known;
}

/// What the load reads at each of the places. Empty if one of them is not a constant.
SmallVector<Constant *> readPlaces(LoadInst &load, const Places &places, int64_t offset) {
  SmallVector<Constant *> values;
  for (auto [list, start] : places) {
    Constant *value = ConstantFoldLoadFromConst(list, load.getType(), APInt(64, start + offset, true), load.getDataLayout());
    if (!value)
      return {};
    values.push_back(value);
  }
  return values;
}

/// Puts the constant in the load's place, or on the load the range of the parameters that it reads.
void narrow(LoadInst &load, ArrayRef<Constant *> values) {
  if (llvm::all_equal(values)) {
    load.replaceAllUsesWith(values.front());
    load.eraseFromParent();
    return;
  }
  if (!load.getType()->isIntegerTy(64) || !llvm::all_of(values, IsaPred<ConstantInt>))
    return;
  APInt low = cast<ConstantInt>(values.front())->getValue(), high = low;
  for (Constant *value : values) {
    const APInt &integer = cast<ConstantInt>(value)->getValue();
    low = APIntOps::smin(low, integer), high = APIntOps::smax(high, integer);
  }
  if (++high != low)
    load.setMetadata(LLVMContext::MD_range, MDBuilder(load.getContext()).createRange(low, high));
}

void narrowLoads(Value *pointer, const Places &places, int64_t offset, const DataLayout &layout) {
  for (User *user : llvm::make_early_inc_range(pointer->users())) {
    if (auto *load = dyn_cast<LoadInst>(user)) {
      SmallVector<Constant *> values = load->isSimple() ? readPlaces(*load, places, offset) : SmallVector<Constant *>();
      if (!values.empty())
        narrow(*load, values);
    } else if (auto *step = dyn_cast<GetElementPtrInst>(user)) {
      APInt bytes(64, 0);
      if (step->accumulateConstantOffset(layout, bytes))
        narrowLoads(step, places, offset + bytes.getSExtValue(), layout);
    }
  }
}

/// Instructions that the copies of one kernel may add: about 24 KiB of code.
constexpr size_t kCopiedInstructions = 4096;

/// A copy of the function for all calls but the first that give the same constants.
void copyForCalls(Function &function) {
  MapVector<SmallVector<Constant *>, SmallVector<CallInst *>> groups;
  for (User *user : function.users()) {
    SmallVector<Constant *> constants;
    for (Value *operand : cast<CallInst>(user)->args())
      constants.push_back(dyn_cast<Constant>(operand));
    constants.append(boundsOf(*cast<CallInst>(user)));
    groups[constants].push_back(cast<CallInst>(user));
  }
  if (groups.empty() || function.getInstructionCount() * (groups.size() - 1) > kCopiedInstructions)
    return;
  for (auto &[constants, calls] : llvm::drop_begin(groups)) {
    ValueToValueMapTy values;
    Function *copy = CloneFunction(&function, values);
    copy->setLinkage(GlobalValue::InternalLinkage);
    for (CallInst *call : calls)
      call->setCalledFunction(copy);
  }
}

} // namespace

FunctionType *kernelType(LLVMContext &context) {
  Type *ptr = PointerType::getUnqual(context), *i64 = Type::getInt64Ty(context);
  return FunctionType::get(Type::getVoidTy(context), {ptr, ptr, i64, i64}, false);
}

GlobalVariable *ConstantLists::get(ArrayRef<int64_t> numbers) {
  GlobalVariable *&list = known[numbers.vec()];
  if (!list) {
    Constant *data = ConstantDataArray::get(module.getContext(), numbers);
    list = new GlobalVariable(module, data->getType(), true, GlobalValue::PrivateLinkage, data, "params");
    list->setUnnamedAddr(GlobalValue::UnnamedAddr::Global);
    list->setAlignment(Align(8));
  }
  return list;
}

MDNode *paramBounds(LLVMContext &context, ArrayRef<int64_t> least, ArrayRef<int64_t> greatest) {
  auto list = [&](ArrayRef<int64_t> numbers) { return ConstantAsMetadata::get(ConstantDataArray::get(context, numbers)); };
  return MDNode::get(context, {list(least), list(greatest)});
}

void copyKernels(Module &module) {
  for (Function &function : llvm::make_early_inc_range(module))
    if (isOnlyCalled(function))
      copyForCalls(function);
}

void narrowParams(Module &module) {
  for (auto &[argument, places] : findPlaces(module))
    narrowLoads(argument, places, 0, module.getDataLayout());
}

} // namespace ingot
