// Equal weights of several entry points become one: a model imported once for each of several shapes brings its weights as often, and most
// are packed alike whatever the shape. What decides is the bytes; type, shape and the recipe's words only say which are worth comparing.
#include "passes/Passes.h"

#include "compiler/weights/WeightStore.h"
#include "dialects/nn/Nn.h"

#include "llvm/Support/BLAKE3.h"

#include <map>

using namespace mlir;

namespace ingot {

#define GEN_PASS_DEF_MERGEWEIGHTS
#include "passes/plan/Passes.h.inc"

namespace {

struct MergeWeights : impl::MergeWeightsBase<MergeWeights> {
  explicit MergeWeights(const PassContext &context) : context(context) {}

  // nn.weight @w, nn.weight @w.1 -> nn.weight @w twice, when both hold the same bytes
  void runOnOperation() override {
    std::map<std::string, std::vector<std::string>> alike; // names that may be equal, in the order of the module
    llvm::StringMap<std::vector<nn::WeightOp>> users;
    getOperation().walk([&](nn::WeightOp weight) {
      std::vector<nn::WeightOp> &ops = users[weight.getSymbol()];
      if (ops.empty() && context.store->contains(weight.getSymbol()))
        alike[kindOf(weight.getSymbol())].push_back(weight.getSymbol().str());
      ops.push_back(weight);
    });
    for (const auto &[kind, names] : alike)
      for (const auto &[name, first] : mergedNames(names))
        for (nn::WeightOp weight : users[name])
          weight.setSymbol(first);
  }

private:
  /// Equal for all weights that may have equal bytes.
  std::string kindOf(StringRef name) const {
    std::string kind = std::to_string(static_cast<int>(context.store->dtype(name)));
    for (int64_t extent : context.store->shape(name))
      kind += "," + std::to_string(extent);
    return kind + ":" + context.store->doc(name).str();
  }

  /// Names whose bytes an earlier name has, with that name.
  std::vector<std::pair<std::string, std::string>> mergedNames(ArrayRef<std::string> names) const {
    std::vector<std::pair<std::string, std::string>> merged;
    std::map<llvm::BLAKE3Result<32>, std::string> known;
    for (const std::string &name : names) {
      if (names.size() == 1)
        break;
      Tensor tensor = context.store->get(name);
      StringRef bytes(tensor.data(), static_cast<size_t>(tensor.bytes()));
      auto [first, isNew] = known.try_emplace(llvm::BLAKE3::hash<32>(llvm::arrayRefFromStringRef(bytes)), name);
      if (!isNew)
        merged.emplace_back(name, first->second);
    }
    return merged;
  }

  PassContext context;
};

} // namespace

std::unique_ptr<Pass> createMergeWeights(const PassContext &context) { return std::make_unique<MergeWeights>(context); }

} // namespace ingot
