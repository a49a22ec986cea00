// Compute shaders from kernels: one planned call -> its scalar LLVM function, specialised on the parameters -> structured SPIR-V.
// A shader runs one parallel unit of the kernel an invocation (IK_ONE_UNIT in ukernel.h), so the C source stays the meaning of a row.
#ifndef INGOT_TARGETS_COMMON_SPIRV_SHADER_H
#define INGOT_TARGETS_COMMON_SPIRV_SHADER_H

#include "dialects/deploy/Deploy.h"
#include "dialects/kernel/Kernel.h"

#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"

namespace ingot {

/// Invocations of a workgroup, all along x.
constexpr uint32_t kGroupSize = 64;
/// Workgroups of a row of the dispatch: what every device allows.
constexpr uint32_t kGroupsPerRow = 32768;

struct Shader {
  std::string name;             // "ik_softmax_f32", then "ik_softmax_f32_1" for other parameters
  std::vector<uint32_t> words;  // SPIR-V 1.3, entry point "main", set 0
  std::vector<uint32_t> views;  // binding -> operand of the call; an operand has one binding an element size that is used
  std::vector<bool> written;    // [operand] whether the shader stores to it
  uint32_t groups[2] = {1, 1};  // workgroups along x and y
  std::vector<std::string> needs; // "int8", "int16", "int64", "float16", "float64": what a device must have beside 32 bits
};

/// A kernel with its parameters, as one function of the invocation's number.
struct UnitFunction {
  std::unique_ptr<llvm::LLVMContext> context;
  std::unique_ptr<llvm::Module> module; // defines `void main(i32 %id)`; operand k of the call is the global `operand.<k>`
  llvm::Function *function = nullptr;
  uint32_t units = 0;
  size_t operands = 0;
};

/// The call's code for one unit, optimised without vectors. An error says why there is none: the row needs scratch memory, runs on one worker.
llvm::Expected<UnitFunction> specialiseCall(deploy::CallOp call, mlir::ModuleOp module);
/// How f32 multiply-adds are written, which kernels want rounded once.
enum class FusedForm {
  Native, // GLSL's Fma: a driver may round it twice
  Exact   // in 64 bits, rounded to odd and then to 32: the CPU's bits on any driver with float64 and int64
};

/// The function as a SPIR-V module. An error names what shaders cannot do.
llvm::Expected<Shader> translateShader(const UnitFunction &unit, llvm::StringRef name, FusedForm form);

} // namespace ingot

#endif
