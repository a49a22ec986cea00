// package-test                                  runs all checks
// package-test header                            prints a header of hostile names
// package-test write DIR TRIPLE MODEL.o [embed]  writes the package of the sample, with the given object as its code
// package-test steps DIR TRIPLE MODEL.o          that of the sample with two entry points
#include "Check.h"
#include "compiler/package/CHeaderWriter.h"

#include "runtime_stub/Objects.h"

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/TargetParser/Triple.h"

using namespace ingot;
using namespace ingot::test;

int test::failures = 0;

static int writeSample(llvm::ArrayRef<char *> arguments, bool isSteps) {
  llvm::Triple triple(arguments[1]);
  auto file = llvm::MemoryBuffer::getFile(arguments[2]);
  if (!file)
    return 2;
  std::vector<ObjectFile> code = {{"model.o", (*file)->getBuffer().str()}}, runtime;
  for (const char *name : {"core", "pool", "map", "runner"})
    if (const RuntimeObject *object = findRuntimeObject(name, triple.getArchName(), "linux"))
      runtime.push_back({name, object->bytes.str()});
  Sample sample = makeSample();
  Steps steps = makeSteps();
  std::string name = isSteps ? "steps" : "sample";
  llvm::ArrayRef<Program> programs = sample.program;
  PackageRequest request{name, name, triple.str(), "test", isSteps ? llvm::ArrayRef(steps.programs) : programs, isSteps ? steps.store : sample.store, code,
                         runtime};
  if (isSteps)
    request.constants = {{"CONTEXT", 512, "tokens"}};
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
  if (argc > 4 && (llvm::StringRef(argv[1]) == "write" || llvm::StringRef(argv[1]) == "steps"))
    return writeSample(llvm::ArrayRef(argv, argc).drop_front(2), llvm::StringRef(argv[1]) == "steps");
  if (argc > 1 && llvm::StringRef(argv[1]) == "header")
    return printHeader();
  testContainer();
  testDamage();
  testIdentifiers();
  testPackage();
  testStore();
  std::printf("%d failures\n", failures);
  return failures != 0;
}
