// The CPU back end in steps: planned MLIR module -> scalar bodies -> strided loops -> optimised LLVM module -> entry point and
// micro-kernels -> object bytes. Each step is one Emit*.cpp; emitCpu in EmitObject.cpp calls them in order.
#ifndef INGOT_TARGETS_COMMON_EMIT_H
#define INGOT_TARGETS_COMMON_EMIT_H

#include "dialects/deploy/Deploy.h"
#include "passes/plan/MapBox.h"
#include "targets/Target.h"

#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Target/TargetMachine.h"

#include <map>

namespace ingot {

/// What to compile for.
struct CpuSpec {
  std::string triple, cpu;
  std::string features;     // LLVM's "-a,+b"
  llvm::StringRef bitcode;  // the kernels of the device's level
  llvm::StringRef level;    // its name, for messages
  int64_t vectorBytes = 0;  // of its vectors
  llvm::ArrayRef<llvm::StringRef> options; // CpuTables::llvmOptions
  llvm::StringRef builtins; // the runtime's object with functions that code for the machine may call; empty: none
};

/// Every map's body as `i.body.<name>`: an internal function over scalars, always inlined. Math functions become calls of ik_<name>_<f32|f64>.
llvm::Expected<std::unique_ptr<llvm::Module>> emitBodies(mlir::ModuleOp module, llvm::LLVMContext &context);
/// The map as a function with the micro-kernels' signature, which loops over its worker's share and calls the body.
llvm::Error emitMap(kernel::FuncOp func, llvm::Module &into);
/// The micro-kernels' signature (ukernels/ukernel.h).
llvm::FunctionType *kernelType(llvm::LLVMContext &context);
/// Lists of numbers as constants of a module, equal ones once.
class ConstantLists {
public:
  explicit ConstantLists(llvm::Module &module) : module(module) {}
  llvm::GlobalVariable *get(llvm::ArrayRef<int64_t> numbers);

private:
  llvm::Module &module;
  std::map<std::vector<int64_t>, llvm::GlobalVariable *> known; // looked up, never iterated
};
/// Convolutions band by band (passes/lower/ConvBands.h) as such a function.
llvm::Function *emitBands(llvm::StringRef row, llvm::ArrayRef<int64_t> params, llvm::Module &into, ConstantLists &lists);
/// entrySymbol(program's name, symbol): all steps of the program, or a call of the shared program that has them.
llvm::Error emitProgram(deploy::ProgramOp program, llvm::StringRef symbol, llvm::Module &into);

/// An internal function with the steps of several programs, whose fourth argument is a program's row of numbers; the programs must come after it.
llvm::Error emitShared(deploy::SharedOp shared, llvm::Module &into);

/// What an object may leave undefined: functions of the runtime and the two that every C compiler assumes.
bool isProvided(llvm::StringRef name);
/// Links what the module calls but does not define from the level's bitcode; everything linked becomes internal. An error names what is missing.
llvm::Error linkKernels(llvm::Module &module, const CpuSpec &spec);
/// Kernels take their parameters as argument 1. A call that fills the list at run time names two lists, of the least and of the greatest numbers in it.
constexpr unsigned kParamsArgument = 1;
constexpr const char *kParamBounds = "ingot.param_bounds";
llvm::MDNode *paramBounds(llvm::LLVMContext &context, llvm::ArrayRef<int64_t> least, llvm::ArrayRef<int64_t> greatest);
/// A function of its own for each different call of a kernel, where that adds little code.
void copyKernels(llvm::Module &module);
/// Loads of parameters in internal functions become the constants that all calls give, or get their range.
void narrowParams(llvm::Module &module);
/// Makes sure that no memset of the module becomes another library call (Apple's bzero).
void keepMemset(llvm::Module &module);
/// Sets triple, data layout and the functions' cpu and features to the machine's.
void stampMachine(llvm::Module &module, const CpuSpec &spec, const llvm::TargetMachine &machine);

llvm::Expected<std::unique_ptr<llvm::TargetMachine>> createMachine(const CpuSpec &spec);
/// Writes entry points into a module that has the maps: they may call kernels, and functions of the runtime named ingot_*.
using EntryEmitter = llvm::function_ref<llvm::Error(llvm::Module &)>;
/// A relocatable object that exports every program's entry point, or those of `entries` if given, and the stages "llvm", "opt" and "asm" as
/// text when `sink` is given.
llvm::Expected<ObjectFile> emitCpu(mlir::ModuleOp module, llvm::StringRef symbol, const CpuSpec &spec, StageSink sink, EntryEmitter entries = {});

} // namespace ingot

#endif
