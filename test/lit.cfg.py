# How lit runs the tests: every .test and .mlir below test/ is a shell script of RUN lines. %ingot and %ingot-opt are the built tools,
# %models the project's own models; `shared-models` is a feature when the real models lie beside the checkout, `extra-models` when the larger ones were fetched into ~/.cache/ingot-extra,
# `chromium` and `qemu-hexagon` when that program is installed, `lavapipe` when that Vulkan driver is, with spirv-val and the validation layer.
import os
import pathlib
import shutil
import lit.formats

root = pathlib.Path(__file__).resolve().parent.parent
build = pathlib.Path(lit_config.params.get("build", root / "build"))
asan = pathlib.Path(lit_config.params.get("asan", root / "build-asan"))
shared = root.parent / "shared" / "models"
extra = pathlib.Path.home() / ".cache" / "ingot-extra"

config.name = "ingot"
config.test_format = lit.formats.ShTest(execute_external=True)
config.suffixes = [".test", ".mlir"]
config.excludes = ["models"]
config.test_source_root = str(root / "test")
config.test_exec_root = str(build / "test-output")
config.environment["PATH"] = os.pathsep.join(["/usr/lib/llvm-22/bin", os.environ["PATH"]])
config.environment["NO_COLOR"] = "1"
config.environment["ASAN_OPTIONS"] = "detect_leaks=0"
config.substitutions += [
    ("%ingot-opt", str(build / "bin" / "ingot-opt")),
    ("%ingot", str(build / "bin" / "ingot")),
    ("%asan", str(asan / "bin")),
    ("%build", str(build)),
    ("%root", str(root)),
    ("%models", str(root / "test" / "models")),
    ("%shared", str(shared)),
    ("%extra", str(extra)),
    ("%python", str(build / "python" / "bin" / "python")),
]
if shared.exists():
    config.available_features.add("shared-models")
if (extra / "onnx").exists():
    config.available_features.add("extra-models")
try:
    for descriptor in os.openpty():
        os.close(descriptor)
    config.available_features.add("terminals")
except OSError:
    pass  # a bare root without /dev/pts
lavapipe = pathlib.Path("/usr/share/vulkan/icd.d/lvp_icd.x86_64.json")
if lavapipe.exists() and shutil.which("spirv-val") and pathlib.Path("/usr/share/vulkan/explicit_layer.d/VkLayer_khronos_validation.json").exists():
    config.available_features.add("lavapipe")
    config.environment["VK_ICD_FILENAMES"] = str(lavapipe)
for program in ("chromium", "qemu-hexagon"):
    if shutil.which(program):
        config.available_features.add(program)
