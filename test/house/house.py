"""The house rules as checks over the tree: house.py RULE ROOT. Prints each breach and exits 1, or prints how many things were looked at."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(sys.argv[2]).resolve()
MAX_FILE_LINES = 600
MAX_FUNCTION_LINES = 60  # the goal of the style page is 45; this is where the build breaks
CODE = {".cpp", ".h", ".c", ".td", ".py"}
# Words that only a target may use. Core asks Target.h instead.
TARGET_WORDS = re.compile(r"\b(x86|avx2?|avx512\w*|neon|aarch64|hexagon|hvx|vulkan|spirv|metal|cortex)\b", re.IGNORECASE)


def tracked():
    names = subprocess.run(["git", "-C", ROOT, "ls-files"], capture_output=True, text=True, check=True).stdout.split("\n")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def code_files():
    return [path for path in tracked() if path.suffix in CODE]


def rel(path):
    return str(path.relative_to(ROOT))


def top_level():
    allowed = {"CMakeLists.txt", "compiler", "dialects", "passes", "targets", "runtime_stub", "tools", "test", "README.md"}
    entries = {rel(path).split("/")[0] for path in tracked()}
    return len(entries), [f"'{name}' does not belong at the top level" for name in sorted(entries - allowed) if not name.startswith(".")]


def file_length():
    files = code_files()
    return len(files), [f"{rel(p)} has {n} lines, at most {MAX_FILE_LINES}" for p in files if (n := len(p.read_text().splitlines())) > MAX_FILE_LINES]


def file_header():
    starts = {".py": ('"""', "#"), ".c": ("/*", "//"), ".h": ("/*", "//"), ".cpp": ("//",), ".td": ("//",)}
    files = code_files()
    return len(files), [f"{rel(p)} does not open with a comment on what it is for" for p in files
                        if not p.read_text().lstrip().startswith(starts[p.suffix])]


def functions(text):
    """(first line number, lines) of every function body, found by a head that ends in ') {' and the brace that closes it."""
    lines = text.splitlines()
    head = re.compile(r"^ {0,4}(?!if|for|while|switch|else|do|case|return|namespace|struct|class|enum|extern|#|//|\}).*\)( const)?( override)?( noexcept)? \{$")
    for start, line in enumerate(lines):
        if not head.match(line):
            continue
        depth = 0
        for end in range(start, len(lines)):
            bare = re.sub(r"'(\\.|[^'\\])'|\"(\\.|[^\"\\])*\"|//.*", "", lines[end])
            depth += bare.count("{") - bare.count("}")
            if depth == 0:
                yield start + 1, end - start + 1
                break


def function_length():
    seen, faults = 0, []
    for path in code_files():
        if path.suffix not in {".cpp", ".h", ".c"} or rel(path).startswith("test/"):
            continue
        for line, length in functions(path.read_text()):
            seen += 1
            if length > MAX_FUNCTION_LINES:
                faults.append(f"{rel(path)}:{line}: a function of {length} lines, at most {MAX_FUNCTION_LINES}")
    return seen, faults


def passes():
    seen, faults = 0, []
    for td in sorted(ROOT.glob("passes/*/Passes.td")):
        folder = td.parent.name
        for name, argument in re.findall(r'def (\w+) : Pass<"([\w-]+)"', td.read_text()):
            seen += 1
            test = ROOT / "test" / folder / (argument.removeprefix("ingot-") + ".mlir")
            if not (td.parent / f"{name}.cpp").exists():
                faults.append(f"pass {argument}: no file passes/{folder}/{name}.cpp")
            if not test.exists():
                faults.append(f"pass {argument}: no test {rel(test)}")
            elif "--" + argument not in test.read_text():
                faults.append(f"{rel(test)} does not run --{argument}")
    return seen, faults


# Codes of Ingot's own faults and of sizes that no test can reach: nothing a user writes makes them appear.
INTERNAL = {"IG0199", "IG0290", "IG0310", "IG0405", "IG0407", "IG0504", "IG0649"}


def diagnostics():
    rows, faults = {}, []
    for table in ROOT.glob("compiler/**/Diag.def"):
        for code in re.findall(r'DIAG\(\s*"?(IG\d+)', table.read_text()):
            if code in rows:
                faults.append(f"{code} stands in {rel(rows[code])} and {rel(table)}")
            rows[code] = table
    used = set()
    for path in code_files():
        if path.suffix in {".cpp", ".h"} and not rel(path).startswith("test/"):
            used |= set(re.findall(r'"(IG\d{4})[":]', re.sub(r"//.*", "", path.read_text())))  # "IG0101", or "IG0101: what is wrong"
    faults += [f"{code} is reported but has no row in a Diag.def" for code in sorted(used - set(rows))]
    faults += [f"{code} has a row in {rel(rows[code])} but nothing reports it" for code in sorted(set(rows) - used)]
    tested = set()
    for path in (ROOT / "test").rglob("*"):
        if path.suffix in {".test", ".mlir", ".cpp", ".py"} and path.name != "house.py":
            tested |= set(re.findall(r"IG\d{4}", path.read_text()))
    faults += [f"{code} has no test that names it" for code in sorted(set(rows) - tested - INTERNAL)]
    faults += [f"{code} has a test: it is not internal" for code in sorted(tested & INTERNAL)]
    return len(rows), faults


def core_names_no_target():
    seen, faults = 0, []
    for path in code_files():
        if not rel(path).startswith(("compiler/", "passes/", "dialects/")) and rel(path.parent) != "targets/common":
            continue
        seen += 1
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if match := TARGET_WORDS.search(line):
                faults.append(f"{rel(path)}:{number}: names the target word '{match.group(0)}'")
    return seen, faults


def options_in_one_table():
    seen, faults = 0, []
    for path in code_files():
        if path.suffix not in {".cpp", ".h"} or rel(path).startswith("test/"):
            continue
        seen += 1
        for word in ("cl::opt", "getenv("):
            if word in path.read_text() and rel(path) != "compiler/Options.cpp":
                faults.append(f"{rel(path)} uses {word}: options live in compiler/Options.cpp")
    return seen, faults


def no_leftovers():
    files = [path for path in code_files() if path.name != "house.py"]
    return len(files), [f"{rel(path)}:{n}: {line.strip()}" for path in files for n, line in enumerate(path.read_text().splitlines(), 1)
                        if re.search(r"\b(TODO|FIXME|XXX)\b", line)]


def kernel_table():
    """Every kernel function has a row, every row a function."""
    rows, faults = set(), []
    for table in ROOT.glob("targets/**/kernels.def"):
        rows |= set(re.findall(r"KERNEL\(\s*\"?(\w+)", table.read_text()))
    defined = set()
    for source in [*ROOT.glob("targets/common/ukernels/*"), *ROOT.glob("targets/common/halide/*"), *ROOT.glob("targets/*/kernels/*.c")]:
        if source.is_file():
            defined |= set(re.findall(r"IK_KERNEL\((ik_\w+)\)", source.read_text()))
    faults += [f"kernel {name} has no row" for name in sorted(defined - rows) if not name.endswith("_")]
    return len(rows), faults


def main():
    rule = globals()[sys.argv[1].replace("-", "_")]
    seen, faults = rule()
    print(*faults, sep="\n")
    if seen == 0:
        print("nothing was looked at: the rule is broken")
    print(f"{sys.argv[1]}: {seen} looked at, {len(faults)} faults")
    sys.exit(bool(faults) or seen == 0)


main()
