// llm-batch-test DEVICE f16|q8 MODEL...: three sequences of different lengths on one state, decoded together, now and then one of them idle or alone,
// give bit for bit the logits that each gives in a build of its own on the host, with one worker and with two. Exit status 0: all do.
#include "test/unit/llm/Load.h"

#include <cstring>

using namespace ingot;

namespace {

constexpr int32_t kSequences = 3, kSteps = 12, kLengths[kSequences] = {40, 7, 90}, kContext = 128; // windows of 24 tokens are rings that turn
using Logits = std::vector<float>;
using Ids = std::vector<int32_t>;

int32_t tokenOf(int32_t sequence, int32_t position) { return (position * 37 + sequence * 101) % 250 + 3; }

struct Runner : LoadedLlm {
  /// Runs an entry point on its inputs by name.
  Logits run(llvm::StringRef entry, std::map<std::string, Ids> inputs) {
    auto at = llvm::find_if(compiled->programs, [&](const Program &p) { return p.entry == entry; });
    Logits logits(at->outputs[0].bytes / sizeof(float));
    std::vector<const void *> buffers;
    for (const ProgramIo &io : at->inputs) {
      inputs[io.name].resize(io.shape[0], 7); // padding of a chunk
      buffers.push_back(inputs[io.name].data());
    }
    void *outputs[] = {logits.data()};
    llvm::cantFail(loaded.program->run(at - compiled->programs.begin(), buffers, outputs, workers));
    return logits;
  }

  Logits decode(int32_t sequence, int32_t position) {
    return run("decode", {{"tokens", {tokenOf(sequence, position)}}, {"position", {position}}, {"sequence", {sequence}}});
  }

  void prefill(int32_t sequence, int32_t length) {
    for (int32_t at = 0, chunk = 16; at < length; at += chunk) {
      Ids tokens;
      for (int32_t i = at; i < std::min(at + chunk, length); ++i)
        tokens.push_back(tokenOf(sequence, i));
      auto count = static_cast<int32_t>(tokens.size());
      run("prefill_short", {{"tokens", tokens}, {"position", {at}}, {"count", {count}}, {"sequence", {sequence}}});
    }
  }
};

std::optional<Runner> load(llvm::StringRef path, llvm::StringRef device, bool narrow, int64_t sequences) {
  CompileOptions options;
  options.modelPath = path.str();
  options.device = device.str();
  options.llm.ctx = kContext;
  options.llm.narrowCache = narrow;
  options.llm.sequences = sequences;
  std::optional<LoadedLlm> loaded = loadLlm(options);
  return loaded ? std::optional<Runner>(Runner{std::move(*loaded)}) : std::nullopt;
}

/// The logits of each token behind the sequence's first kLengths, from a state that holds nothing else.
std::vector<Logits> alone(Runner &runner, int32_t sequence) {
  llvm::cantFail(runner.loaded.program->resetState());
  std::vector<Logits> rows;
  for (int32_t position = 0; position < kLengths[sequence] + kSteps; ++position) {
    Logits logits = runner.decode(sequence, position);
    if (position >= kLengths[sequence])
      rows.push_back(std::move(logits));
  }
  return rows;
}

/// Whether a sequence sits a step out.
bool isIdle(int32_t sequence, int32_t step) { return (step + sequence) % 4 == 3; }

/// All sequences together; `all` collects every row's bits. Returns how many rows differ from `want`.
int together(Runner &runner, const std::vector<Logits> (&want)[kSequences], Logits &all) {
  llvm::cantFail(runner.loaded.program->resetState());
  int32_t made[kSequences] = {}, wrong = 0;
  auto judge = [&](int32_t sequence, const float *got) {
    const Logits &row = want[sequence][made[sequence]++];
    wrong += std::memcmp(got, row.data(), row.size() * sizeof(float)) != 0;
  };
  for (int32_t sequence = 0; sequence < kSequences; ++sequence)
    runner.prefill(sequence, kLengths[sequence]);
  for (int32_t step = 0; step + 1 < kSteps; ++step) {
    Ids tokens, positions, sequences;
    for (int32_t row = 0; row < kSequences; ++row) {
      int32_t sequence = (row + step) % kSequences, position = kLengths[sequence] + made[sequence];
      bool idle = isIdle(sequence, step);
      tokens.push_back(idle ? -1 : tokenOf(sequence, position));
      positions.push_back(idle ? -5 : position);
      sequences.push_back(idle ? (step % 2 ? -1 : kSequences) : sequence);
    }
    Logits logits = runner.run("decode_batch", {{"tokens", tokens}, {"position", positions}, {"sequence", sequences}});
    for (int32_t row = 0; row < kSequences; ++row)
      if (!isIdle((row + step) % kSequences, step))
        judge((row + step) % kSequences, logits.data() + row * (logits.size() / kSequences));
    all.insert(all.end(), logits.begin(), logits.end());
  }
  for (int32_t sequence = 0; sequence < kSequences; ++sequence)
    judge(sequence, runner.decode(sequence, kLengths[sequence] + made[sequence]).data());
  return wrong;
}

int check(llvm::StringRef path, llvm::StringRef device, bool narrow) {
  std::optional<Runner> single = load(path, "host", narrow, 1), several = load(path, device, narrow, kSequences);
  if (!single || !several)
    return 1;
  std::vector<Logits> want[kSequences];
  for (int32_t sequence = 0; sequence < kSequences; ++sequence)
    want[sequence] = alone(*single, sequence);
  int wrong = want[0][0] == want[1][0]; // then this tests nothing
  Logits one, two;
  wrong += together(*several, want, one);
  several->workers = 2;
  wrong += together(*several, want, two);
  wrong += std::memcmp(one.data(), two.data(), one.size() * sizeof(float)) != 0;
  llvm::outs() << path << ", " << device << (narrow ? ", q8" : ", f16") << ": " << (wrong ? std::to_string(wrong) + " rows differ" : "ok") << '\n';
  return wrong;
}

} // namespace

int main(int argc, char **argv) {
  int wrong = 0;
  for (int i = 3; i < argc; ++i)
    wrong += check(argv[i], argv[1], llvm::StringRef(argv[2]) == "q8");
  return wrong != 0;
}
