// The weight store: what is known to be the same is kept once, whatever it is called.
#include "Check.h"

using namespace ingot;
using namespace ingot::test;

static Tensor scaled(const Tensor &from, int64_t factor) {
  Tensor out(from.dtype(), from.shape());
  for (int64_t i = 0; i < out.count(); ++i)
    out.set(i, from.at(i) * static_cast<double>(factor));
  return out;
}

static Tensor sum(llvm::ArrayRef<Tensor> from, int64_t factor) {
  Tensor out = scaled(from[0], factor);
  for (int64_t i = 0; i < out.count(); ++i)
    out.set(i, out.at(i) + from[1].at(i));
  return out;
}

static void testTensors(WeightStore &store) {
  Tensor small(DType::F32, {5}), large(DType::F32, {20000});
  CHECK(store.addShared("a", small) == "a" && store.addShared("b", Tensor(DType::F32, {5})) == "a");
  CHECK(store.addShared("c", small.reshaped({5, 1})) == "c" && store.addShared("d", Tensor(DType::I32, {5})) == "d");
  small.set(4, 1);
  CHECK(store.addShared("e", small) == "e");
  CHECK(store.addShared("f", large) == "f" && store.addShared("g", large) == "f");
  large.set(0, 1); // its own copy from here on
  CHECK(store.addShared("h", large) == "h" && store.get("f").at(0) == 0 && store.get("h").at(0) == 1);
  CHECK(store.add("a", small) == "a.1"); // and add keeps what it is given
}

void test::testStore() {
  WeightStore store;
  testTensors(store);
  auto add = [&](const char *name, std::vector<std::string> inputs, Making make, std::vector<int64_t> shape = {5}) {
    return store.addRecipe(name, DType::F32, shape, {std::move(inputs), "scale", std::move(make)});
  };
  CHECK(add("twice", {"e"}, calling(scaled, 2)) == "twice" && add("again", {"e"}, calling(scaled, 2)) == "twice");
  CHECK(add("thrice", {"e"}, calling(scaled, 3)) == "thrice" && add("other", {"a"}, calling(scaled, 2)) == "other");
  CHECK(add("flat", {"e"}, calling(scaled, 2), {5, 1}) == "flat");
  CHECK(add("closure", {"e"}, {[](llvm::ArrayRef<Tensor> from) { return from[0]; }, ""}) == "closure");
  CHECK(add("closure", {"e"}, {[](llvm::ArrayRef<Tensor> from) { return from[0]; }, ""}) == "closure.1");
  CHECK(add("sum", {"e", "a"}, calling(sum, 2)) == "sum" && add("turned", {"a", "e"}, calling(sum, 2)) == "turned");
  CHECK(store.get("twice").at(4) == 2 && store.get("thrice").at(4) == 3 && store.get("sum").at(4) == 2 && store.get("turned").at(4) == 1);
}
