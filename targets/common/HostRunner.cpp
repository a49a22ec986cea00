// Loads objects with LLJIT and runs them on threads of this process. The frame's memory belongs to the loaded program.
#include "targets/common/HostRunner.h"

#include "targets/common/Cores.h"

#include "ingot/map.h"
#include "ingot/stream.h"

#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Support/TargetSelect.h"

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <thread>

namespace ingot {
namespace {

/// Zero-filled memory on a 64-byte boundary; pages that nothing touches cost nothing.
class AlignedBytes {
public:
  explicit AlignedBytes(int64_t size) : bytes(static_cast<size_t>(size)), storage(std::calloc(bytes + 64, 1), std::free) {}
  size_t size() const { return bytes; }
  /// Null: there is not as much.
  uint8_t *data() { return storage ? reinterpret_cast<uint8_t *>(llvm::alignAddr(storage.get(), llvm::Align(64))) : nullptr; }

private:
  size_t bytes;
  std::unique_ptr<void, void (*)(void *)> storage;
};

/// Keeps threads on cores of their own, off the caller's. Some schedulers pack the threads of a process: on a virtual machine that does so two workers
/// were seen to take turns on one core for seconds while the other idled.
class Spread {
public:
  /// For threads that run now. Does nothing when the caller has not moved, or where there are fewer cores than threads.
  void apply(std::vector<std::thread> &threads) {
    int here = currentCore();
    if ((here == caller && threads.size() == placed) || threads.size() + 1 > cores.size())
      return;
    auto core = cores.begin();
    for (std::thread &thread : threads) {
      core += *core == here;
      keepOnCore(thread.native_handle(), *core++);
    }
    caller = here;
    placed = threads.size();
  }

private:
  std::vector<int> cores = allowedCores();
  int caller = -1;
  size_t placed = 0;
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
    spread.apply(threads);
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
  Spread spread;
  std::mutex mutex;
  std::condition_variable wake;
  llvm::function_ref<void(int64_t)> work = nullptr;
  int64_t active = 0, left = 0;
  uint32_t round = 0;
};

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/// The frame of a run with room for the time of each call.
struct TimedFrame {
  ingot_frame frame; // first: model code sees this alone
  std::vector<double> *seconds;
  double last;
};

/// Called by the code of a program with deploy::kTimedAttr after each call.
void noteCallDone(const ingot_frame *frame, uint32_t worker, uint32_t call) {
  if (worker != 0)
    return;
  TimedFrame *timed = reinterpret_cast<TimedFrame *>(const_cast<ingot_frame *>(frame));
  double time = now();
  timed->seconds->resize(std::max<size_t>(timed->seconds->size(), call + 1));
  (*timed->seconds)[call] = time - timed->last;
  timed->last = time;
}

/// The largest value of a size over the programs.
template <typename F> int64_t largest(llvm::ArrayRef<Program> programs, F size) {
  int64_t most = 0;
  for (const Program &program : programs)
    most = std::max<int64_t>(most, size(program));
  return most;
}

/// For programs whose weights are streamed; the pages of a file alone may be dropped.
const ingot_stream kMappedStream = {ingot_map_ahead, ingot_map_drop, nullptr};

/// Functions of ingot/gpu.h; null for programs of the CPU.
struct DeviceRuntime {
  const char *(*problem)(void *const *device) = nullptr;
  void (*close)(void **device) = nullptr;
};

class HostProgram final : public LoadedProgram {
public:
  HostProgram(std::unique_ptr<llvm::orc::LLJIT> jit, std::vector<ingot_run_fn> entries, DeviceRuntime runtime, llvm::ArrayRef<Program> programs,
              llvm::StringRef weights)
      : jit(std::move(jit)), entries(std::move(entries)), runtime(runtime), programs(programs),
        arena(largest(programs, [](const Program &p) { return p.arenaBytes; })), state(largest(programs, [](const Program &p) { return p.stateBytes; })),
        scratch(largest(programs, [](const Program &p) { return p.scratchBytes * p.workers; })),
        aligned(isAligned(weights) ? 0 : static_cast<int64_t>(weights.size())), weights(reinterpret_cast<const uint8_t *>(weights.data())) {
    if (isAligned(weights) || !aligned.data())
      return;
    std::memcpy(aligned.data(), weights.data(), weights.size());
    this->weights = aligned.data();
  }

  /// Refuses a program for which this machine has too little memory.
  llvm::Error checkMemory() {
    if (arena.data() && state.data() && scratch.data() && aligned.data())
      return llvm::Error::success();
    return llvm::createStringError("the program needs %zu bytes of memory beside its weights, of which %zu for what it keeps from run to run: this machine has less",
                                   arena.size() + state.size() + scratch.size(), state.size());
  }

  ~HostProgram() override {
    if (runtime.close)
      runtime.close(&device);
  }

  llvm::Error run(size_t entry, llvm::ArrayRef<const void *> inputs, llvm::ArrayRef<void *> outputs, int64_t workers) override {
    if (llvm::Error error = checkRun(programs, entry, inputs.size(), outputs.size(), workers))
      return error;
    sources.clear();
    for (const void *input : inputs)
      sources.push_back(const_cast<void *>(input));
    ingot_barrier barrier = {.yield = [] { std::this_thread::yield(); }}; // tests run more workers than cores
    TimedFrame timed = {{weights, arena.data(), state.data(), scratch.data(), sources.data(), outputs.data(), &barrier, &device}, &seconds, now()};
    ingot_run_fn function = entries[entry];
    workers = programs[entry].serial ? 1 : workers; // the others would only be woken
    team.run(workers, [&](int64_t worker) { function(&timed.frame, static_cast<uint32_t>(worker), static_cast<uint32_t>(workers)); });
    if (const char *problem = runtime.problem ? runtime.problem(&device) : nullptr)
      return llvm::createStringError("the device: %s", problem);
    return llvm::Error::success();
  }

  void streamWeights() override {
    if (!runtime.problem && aligned.size() == 0)
      device = const_cast<ingot_stream *>(&kMappedStream);
  }

  llvm::Error resetState() override {
    std::memset(state.data(), 0, state.size());
    return llvm::Error::success();
  }

  llvm::ArrayRef<double> callSeconds() const override { return seconds; }

private:
  static bool isAligned(llvm::StringRef bytes) { return reinterpret_cast<uintptr_t>(bytes.data()) % 64 == 0; }

  std::unique_ptr<llvm::orc::LLJIT> jit;
  std::vector<ingot_run_fn> entries;
  DeviceRuntime runtime;
  void *device = nullptr; // the slot of the device's runtime, or the functions for streamed weights
  std::vector<Program> programs;
  AlignedBytes arena, state, scratch, aligned;
  const uint8_t *weights;
  std::vector<void *> sources; // of the current run
  std::vector<double> seconds; // of each call of the last run
  Team team;                   // joined first
};

llvm::Error defineRuntime(llvm::orc::LLJIT &jit, llvm::ArrayRef<HostSymbol> more) {
  using namespace llvm::orc;
  SymbolMap symbols;
  auto define = [&](llvm::StringRef name, ExecutorAddr address) {
    symbols[jit.mangleAndIntern(name)] = {address, llvm::JITSymbolFlags::Exported | llvm::JITSymbolFlags::Callable};
  };
  define("ingot_barrier_wait", ExecutorAddr::fromPtr(&ingot_barrier_wait));
  define("ingot_stream_next", ExecutorAddr::fromPtr(&ingot_stream_next));
  define("ingot_call_done", ExecutorAddr::fromPtr(&noteCallDone));
  define("memcpy", ExecutorAddr::fromPtr(&std::memcpy));
  define("memset", ExecutorAddr::fromPtr(&std::memset));
  for (auto [name, address] : more)
    define(name, ExecutorAddr::fromPtr(address));
  return jit.getMainJITDylib().define(absoluteSymbols(std::move(symbols)));
}

/// The device's runtime, when the program has one.
DeviceRuntime findRuntime(llvm::orc::LLJIT &jit) {
  DeviceRuntime runtime;
  auto problem = jit.lookup("ingot_gpu_problem"), close = jit.lookup("ingot_gpu_close");
  if (problem && close) {
    runtime.problem = problem->toPtr<const char *(*)(void *const *)>();
    runtime.close = close->toPtr<void (*)(void **)>();
  }
  llvm::consumeError(problem.takeError());
  llvm::consumeError(close.takeError());
  return runtime;
}

} // namespace

llvm::Expected<std::unique_ptr<LoadedProgram>> loadHostProgram(llvm::ArrayRef<ObjectFile> objects, llvm::StringRef symbol,
                                                               llvm::ArrayRef<Program> programs, llvm::StringRef weights,
                                                               llvm::ArrayRef<HostSymbol> symbols) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  auto jit = llvm::orc::LLJITBuilder().setLinkProcessSymbolsByDefault(false).setPlatformSetUp(llvm::orc::setUpInactivePlatform).create();
  if (!jit)
    return jit.takeError();
  if (llvm::Error error = defineRuntime(**jit, symbols))
    return std::move(error);
  for (const ObjectFile &object : objects)
    if (llvm::Error error = (*jit)->addObjectFile(llvm::MemoryBuffer::getMemBufferCopy(object.bytes, object.name)))
      return std::move(error);
  std::vector<ingot_run_fn> entries;
  for (const Program &program : programs) {
    auto entry = (*jit)->lookup(entrySymbol(program.entry, symbol));
    if (!entry)
      return entry.takeError();
    entries.push_back(entry->toPtr<ingot_run_fn>());
  }
  DeviceRuntime runtime = findRuntime(**jit);
  auto program = std::make_unique<HostProgram>(std::move(*jit), std::move(entries), runtime, programs, weights);
  if (llvm::Error error = program->checkMemory())
    return std::move(error);
  return program;
}

} // namespace ingot
