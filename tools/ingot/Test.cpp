// ingot test: runs a model on a golden file's inputs and compares its outputs with the golden ones.
#include "tools/ingot/Compare.h"
#include "tools/ingot/LanguageModel.h"

namespace ingot {
namespace {

constexpr double kFloatAtol = 1e-4;

} // namespace

int runTest(const Context &context) {
  if (isLanguageModel(context.options.arguments[0]))
    return testLanguageModel(context);
  if (!context.options.has("golden"))
    return context.fail("IG0002", "ingot test needs --golden F.npz", "", "ingot help inputs says what the file holds");
  std::string golden = context.options.text("golden");
  std::optional<Execution> done = execute(context, golden);
  if (!done)
    return kUserFault;
  bool integers = computesInIntegers(done->session.opCounts()), ok = true;
  Table table({"output", "max abs error", "max rel error", "result"});
  llvm::json::Array rows;
  for (size_t i = 0; i < done->outputs.size(); ++i) {
    const std::string &label = done->session.outputs()[i].name;
    const Tensor *want = findTensor(done->arrays, "out", label);
    if (!want)
      continue;
    Comparison result = compare(done->outputs[i], *want, toleranceFor(context.options, *want, integers, kFloatAtol));
    ok &= result.ok;
    table.add({printable(label), brief(result.maxAbs), brief(result.maxRel), result.ok ? "ok" : "FAIL: " + result.reason});
    rows.push_back(llvm::json::Object{{"name", llvm::json::fixUTF8(label)}, {"dtype", name(want->dtype())}, {"shape", llvm::json::Array(want->shape())},
                                      {"max_abs", result.maxAbs}, {"max_rel", result.maxRel}, {"ok", result.ok}, {"reason", result.reason}});
  }
  if (rows.empty())
    return context.fail("IG0403", "the file has none of the model's outputs", golden, "key them 'out|NAME'; the first is 'out|" +
                        (done->session.outputs().empty() ? std::string() : printable(done->session.outputs()[0].name)) + "'");
  if (printsTable(context))
    table.print(llvm::outs());
  return finish(context, llvm::json::Object{{"outputs", std::move(rows)}, {"ok", ok}}, ok ? kDone : kUserFault);
}

} // namespace ingot
