// Hostile names: suffixes are identifiers and unique; comments cannot be left; a package's own name is checked.
#include "Check.h"
#include "compiler/package/CHeaderWriter.h"
#include "compiler/package/Identifiers.h"
#include "compiler/package/PackageReader.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <set>

using namespace ingot;
using namespace ingot::test;

void test::testIdentifiers() {
  std::vector<std::string> names;
  for (const ProgramIo &io : makeHostile().program.inputs)
    names.push_back(io.name);
  std::vector<std::string> suffixes = uniqueSuffixes(names);
  std::set<std::string> seen;
  for (const std::string &suffix : suffixes) {
    CHECK(isIdentifier("p_" + suffix) && !llvm::StringRef("p_" + suffix).contains("__"));
    CHECK(seen.insert(suffix).second);
    CHECK(suffix.size() < 80);
  }
  CHECK(suffixes[0] == "a_b_3" && suffixes[1] == "a_b" && suffixes[18] == "a_b_2");
  for (const std::string &name : names) {
    std::string comment = forComment(name);
    CHECK(comment.size() < 140 && !llvm::StringRef(comment).contains("*") && !llvm::StringRef(comment).contains("\n"));
  }
  CHECK(apiPrefix("ingot") == "model_ingot" && apiPrefix("demo") == "demo" && apiPrefix("_1") == "model_1");
}

static size_t entriesOf(llvm::StringRef dir) {
  std::error_code code;
  size_t count = 0;
  for (llvm::sys::fs::directory_iterator at(dir, code), end; at != end && !code; at.increment(code))
    ++count;
  return count;
}

// The same files whatever the number of threads; errors leave nothing behind.
void test::testPackage() {
  llvm::SmallString<128> dir;
  CHECK(!llvm::sys::fs::createUniqueDirectory("package-test", dir));
  Sample sample = makeHostile();
  std::string out = (dir + "/out").str();
  PackageRequest request{"demo", "demo", "x86_64-unknown-linux-gnu", "test", sample.program, sample.store, {}, {}};
  CHECK(codeOf(writePackage(request, out)).empty());
  CHECK(entriesOf(out) == 5); // .a .h .ingot .d ingot/
  CHECK(codeOf(readContainer(out + "/demo.ingot")).empty());
  for (const char *name : {"", "..", "a/b", "a\nb"}) {
    PackageRequest bad = {name, "demo", request.triple, "test", sample.program, sample.store, {}, {}};
    CHECK(codeOf(writePackage(bad, out)) == "IG0500");
  }
  sample.program.weights[1].offset = 16;
  CHECK(codeOf(writePackage(request, (dir + "/bad").str())) == "IG0502");
  sample.program.weights[1] = {"absent", 64, 20};
  CHECK(codeOf(writePackage(request, (dir + "/bad").str())) == "IG0503");
  sample = makeSample();
  Recipe shorter{{}, "too short", {[](llvm::ArrayRef<Tensor>) { return Tensor(DType::F32, {3}); }, ""}};
  std::string wrong = sample.store.addRecipe("wrong", DType::F32, {5}, shorter);
  sample.program.weights[1].name = wrong;
  for (unsigned jobs : {1u, 2u}) {
    request.jobs = jobs;
    CHECK(codeOf(writePackage(request, (dir + "/bad/deep").str())) == "IG0503");
  }
  CHECK(!llvm::sys::fs::exists(dir + "/bad"));
  sample = makeSample();
  CHECK(codeOf(writePackage(request, "/proc/nothing")) == "IG0501");
  CHECK(codeOf(writePackage(request, out + "/demo.h")) == "IG0501"); // a file where the folder should be
  llvm::sys::fs::remove_directories(dir);
}
