// What every target's loaded programs share: the checks before a run, and a run on tensors.
#include "targets/Target.h"

namespace ingot {

llvm::Error checkRun(llvm::ArrayRef<Program> programs, size_t entry, size_t inputs, size_t outputs, int64_t workers) {
  if (entry >= programs.size())
    return llvm::createStringError("the module has " + llvm::Twine(programs.size()) + " entry points, asked for number " + llvm::Twine(entry));
  const Program &program = programs[entry];
  if (inputs != program.inputs.size() || outputs != program.outputs.size())
    return llvm::createStringError("the program has " + llvm::Twine(program.inputs.size()) + " inputs and " + llvm::Twine(program.outputs.size()) +
                                   " outputs, given " + llvm::Twine(inputs) + " and " + llvm::Twine(outputs));
  if (workers < 1 || workers > program.workers)
    return llvm::createStringError("the program runs with 1 to " + llvm::Twine(program.workers) + " workers, asked for " + llvm::Twine(workers));
  return llvm::Error::success();
}

llvm::Error checkBound(const Program &program, llvm::ArrayRef<Tensor> inputs) {
  for (auto [input, want] : llvm::zip(inputs, program.inputs))
    if (!want.bound.empty() && llvm::StringRef(input.data(), static_cast<size_t>(input.bytes())) != want.bound)
      return llvm::createStringError("input '" + want.name + "' is bound to the values it was compiled with, given others");
  return llvm::Error::success();
}

std::vector<Tensor> emptyOutputs(const Program &program) {
  std::vector<Tensor> outputs;
  for (const ProgramIo &output : program.outputs)
    outputs.emplace_back(output.type, output.shape);
  return outputs;
}

llvm::Expected<std::vector<Tensor>> runOnTensors(LoadedProgram &loaded, llvm::ArrayRef<Program> programs, size_t entry, llvm::ArrayRef<Tensor> inputs,
                                                 int64_t workers) {
  std::vector<Tensor> outputs;
  if (entry < programs.size())
    outputs = emptyOutputs(programs[entry]);
  if (llvm::Error error = checkRun(programs, entry, inputs.size(), outputs.size(), workers))
    return std::move(error);
  std::vector<const void *> sources;
  for (auto [input, want] : llvm::zip_equal(inputs, programs[entry].inputs)) {
    if (input.bytes() != want.bytes)
      return llvm::createStringError("input '" + want.name + "' has " + llvm::Twine(want.bytes) + " bytes, given " + llvm::Twine(input.bytes()));
    sources.push_back(input.data());
  }
  if (llvm::Error error = checkBound(programs[entry], inputs))
    return std::move(error);
  std::vector<void *> sinks;
  for (Tensor &output : outputs)
    sinks.push_back(output.mutableData());
  if (llvm::Error error = loaded.run(entry, sources, sinks, workers))
    return std::move(error);
  return outputs;
}

} // namespace ingot
