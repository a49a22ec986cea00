// llm-test MODEL...: the logits of each token of a sequence, bit for bit the same whether tokens go one by one, in chunks of several sizes with
// padding behind them, through prefill, prefill_more, decode or score, with one worker or two, and after the state was reset. Exit status 0: all are.
#include "test/unit/llm/Load.h"

#include <cstring>

using namespace ingot;

namespace {

constexpr int32_t kTokens = 133, kContext = 160; // no multiple of a chunk below but 1; windows of 24 tokens are rings that turn twice
constexpr int64_t kChunks[] = {1, 4, 21, 60};

using Rows = std::vector<std::vector<float>>; // logits of each token; empty: not asked for

/// A loaded program and what feeds it.
struct Runner : LoadedLlm {
  size_t index(llvm::StringRef entry) const {
    return static_cast<size_t>(llvm::find_if(compiled->programs, [&](const Program &p) { return p.entry == entry; }) - compiled->programs.begin());
  }
  int64_t chunk(llvm::StringRef entry) const { return compiled->programs[index(entry)].inputs[0].shape[0]; }

  /// Runs `count` tokens from `position` on, padded with token 7; the entry's logits.
  std::vector<float> step(llvm::StringRef entry, int32_t position, int32_t count) {
    const Program &program = compiled->programs[index(entry)];
    std::vector<int32_t> tokens(chunk(entry), 7);
    for (int32_t i = 0; i < count; ++i)
      tokens[i] = (position + i) * 37 % 250 + 3;
    std::vector<float> logits(program.outputs.empty() ? 0 : program.outputs[0].bytes / sizeof(float));
    std::vector<const void *> inputs{tokens.data(), &position};
    if (program.inputs.size() == 3)
      inputs.push_back(&count);
    void *outputs[] = {logits.data()};
    llvm::cantFail(loaded.program->run(index(entry), inputs, llvm::ArrayRef(outputs).take_front(program.outputs.size()), workers));
    return logits;
  }

  /// All tokens through one entry; prefill gives the last row of each chunk alone, prefill_more none, so that prefill follows it.
  Rows sequence(llvm::StringRef entry) {
    llvm::cantFail(loaded.program->resetState());
    Rows rows(kTokens);
    auto size = static_cast<int32_t>(chunk(entry));
    for (int32_t at = 0; at < kTokens; at += size) {
      int32_t count = std::min(size, kTokens - at);
      bool more = entry == "prefill_more" && at + size < kTokens;
      std::vector<float> logits = step(entry == "prefill_more" && !more ? "prefill" : entry, at, count);
      if (entry.starts_with("prefill")) {
        rows[at + count - 1] = logits;
        continue;
      }
      size_t width = logits.size() / static_cast<size_t>(size);
      for (int32_t i = 0; i < count; ++i)
        rows[at + i].assign(logits.begin() + i * width, logits.begin() + (i + 1) * width);
    }
    return rows;
  }
};

std::optional<Runner> load(llvm::StringRef path, int64_t chunk) {
  CompileOptions options;
  options.modelPath = path.str();
  options.llm.ctx = kContext;
  options.llm.chunk = chunk;
  options.llm.entries = {"prefill", "prefill_more", "prefill_short", "decode", "score"};
  std::optional<LoadedLlm> loaded = loadLlm(options);
  return loaded ? std::optional<Runner>(Runner{std::move(*loaded)}) : std::nullopt;
}

int differing(const Rows &got, const Rows &want, const std::string &what) {
  int wrong = 0;
  for (size_t i = 0; i < got.size(); ++i)
    wrong += !got[i].empty() && std::memcmp(got[i].data(), want[i].data(), got[i].size() * sizeof(float)) != 0;
  if (wrong)
    llvm::outs() << what << ": " << wrong << " rows differ\n";
  return wrong;
}

int check(llvm::StringRef path) {
  int wrong = 0;
  Rows want;
  for (int64_t chunk : kChunks) {
    std::optional<Runner> runner = load(path, chunk);
    if (!runner)
      return 1;
    for (int64_t workers : {1, 2})
      for (llvm::StringRef entry : {"decode", "score", "prefill", "prefill_more", "prefill_short"}) {
        runner->workers = workers;
        Rows got = runner->sequence(entry);
        if (want.empty())
          want = got;
        wrong += differing(got, want, path.str() + ", chunk " + std::to_string(chunk) + ", " + entry.str() + ", " + std::to_string(workers) + " workers");
      }
  }
  bool alike = std::memcmp(want[3].data(), want[4].data(), want[3].size() * sizeof(float)) == 0;
  llvm::outs() << path << (alike ? ": all rows are alike, this tests nothing\n" : wrong ? ": FAILED\n" : ": ok\n");
  return wrong + alike;
}

} // namespace

int main(int argc, char **argv) {
  int wrong = 0;
  for (int i = 1; i < argc; ++i)
    wrong += check(argv[i]);
  return wrong != 0;
}
