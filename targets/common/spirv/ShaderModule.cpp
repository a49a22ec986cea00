// The spirv.module around a translated body: entry point, the invocation's number with its guard, capabilities, and the words.
#include "targets/common/spirv/Structure.h"
#include "targets/common/spirv/Translate.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVDialect.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Target/SPIRV/Serialization.h"

#include <set>

using namespace mlir;

namespace ingot {
namespace {

/// Types beside 32 bits and bool that the module computes with or keeps in memory.
class Needs {
public:
  explicit Needs(spirv::ModuleOp module) {
    module.walk([&](Operation *op) {
      for (Type type : op->getOperandTypes())
        note(type);
      for (Type type : op->getResultTypes())
        note(type);
    });
    module.walk([&](spirv::GlobalVariableOp variable) {
      auto block = dyn_cast<spirv::StructType>(cast<spirv::PointerType>(variable.getType()).getPointeeType());
      auto array = block ? dyn_cast<spirv::RuntimeArrayType>(block.getElementType(0)) : spirv::RuntimeArrayType();
      if (!array)
        return;
      unsigned bits = array.getElementType().getIntOrFloatBitWidth();
      bytes |= bits == 8;
      halves |= bits == 16;
      note(array.getElementType());
    });
  }

  std::vector<std::string> names() const { return {found.begin(), found.end()}; }

  spirv::VerCapExtAttr attribute(MLIRContext *context) const {
    SmallVector<spirv::Capability> capabilities = {spirv::Capability::Shader};
    SmallVector<spirv::Extension> extensions;
    static const std::pair<StringRef, spirv::Capability> table[] = {{"int8", spirv::Capability::Int8},
                                                                    {"int16", spirv::Capability::Int16},
                                                                    {"int64", spirv::Capability::Int64},
                                                                    {"float16", spirv::Capability::Float16},
                                                                    {"float64", spirv::Capability::Float64}};
    for (auto [name, capability] : table)
      if (found.count(name.str()))
        capabilities.push_back(capability);
    if (bytes) {
      capabilities.push_back(spirv::Capability::StorageBuffer8BitAccess);
      extensions.push_back(spirv::Extension::SPV_KHR_8bit_storage);
    }
    if (halves)
      capabilities.push_back(spirv::Capability::StorageBuffer16BitAccess);
    return spirv::VerCapExtAttr::get(spirv::Version::V_1_3, capabilities, extensions, context);
  }

private:
  void note(Type type) {
    if (auto pointer = dyn_cast<spirv::PointerType>(type))
      type = pointer.getPointeeType();
    if (auto array = dyn_cast<spirv::ArrayType>(type))
      type = array.getElementType();
    if (!type.isIntOrFloat() || type.isInteger(1) || type.getIntOrFloatBitWidth() == 32)
      return;
    found.insert((isa<FloatType>(type) ? "float" : "int") + std::to_string(type.getIntOrFloatBitWidth()));
  }

  std::set<std::string> found;
  bool bytes = false, halves = false;
};

/// id = x + y * (invocations of a row); the body runs where id < units.
Value emitId(OpBuilder &b, Location loc, spirv::GlobalVariableOp builtin, uint32_t groupsX) {
  Type i32 = b.getI32Type();
  Value pointer = spirv::AddressOfOp::create(b, loc, builtin), all = spirv::LoadOp::create(b, loc, pointer);
  auto part = [&](int32_t index) { return spirv::CompositeExtractOp::create(b, loc, i32, all, b.getI32ArrayAttr({index})).getResult(); };
  Value row = spirv::ConstantOp::create(b, loc, i32, b.getI32IntegerAttr(static_cast<int32_t>(groupsX * kGroupSize)));
  return spirv::IAddOp::create(b, loc, part(0), spirv::IMulOp::create(b, loc, part(1), row));
}

/// spirv.func @main: if (id < units) { body }.
LogicalResult emitMain(spirv::ModuleOp module, func::FuncOp body, const UnitFunction &unit, Shader &shader) {
  Location loc = module.getLoc();
  OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
  Type ids = VectorType::get({3}, b.getI32Type());
  auto builtin = spirv::GlobalVariableOp::create(b, loc, spirv::PointerType::get(ids, spirv::StorageClass::Input), "id", spirv::BuiltIn::GlobalInvocationId);
  auto main = spirv::FuncOp::create(b, loc, "main", b.getFunctionType({}, {}));
  Block *entry = main.addEntryBlock();
  b.setInsertionPointToEnd(entry);
  Value id = emitId(b, loc, builtin, shader.groups[0]);
  Value count = spirv::ConstantOp::create(b, loc, b.getI32Type(), b.getI32IntegerAttr(static_cast<int32_t>(unit.units)));
  Value inside = spirv::ULessThanOp::create(b, loc, id, count);
  auto guard = spirv::SelectionOp::create(b, loc, spirv::SelectionControl::None);
  spirv::ReturnOp::create(b, loc);
  Region &region = guard.getBody();
  Block *test = b.createBlock(&region), *work = b.createBlock(&region), *merge = b.createBlock(&region);
  b.setInsertionPointToEnd(test);
  spirv::BranchConditionalOp::create(b, loc, inside, work, ValueRange(), merge, ValueRange());
  b.setInsertionPointToEnd(merge);
  spirv::MergeOp::create(b, loc, ValueRange());
  b.setInsertionPointToEnd(work);
  if (failed(structureBody(body, id, *entry, b)))
    return failure();
  spirv::BranchOp::create(b, loc, merge);
  b.setInsertionPointToEnd(module.getBody());
  spirv::EntryPointOp::create(b, loc, spirv::ExecutionModel::GLCompute, main, ArrayRef<Attribute>{SymbolRefAttr::get(builtin)});
  spirv::ExecutionModeOp::create(b, loc, main, spirv::ExecutionMode::LocalSize, ArrayRef<int32_t>{static_cast<int32_t>(kGroupSize), 1, 1});
  return success();
}

} // namespace

llvm::Expected<Shader> translateShader(const UnitFunction &unit, StringRef name, FusedForm form) {
  MLIRContext context(MLIRContext::Threading::DISABLED);
  context.loadDialect<spirv::SPIRVDialect, func::FuncDialect, cf::ControlFlowDialect, scf::SCFDialect, arith::ArithDialect, ub::UBDialect>();
  std::string message;
  ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) { message += (message.empty() ? "" : "; ") + diagnostic.str(); });
  OpBuilder b(&context);
  OwningOpRef<spirv::ModuleOp> module = spirv::ModuleOp::create(b, b.getUnknownLoc(), spirv::AddressingModel::Logical, spirv::MemoryModel::GLSL450);
  Translator translator(unit, *module, form);
  llvm::Expected<func::FuncOp> body = translator.run();
  if (!body)
    return body.takeError();
  Shader shader;
  shader.name = name.str();
  uint32_t groups = std::max(1u, (unit.units + kGroupSize - 1) / kGroupSize);
  shader.groups[1] = (groups + kGroupsPerRow - 1) / kGroupsPerRow;
  shader.groups[0] = (groups + shader.groups[1] - 1) / shader.groups[1];
  LogicalResult nested = emitMain(*module, *body, unit, shader);
  body->erase();
  if (failed(nested))
    return llvm::createStringError("its control flow has no structure" + (message.empty() ? "" : ": " + message));
  for (const ShaderView &view : translator.views())
    shader.views.push_back(view.operand);
  shader.written = translator.written();
  Needs needs(*module);
  shader.needs = needs.names();
  (*module)->setAttr(spirv::ModuleOp::getVCETripleAttrName(), needs.attribute(&context));
  SmallVector<uint32_t, 0> words;
  spirv::SerializationOptions options;
  options.emitSymbolName = false;
  if (failed(verify(*module)) || failed(spirv::serialize(*module, words, options)))
    return llvm::createStringError("its SPIR-V is not valid: " + message);
  shader.words.assign(words.begin(), words.end());
  return shader;
}

} // namespace ingot
