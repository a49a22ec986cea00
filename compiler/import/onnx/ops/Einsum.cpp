// Einsum: operands are joined two at a time by one matrix product; labels no longer needed are summed away first.
#include "compiler/import/onnx/OpHelpers.h"

#include <algorithm>
#include <map>

using namespace mlir;

namespace ingot {

/// A tensor whose axes have labels. The axes of "..." get the labels 1, 2 ... counted from the right.
struct Term {
  Value value;
  std::string labels;
};

static bool contains(llvm::StringRef labels, char label) { return labels.find(label) != llvm::StringRef::npos; }

/// Replaces "..." by labels for `axes` axes (1 is the last). False when the text has other dots.
static bool expandDots(std::string &text, int64_t axes) {
  size_t dots = text.find("...");
  if (dots != std::string::npos) {
    std::string labels;
    for (int64_t i = axes; i > 0; --i)
      labels.push_back(static_cast<char>(i));
    text.replace(dots, 3, labels);
  }
  return text.find('.') == std::string::npos;
}

static Term permuted(OnnxNode &node, const Term &term, const std::string &labels) {
  if (!node.ok() || term.labels == labels)
    return term;
  Ints perm;
  for (char label : labels)
    perm.push_back(term.labels.find(label));
  return {node.transpose(term.value, perm), labels};
}

/// ii -> i: the pair of axes becomes one of n * n elements, of which every (n + 1)th is kept.
static Term withoutRepeats(OnnxNode &node, Term term) {
  for (size_t i = 0; i < term.labels.size() && node.ok(); ++i) {
    size_t j = term.labels.find(term.labels[i], i + 1);
    if (j == std::string::npos)
      continue;
    int64_t n = node.shape(term.value)[i], rank = term.labels.size();
    if (node.shape(term.value)[j] != n || n == 0)
      return node.refuse("a repeated label has two extents"), term;
    Ints perm;
    for (int64_t k = 0; k < rank; ++k)
      if (k != static_cast<int64_t>(i) && k != static_cast<int64_t>(j))
        perm.push_back(k);
    perm.push_back(i);
    perm.push_back(j);
    std::string labels;
    for (int64_t k : llvm::ArrayRef<int64_t>(perm).drop_back())
      labels.push_back(term.labels[k]);
    Value x = node.transpose(term.value, perm);
    Ints shape = node.shape(x).drop_back().vec();
    shape.back() = n * n;
    x = node.reshape(x, shape);
    Ints starts(shape.size(), 0), steps(shape.size(), 1);
    shape.back() = n;
    steps.back() = n + 1;
    term = {node.slice(x, starts, shape, steps), labels};
    i = static_cast<size_t>(-1);
  }
  return term;
}

/// Sums the axes whose label is not in `needed`.
static Term summed(OnnxNode &node, const Term &term, const std::string &needed) {
  Ints axes;
  std::string kept;
  for (size_t i = 0; i < term.labels.size(); ++i) {
    if (contains(needed, term.labels[i]))
      kept.push_back(term.labels[i]);
    else
      axes.push_back(i);
  }
  if (axes.empty() || !node.ok())
    return term;
  return {node.reduce(nn::ReduceKind::sum, term.value, axes, /*keepDims=*/false), kept};
}

static int64_t extentOf(OnnxNode &node, const Term &term, const std::string &labels) {
  int64_t product = 1;
  for (char label : labels)
    product *= node.shape(term.value)[term.labels.find(label)];
  return product;
}

/// One matrix product over the labels both have and `needed` does not name.
static Term joined(OnnxNode &node, Term a, Term b, const std::string &needed) {
  a = summed(node, a, needed + b.labels);
  b = summed(node, b, needed + a.labels);
  if (!node.ok())
    return a;
  std::string batch, rows, inner, columns;
  for (char label : a.labels)
    (!contains(b.labels, label) ? rows : contains(needed, label) ? batch : inner).push_back(label);
  for (char label : b.labels)
    if (!contains(a.labels, label))
      columns.push_back(label);
  Ints shape;
  for (char label : batch + rows)
    shape.push_back(node.shape(a.value)[a.labels.find(label)]);
  for (char label : columns)
    shape.push_back(node.shape(b.value)[b.labels.find(label)]);
  int64_t n = extentOf(node, a, batch), m = extentOf(node, a, rows), k = extentOf(node, a, inner), p = extentOf(node, b, columns);
  Value left = node.reshape(permuted(node, a, batch + rows + inner).value, {n, m, k});
  Value right = node.reshape(permuted(node, b, batch + inner + columns).value, {n, k, p});
  return {node.reshape(matmulAny(node, left, right), shape), batch + rows + columns};
}

/// The equation's operands and result, "..." written out, the result made from the labels that occur once when it is not given.
static bool parse(OnnxNode &node, std::vector<Term> &terms, std::string &result) {
  std::string equation = node.stringAttr("equation", "");
  equation.erase(std::remove(equation.begin(), equation.end(), ' '), equation.end());
  auto [left, right] = llvm::StringRef(equation).split("->");
  llvm::SmallVector<llvm::StringRef> parts;
  left.split(parts, ',');
  if (static_cast<int64_t>(parts.size()) != node.numInputs())
    return node.refuse("the equation has another number of operands than the node"), false;
  int64_t widest = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (!node.hasInput(i))
      return node.refuse("operand " + std::to_string(i) + " is missing"), false;
    Term term = {node.input(i), parts[i].str()};
    int64_t rank = rankOf(node, term.value), free = rank - static_cast<int64_t>(parts[i].size()) + 3;
    bool dotted = parts[i].contains("...");
    if (dotted && free >= 0)
      widest = std::max(widest, free);
    if (free < 0 || free > 16 || !expandDots(term.labels, free) || static_cast<int64_t>(term.labels.size()) != rank)
      return node.refuse("the equation does not fit the rank of operand " + std::to_string(i)), false;
    terms.push_back(term);
  }
  result = right.str();
  if (equation.find("->") == std::string::npos) {
    std::map<char, int> uses;
    for (llvm::StringRef part : parts)
      for (char label : part)
        ++uses[label];
    result = "...";
    for (auto [label, count] : uses)
      if (count == 1 && label != '.')
        result.push_back(label);
  }
  return expandDots(result, widest) || (node.refuse("the equation's result is malformed"), false);
}

/// Checks that every label has one extent; axes of extent 1 under a larger label are dropped, since they broadcast.
static bool unifyExtents(OnnxNode &node, std::vector<Term> &terms, const std::string &result) {
  std::map<char, int64_t> extents;
  for (Term &term : terms)
    for (size_t i = 0; i < term.labels.size(); ++i) {
      int64_t &extent = extents.try_emplace(term.labels[i], 1).first->second;
      extent = extent == 1 ? node.shape(term.value)[i] : extent;
    }
  for (Term &term : terms) {
    Ints shape;
    std::string labels;
    for (size_t i = 0; i < term.labels.size(); ++i) {
      int64_t extent = node.shape(term.value)[i];
      if (extent != extents[term.labels[i]] && extent != 1)
        return node.refuse("a label has two extents"), false;
      if (extent != extents[term.labels[i]])
        continue;
      shape.push_back(extent);
      labels.push_back(term.labels[i]);
    }
    if (labels != term.labels)
      term = {node.reshape(term.value, shape), labels};
  }
  bool good = llvm::all_of(result, [&](char label) { return extents.count(label) && std::count(result.begin(), result.end(), label) == 1; });
  if (!good)
    node.refuse("the equation's result names an unknown label or one twice");
  return good;
}

static void importEinsum(OnnxNode &node) {
  std::vector<Term> terms;
  std::string result;
  if (!parse(node, terms, result) || !unifyExtents(node, terms, result))
    return;
  for (Term &term : terms)
    term = withoutRepeats(node, term);
  Term all = terms[0];
  for (size_t i = 1; i < terms.size() && node.ok(); ++i) {
    std::string needed = result;
    for (size_t k = i + 1; k < terms.size(); ++k)
      needed += terms[k].labels;
    all = joined(node, all, terms[i], needed);
  }
  all = summed(node, all, result);
  node.setOutput(0, permuted(node, all, result).value);
}

void registerEinsum(OnnxOpRegistry &registry) { addRows(registry, "", {{"Einsum", 12, 1, importEinsum}}); }

} // namespace ingot
