// The order in which nodes are imported. Files list producers before consumers, as ONNX demands, save those of tools that append what they insert (casts
// of the inputs, above all) and leave sorting to whoever reads them.
#include "compiler/import/onnx/OnnxImporter.h"

namespace ingot {
namespace {

/// Everything that a node reads, in its branches and bodies too; names of theirs do no harm.
void collectReads(const onnx::NodeProto &node, int depth, llvm::SmallVectorImpl<llvm::StringRef> &names) {
  for (const std::string &name : node.input())
    names.push_back(name);
  for (const onnx::AttributeProto &attribute : node.attribute()) {
    if (!attribute.has_g() || depth >= kMaxDepth)
      continue;
    for (const onnx::NodeProto &inner : attribute.g().node())
      collectReads(inner, depth + 1, names);
    for (const onnx::ValueInfoProto &output : attribute.g().output())
      names.push_back(output.name());
  }
}

/// Nodes and, by node, the nodes it needs.
struct Needs {
  std::vector<llvm::SmallVector<int, 2>> of;
  bool sorted = true;
};

Needs needsOf(const OnnxNodes &nodes) {
  llvm::StringMap<int> producers;
  for (int i = 0; i < nodes.size(); ++i)
    for (const std::string &name : nodes[i].output())
      if (!name.empty())
        producers.try_emplace(name, i);
  Needs needs;
  needs.of.resize(nodes.size());
  llvm::SmallVector<llvm::StringRef> names;
  for (int i = 0; i < nodes.size(); ++i) {
    names.clear();
    collectReads(nodes[i], 0, names);
    for (llvm::StringRef name : names)
      if (auto found = producers.find(name); found != producers.end() && found->second != i) {
        needs.of[i].push_back(found->second);
        needs.sorted &= found->second < i;
      }
  }
  return needs;
}

} // namespace

std::vector<const onnx::NodeProto *> inOrder(const OnnxNodes &nodes) {
  Needs needs = needsOf(nodes);
  std::vector<const onnx::NodeProto *> order;
  std::vector<size_t> met(nodes.size(), 0); // needs that have been looked at, and one more once the node is open
  llvm::SmallVector<int> open;
  for (int first = 0; first < nodes.size(); ++first) {
    if (needs.sorted)
      order.push_back(&nodes[first]);
    else if (met[first] == 0)
      open.push_back(first);
    while (!open.empty()) {
      int node = open.back();
      if (met[node]++ == needs.of[node].size()) {
        order.push_back(&nodes[node]);
        open.pop_back();
      } else if (int next = needs.of[node][met[node] - 1]; met[next] == 0) {
        open.push_back(next);
      }
    }
  }
  return order;
}

} // namespace ingot
