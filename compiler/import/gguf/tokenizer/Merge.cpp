// The symbols form a list, linked by index; the heap holds pairs of them, some out of date: those are recognised by the bytes they covered.
#include "compiler/import/gguf/tokenizer/Merge.h"

#include <algorithm>

namespace ingot {
namespace {

constexpr uint32_t kNone = ~0u;

struct Candidate {
  double key;
  uint32_t left, right; // symbols
  uint32_t begin, end;  // what they covered together
  int32_t id;

  /// For a heap with the smallest key on top.
  bool operator<(const Candidate &other) const { return key != other.key ? key > other.key : left > other.left; }
};

class Merger {
public:
  Merger(std::vector<Symbol> &symbols, FindRule find) : symbols(symbols), find(find), next(symbols.size()), previous(symbols.size()) {
    for (uint32_t i = 0; i < symbols.size(); ++i) {
      previous[i] = i ? i - 1 : kNone;
      next[i] = i + 1 < symbols.size() ? i + 1 : kNone;
    }
    for (uint32_t i = 0; i + 1 < symbols.size(); ++i)
      if (std::optional<Candidate> candidate = consider(i, i + 1))
        heap.push_back(*candidate);
    std::make_heap(heap.begin(), heap.end());
  }

  void run() {
    while (!heap.empty()) {
      std::pop_heap(heap.begin(), heap.end());
      Candidate best = heap.back();
      heap.pop_back();
      if (isCurrent(best))
        apply(best);
    }
    symbols.erase(std::remove_if(symbols.begin(), symbols.end(), [](const Symbol &s) { return s.begin == s.end; }), symbols.end());
  }

private:
  std::optional<Candidate> consider(uint32_t left, uint32_t right) const {
    std::optional<MergeRule> rule = find(symbols[left], symbols[right]);
    if (!rule)
      return std::nullopt;
    return Candidate{rule->key, left, right, symbols[left].begin, symbols[right].end, rule->id};
  }

  bool isCurrent(const Candidate &c) const { return next[c.left] == c.right && symbols[c.left].begin == c.begin && symbols[c.right].end == c.end; }

  void push(uint32_t left, uint32_t right) {
    if (left == kNone || right == kNone)
      return;
    std::optional<Candidate> candidate = consider(left, right);
    if (!candidate)
      return;
    heap.push_back(*candidate);
    std::push_heap(heap.begin(), heap.end());
  }

  void apply(const Candidate &c) {
    symbols[c.left].end = c.end;
    symbols[c.left].id = c.id;
    symbols[c.right].begin = symbols[c.right].end;
    next[c.left] = next[c.right];
    next[c.right] = kNone;
    if (next[c.left] != kNone)
      previous[next[c.left]] = c.left;
    push(previous[c.left], c.left);
    push(c.left, next[c.left]);
  }

  std::vector<Symbol> &symbols;
  FindRule find;
  std::vector<uint32_t> next, previous;
  std::vector<Candidate> heap;
};

} // namespace

void mergeSymbols(std::vector<Symbol> &symbols, FindRule find) {
  if (symbols.size() > 1)
    Merger(symbols, find).run();
}

} // namespace ingot
