// package-test                                  runs all checks
// package-test header                            prints a header of hostile names
// package-test write DIR TRIPLE MODEL.o [embed]  writes the package of the sample, with the given object as its code
#include "Check.h"
#include "compiler/package/CHeaderWriter.h"

#include "runtime_stub/Objects.h"

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/TargetParser/Triple.h"

using namespace ingot;
using namespace ingot::test;

int test::failures = 0;

static int writeSample(llvm::ArrayRef<char *> arguments) {
  llvm::Triple triple(arguments[1]);
  auto file = llvm::MemoryBuffer::getFile(arguments[2]);
  if (!file)
    return 2;
  std::vector<ObjectFile> code = {{"model.o", (*file)->getBuffer().str()}}, runtime;
  for (const char *name : {"core", "pool", "map", "runner"})
    if (const RuntimeObject *object = findRuntimeObject(name, triple.getArchName(), "linux"))
      runtime.push_back({name, object->bytes.str()});
  Sample sample = makeSample();
  PackageRequest request{"sample", "sample", triple.str(), "test", sample.program, sample.store, code, runtime};
  request.embedWeights = arguments.size() > 3;
  request.modelPath = "sample model.onnx";
  llvm::Expected<PackageResult> result = writePackage(request, arguments[0]);
  if (!result) {
    std::printf("%s\n", llvm::toString(result.takeError()).c_str());
    return 1;
  }
  std::printf("code %ld weights %ld header %ld\n", long(result->codeBytes), long(result->weightsBytes), long(result->headerBytes));
  return 0;
}

static int printHeader() {
  Sample sample = makeHostile();
  llvm::Expected<Layout> layout = makeLayout(sample.program, sample.store, "*/ int evil; /*\n", "\xff");
  if (!layout)
    return 1;
  std::printf("%s", writeCHeader({*layout, "ingot_class__"}).c_str());
  return 0;
}

int main(int argc, char **argv) {
  if (argc > 4 && llvm::StringRef(argv[1]) == "write")
    return writeSample(llvm::ArrayRef(argv, argc).drop_front(2));
  if (argc > 1 && llvm::StringRef(argv[1]) == "header")
    return printHeader();
  testContainer();
  testDamage();
  testIdentifiers();
  testPackage();
  std::printf("%d failures\n", failures);
  return failures != 0;
}
