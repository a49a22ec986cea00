// The table of operators: domain and name -> the function that imports it.
#include "compiler/import/onnx/OnnxImporter.h"

#include "llvm/Support/FormatVariadic.h"

namespace ingot {
namespace {
std::string keyOf(llvm::StringRef domain, llvm::StringRef op) {
  domain = plainDomain(domain);
  return domain.empty() ? op.str() : (domain + "." + op).str();
}
} // namespace

void OnnxOpRegistry::add(llvm::StringRef domain, llvm::StringRef op, int64_t since, OnnxImportFn fn) {
  std::string name = keyOf(domain, op);
  rows[name] = {since, [since, name, fn = std::move(fn)](OnnxNode &node) {
                  if (node.opset() >= since)
                    return fn(node);
                  node.refuse(llvm::formatv("{0} is compiled from version {1} of its operator set on, the model uses {2}", name, since, node.opset()).str());
                }};
}

const OnnxImportFn *OnnxOpRegistry::find(llvm::StringRef domain, llvm::StringRef op) const {
  auto found = rows.find(keyOf(domain, op));
  return found == rows.end() ? nullptr : &found->second.fn;
}

std::vector<std::pair<std::string, int64_t>> OnnxOpRegistry::names() const {
  std::vector<std::pair<std::string, int64_t>> list;
  for (const auto &row : rows)
    list.emplace_back(row.getKey().str(), row.getValue().since);
  llvm::sort(list);
  return list;
}

} // namespace ingot
