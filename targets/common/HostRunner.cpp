// Loads objects with LLJIT and runs them on threads of this process. The frame's memory belongs to the loaded program.
#include "targets/common/HostRunner.h"

#include "ingot/abi.h"

#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Support/TargetSelect.h"

#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>

namespace ingot {
namespace {

/// Same contract as the runtime's ingot_barrier_wait; yields, because tests run more workers than cores.
void waitAtBarrier(ingot_barrier *barrier, uint32_t workers) {
  uint32_t generation = __atomic_load_n(&barrier->generation, __ATOMIC_ACQUIRE);
  if (__atomic_add_fetch(&barrier->arrived, 1, __ATOMIC_ACQ_REL) == workers) {
    __atomic_store_n(&barrier->arrived, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&barrier->generation, generation + 1, __ATOMIC_RELEASE);
    return;
  }
  for (int spins = 0; __atomic_load_n(&barrier->generation, __ATOMIC_ACQUIRE) == generation; ++spins)
    if (spins > 1000)
      std::this_thread::yield();
}

/// Zero-filled memory on a 64-byte boundary.
class AlignedBytes {
public:
  explicit AlignedBytes(int64_t size) : storage(static_cast<size_t>(size) + 64) {}
  uint8_t *data() { return reinterpret_cast<uint8_t *>(llvm::alignAddr(storage.data(), llvm::Align(64))); }

private:
  std::vector<uint8_t> storage;
};

/// Threads that stay between runs: starting one costs more than a small model. They look for the next round for a while before they sleep.
class Team {
public:
  ~Team() {
    post(nullptr);
    for (std::thread &thread : threads)
      thread.join();
  }

  /// work(0) here, work(1) .. work(workers - 1) on the team's threads; returns when all have.
  void run(int64_t workers, llvm::function_ref<void(int64_t)> work) {
    if (workers == 1)
      return work(0);
    size_t helpers = static_cast<size_t>(workers) - 1;
    while (threads.size() < helpers)
      threads.emplace_back([this, worker = static_cast<int64_t>(threads.size()) + 1, seen = round] { serve(worker, seen); });
    active = workers;
    __atomic_store_n(&left, static_cast<int64_t>(threads.size()), __ATOMIC_RELAXED);
    post(work);
    work(0);
    for (int spins = 0; __atomic_load_n(&left, __ATOMIC_ACQUIRE) != 0; ++spins)
      if (spins > 1000)
        std::this_thread::yield();
  }

private:
  void post(llvm::function_ref<void(int64_t)> next) {
    {
      std::lock_guard<std::mutex> lock(mutex);
      work = next;
      __atomic_store_n(&round, round + 1, __ATOMIC_RELEASE);
    }
    wake.notify_all();
  }

  void serve(int64_t worker, uint32_t seen) {
    constexpr int kSpins = 20000; // tens of microseconds: the time between two runs of a stream
    for (;; ++seen) {
      for (int spins = 0; spins < kSpins && __atomic_load_n(&round, __ATOMIC_ACQUIRE) == seen;)
        ++spins;
      {
        std::unique_lock<std::mutex> lock(mutex);
        wake.wait(lock, [&] { return round != seen; });
      }
      if (!work)
        return;
      if (worker < active)
        work(worker);
      __atomic_sub_fetch(&left, 1, __ATOMIC_RELEASE);
    }
  }

  std::vector<std::thread> threads;
  std::mutex mutex;
  std::condition_variable wake;
  llvm::function_ref<void(int64_t)> work = nullptr;
  int64_t active = 0, left = 0;
  uint32_t round = 0;
};

class HostProgram final : public LoadedProgram {
public:
  HostProgram(std::unique_ptr<llvm::orc::LLJIT> jit, ingot_run_fn entry, const Program &program, llvm::StringRef weights)
      : jit(std::move(jit)), entry(entry), arena(program.arenaBytes), state(program.stateBytes), scratch(program.scratchBytes * program.workers),
        aligned(isAligned(weights) ? 0 : static_cast<int64_t>(weights.size())), weights(reinterpret_cast<const uint8_t *>(weights.data())) {
    if (isAligned(weights))
      return;
    std::memcpy(aligned.data(), weights.data(), weights.size());
    this->weights = aligned.data();
  }

  void run(llvm::ArrayRef<const void *> inputs, llvm::ArrayRef<void *> outputs, int64_t workers) override {
    std::vector<void *> sources;
    for (const void *input : inputs)
      sources.push_back(const_cast<void *>(input));
    ingot_barrier barrier = {};
    ingot_frame frame = {weights, arena.data(), state.data(), scratch.data(), sources.data(), outputs.data(), &barrier};
    team.run(workers, [&](int64_t worker) { entry(&frame, static_cast<uint32_t>(worker), static_cast<uint32_t>(workers)); });
  }

private:
  static bool isAligned(llvm::StringRef bytes) { return reinterpret_cast<uintptr_t>(bytes.data()) % 64 == 0; }

  std::unique_ptr<llvm::orc::LLJIT> jit;
  ingot_run_fn entry;
  AlignedBytes arena, state, scratch, aligned;
  const uint8_t *weights;
  Team team; // joined first
};

llvm::Error defineRuntime(llvm::orc::LLJIT &jit) {
  using namespace llvm::orc;
  SymbolMap symbols;
  auto define = [&](llvm::StringRef name, ExecutorAddr address) {
    symbols[jit.mangleAndIntern(name)] = {address, llvm::JITSymbolFlags::Exported | llvm::JITSymbolFlags::Callable};
  };
  define("ingot_barrier_wait", ExecutorAddr::fromPtr(&waitAtBarrier));
  define("memcpy", ExecutorAddr::fromPtr(&std::memcpy));
  define("memset", ExecutorAddr::fromPtr(&std::memset));
  return jit.getMainJITDylib().define(absoluteSymbols(std::move(symbols)));
}

} // namespace

llvm::Expected<std::unique_ptr<LoadedProgram>> loadHostProgram(llvm::ArrayRef<ObjectFile> objects, llvm::StringRef symbol, const Program &program,
                                                               llvm::StringRef weights) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  auto jit = llvm::orc::LLJITBuilder().setLinkProcessSymbolsByDefault(false).setPlatformSetUp(llvm::orc::setUpInactivePlatform).create();
  if (!jit)
    return jit.takeError();
  if (llvm::Error error = defineRuntime(**jit))
    return std::move(error);
  for (const ObjectFile &object : objects)
    if (llvm::Error error = (*jit)->addObjectFile(llvm::MemoryBuffer::getMemBufferCopy(object.bytes, object.name)))
      return std::move(error);
  auto entry = (*jit)->lookup(("ingot_run_" + symbol).str());
  if (!entry)
    return entry.takeError();
  ingot_run_fn function = entry->toPtr<ingot_run_fn>();
  return std::make_unique<HostProgram>(std::move(*jit), function, program, weights);
}

llvm::Error checkInputs(const Program &program, llvm::ArrayRef<Tensor> inputs, int64_t workers) {
  if (inputs.size() != program.inputs.size())
    return llvm::createStringError("the program has " + llvm::Twine(program.inputs.size()) + " inputs, given " + llvm::Twine(inputs.size()));
  for (size_t i = 0; i < inputs.size(); ++i)
    if (inputs[i].bytes() != program.inputs[i].bytes)
      return llvm::createStringError("input '" + program.inputs[i].name + "' has " + llvm::Twine(program.inputs[i].bytes) + " bytes, given " +
                                     llvm::Twine(inputs[i].bytes()));
  if (workers < 1 || workers > program.workers)
    return llvm::createStringError("the program runs with 1 to " + llvm::Twine(program.workers) + " workers, asked for " + llvm::Twine(workers));
  return llvm::Error::success();
}

std::vector<Tensor> emptyOutputs(const Program &program) {
  std::vector<Tensor> outputs;
  for (const ProgramIo &output : program.outputs)
    outputs.emplace_back(output.type, output.shape);
  return outputs;
}

} // namespace ingot
