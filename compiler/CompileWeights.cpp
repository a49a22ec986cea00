// The weights of a compiled model where a program can use them: in memory, or in a temporary file that is mapped when they are streamed.
#include "compiler/Compile.h"

#include "compiler/package/PackageWriter.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <sys/mman.h>

using namespace llvm;

namespace ingot {
namespace {

Expected<WeightsSegment> memoryFor(int64_t bytes) {
  std::error_code code;
  sys::MemoryBlock block = sys::Memory::allocateMappedMemory(static_cast<size_t>(bytes), nullptr, sys::Memory::MF_READ | sys::Memory::MF_WRITE, code);
  if (code)
    return createStringError(code, "no memory for " + Twine(bytes) + " bytes of weights");
#ifdef MADV_HUGEPAGE
  madvise(block.base(), block.allocatedSize(), MADV_HUGEPAGE); // one pass over all of it a token: address translation would be felt
#endif
  return WeightsSegment(block, bytes);
}

/// A file without a name, gone when the mapping is.
Expected<WeightsSegment> fileFor(const Layout &layout, const Compiled &compiled, unsigned jobs) {
  SmallString<128> path;
  int file = -1;
  if (std::error_code code = sys::fs::createTemporaryFile("ingot-weights", "", file, path))
    return createStringError(code, "no temporary file for the weights");
  sys::fs::remove(path);
  raw_fd_ostream out(file, /*shouldClose=*/true);
  if (Error error = streamWeights(layout, compiled.store, jobs, [&](StringRef bytes) { out << bytes; }))
    return std::move(error);
  out.flush();
  if (std::error_code code = out.error()) {
    out.clear_error();
    return createStringError(code, "the temporary file for the weights cannot be written");
  }
  void *base = mmap(nullptr, static_cast<size_t>(layout.weightsBytes), PROT_READ, MAP_PRIVATE, file, 0);
  if (base == MAP_FAILED)
    return createStringError(std::error_code(errno, std::generic_category()), "the temporary file for the weights cannot be mapped");
  return WeightsSegment(sys::MemoryBlock(base, static_cast<size_t>(layout.weightsBytes)), layout.weightsBytes);
}

} // namespace

Expected<WeightsSegment> buildWeights(const Compiled &compiled, unsigned jobs) {
  Expected<Layout> layout = makeLayout(compiled.programs, compiled.store, compiled.symbol, compiled.device.name);
  if (!layout)
    return layout.takeError();
  if (layout->weightsBytes == 0)
    return WeightsSegment();
  if (compiled.streamBytes > 0)
    return fileFor(*layout, compiled, jobs);
  Expected<WeightsSegment> segment = memoryFor(layout->weightsBytes);
  if (!segment)
    return segment.takeError();
  char *at = segment->data();
  Error error = streamWeights(*layout, compiled.store, jobs, [&](StringRef bytes) { at = copy(bytes, at); });
  if (error)
    return std::move(error);
  return segment;
}

Expected<LoadedModel> loadCompiled(const Compiled &compiled) {
  LoadedModel loaded;
  if (Error error = buildWeights(compiled).moveInto(loaded.weights))
    return std::move(error);
  Expected<std::unique_ptr<LoadedProgram>> program =
      compiled.target->load(compiled.device, compiled.objects, compiled.symbol, compiled.programs, loaded.weights.bytes());
  if (!program)
    return program.takeError();
  loaded.program = std::move(*program);
  if (compiled.streamBytes > 0)
    loaded.program->streamWeights();
  return loaded;
}

} // namespace ingot
