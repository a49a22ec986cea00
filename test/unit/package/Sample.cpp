// Programs made by hand.
#include "Check.h"
#include "compiler/package/PackageError.h"
#include "compiler/package/PackageWriter.h"

#include "llvm/ADT/SmallString.h"

using namespace ingot;
using namespace ingot::test;

/// 1 2 3 4 5
static Tensor counting() {
  Tensor tensor(DType::F32, {5});
  for (int i = 0; i < 5; ++i)
    tensor.set(i, i + 1);
  return tensor;
}

Steps test::makeSteps() {
  Steps steps;
  Program common;
  common.workers = 2;
  common.stateBytes = 64;
  common.weights = {{steps.store.add("plain", counting()), 0, 20}};
  common.weightsBytes = 64;
  steps.programs.assign(2, common);
  steps.programs[0].entry = "feed";
  steps.programs[0].arenaBytes = 128;
  steps.programs[0].inputs = {{"x", DType::F32, {5}, 20}};
  steps.programs[1].entry = "total";
  steps.programs[1].outputs = {{"y", DType::F32, {5}, 20}};
  return steps;
}

Sample test::makeSample() {
  Sample sample;
  std::string base = sample.store.add("plain", counting());
  Tensor (*twice)(const Tensor &) = [](const Tensor &in) {
    Tensor out(DType::F32, in.shape());
    for (int i = 0; i < 5; ++i)
      out.set(i, 2 * in.at(i));
    return out;
  };
  Recipe doubled{{base}, "double", calling(twice)};
  std::string made = sample.store.addRecipe("made", DType::F32, {5}, doubled);
  sample.program.arenaBytes = 64;
  sample.program.workers = 2;
  sample.program.inputs = {{"in", DType::F32, {5}, 20}};
  sample.program.outputs = {{"out", DType::F32, {5}, 20}};
  sample.program.weights = {{base, 0, 20}, {made, 64, 20}};
  sample.program.weightsBytes = 128;
  return sample;
}

Sample test::makeHostile() {
  Sample sample = makeSample();
  std::vector<std::string> names = {"a.b", "a_b",
                                     "*/ int evil; /*", "line\nbreak", "quo\"te'", std::string("nul\0x", 5), "\xe2\x80\xae" "rtl", "?" "?/",
                                    "int", "class", "", "9", "__x__", "//", "\\", "unnamed", std::string(1 << 20, 'y'), "a.b", "a_b_2", "\xff\xfe"};
  sample.program.inputs.clear();
  sample.program.outputs.clear();
  for (const std::string &name : names) {
    sample.program.inputs.push_back({name, DType::F16, {1, 2}, 4});
    sample.program.outputs.push_back({name, DType::Bool, {}, 1});
  }
  return sample;
}

std::string test::containerOf(const Sample &sample, unsigned jobs) {
  llvm::Expected<Layout> layout = makeLayout(sample.program, sample.store, "sample", "test");
  if (!layout) {
    CHECK(codeOf(layout.takeError()).empty());
    return "";
  }
  llvm::SmallString<0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  CHECK(codeOf(writeContainer(stream, *layout, sample.store, jobs)).empty());
  return std::string(bytes);
}

std::string test::codeOf(llvm::Error error) {
  std::string code;
  llvm::handleAllErrors(
      std::move(error), [&](const PackageError &packaging) { code = packaging.diagnostic.code; },
      [&](const llvm::ErrorInfoBase &other) { code = other.message(); });
  return code;
}
