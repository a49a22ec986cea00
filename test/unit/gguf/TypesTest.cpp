// gguf-test [FOLDER]: dequantises one block of each type whose bytes were set by hand, and, given a folder with TYPE.blocks.bin and
// TYPE.dequant_f32.bin, every vector there, bit for bit. Prints what differs; exit code 1 when anything does.
#include "compiler/import/gguf/GgufTypes.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>
#include <cstring>
#include <vector>

using namespace ingot;

namespace {

/// A block of zeros but for `bytes` (place, value); `values` (element, number) are what must come out.
struct Case {
  const char *type;
  std::vector<std::pair<int, int>> bytes;
  std::vector<std::pair<int, float>> values;
};

// Halves in the comments: 0x3800 is 0.5, 0x3c00 is 1, 0x4000 is 2.
const std::vector<Case> kCases = {
    {"F32", {{2, 0x20}, {3, 0x41}}, {{0, 10}}},
    {"F16", {{0, 0x01}}, {{0, 0x1p-24f}}},          // the smallest subnormal
    {"F16", {{1, 0xfc}}, {{0, -HUGE_VALF}}},        // infinity
    {"F16", {{0, 0x55}, {1, 0xb5}}, {{0, -0.333251953125f}}},
    {"BF16", {{0, 0xc0}, {1, 0xbf}}, {{0, -1.5f}}},
    {"Q4_0", {{1, 0x3c}, {2, 0x9f}}, {{0, 7}, {16, 1}, {1, -8}}},
    {"Q4_1", {{1, 0x40}, {3, 0x38}, {4, 0x31}}, {{0, 2.5f}, {16, 6.5f}, {1, 0.5f}}},
    {"Q5_0", {{1, 0x3c}, {2, 0x02}, {4, 0x01}, {6, 0x21}}, {{0, -15}, {1, 0}, {16, 2}, {17, -16}}},
    {"Q5_1", {{1, 0x3c}, {3, 0x3c}, {4, 0x02}, {6, 0x01}, {8, 0x21}}, {{0, 2}, {1, 17}, {16, 19}, {17, 1}}},
    {"Q8_0", {{1, 0x38}, {2, 0x80}, {33, 0x7f}}, {{0, -64}, {1, 0}, {31, 63.5f}}},
    {"Q2_K", {{0, 0x21}, {2, 0x10}, {6, 0x02}, {8, 0x03}, {16, 0xe4}, {48, 0x01}, {81, 0x3c}, {83, 0x38}}, {{0, -1}, {32, -0.5f}, {96, 6}, {128, 3}}},
    {"Q3_K", {{0, 0x10}, {64, 0x03}, {96, 0x10}, {104, 0x20}, {109, 0x38}}, {{0, 64}, {128, 1.5f}}},
    {"Q4_K", {{1, 0x3c}, {3, 0x3c}, {4, 2}, {5, 0x40}, {8, 3}, {9, 0x80}, {13, 0x21}, {16, 5}, {80, 0x30}}, {{0, 7}, {1, -3}, {32, 0}, {160, 17}, {161, -34}}},
    {"Q5_K", {{1, 0x3c}, {3, 0x3c}, {4, 2}, {5, 0x40}, {8, 3}, {9, 0x80}, {13, 0x21}, {16, 0x21}, {48, 5}, {112, 0x30}}, {{0, 39}, {1, -3}, {160, 289}}},
    {"Q6_K", {{0, 0x54}, {128, 0x12}, {192, 2}, {196, 0xff}, {209, 0x38}}, {{0, 4}, {1, -32}, {64, 5.5f}}},
    {"IQ4_NL", {{1, 0x3c}, {2, 0x0f}}, {{0, 113}, {16, -127}}},
    {"IQ4_XS", {{1, 0x3c}, {2, 0x03}, {4, 0x05}, {8, 0xf0}}, {{0, -2667}, {16, 2373}}},
    {"IQ2_XXS", {{1, 0x3c}, {6, 0x01}, {9, 0x10}}, {{0, -3}, {1, 3}, {7, -3}, {8, 3}, {32, 1}}}, // one sign makes a second; scale 1 in the word's top
    {"IQ2_XS", {{1, 0x3c}, {3, 0x06}, {66, 0x01}}, {{0, -3}, {1, -3}, {2, 3}, {7, 3}, {16, 1}}},
    {"IQ2_S", {{1, 0x3c}, {34, 0x05}, {74, 0x10}}, {{0, -1}, {1, 1}, {2, -1}, {16, 3}}},
    {"IQ3_XXS", {{1, 0x3c}, {66, 0x10}, {69, 0x10}}, {{0, 3}, {4, -3}, {5, 3}, {7, -3}, {32, 1}}},
    {"IQ3_S", {{1, 0x3c}, {74, 0x21}, {106, 0x10}}, {{0, -1}, {1, 1}, {5, -1}, {32, 3}}},
    {"IQ1_S", {{1, 0x3c}, {37, 0x90}}, {{0, -0.875f}, {32, -3.375f}}},
    {"IQ1_M", {{32, 0x80}, {48, 0x01}, {55, 0x30}, {53, 0xc0}}, {{0, -2.625f}, {8, -3.375f}, {16, -0.875f}}},
    {"TQ1_0", {{0, 200}, {53, 0x3c}}, {{0, 1}, {32, 0}, {64, -1}}}, // 200 = ceil(0.21000 in base 3 * 256)
    {"TQ2_0", {{0, 0x12}, {65, 0x3c}}, {{0, 1}, {32, -1}, {64, 0}}},
    {"MXFP4", {{0, 128}, {1, 0xf7}}, {{0, 12}, {16, -12}, {1, 0}}},
    {"NVFP4", {{1, 0x38}, {12, 0x72}}, {{16, 1}, {24, 6}, {0, 0}}},
    {"Q1_0", {{1, 0x40}, {2, 0x02}}, {{0, -2}, {1, 2}}},
    {"Q2_0", {{1, 0x40}, {2, 0x0b}}, {{0, 4}, {1, 2}, {2, -2}}},
};

int checkCase(const Case &test) {
  const GgufType *type = findGgufType(llvm::StringRef(test.type));
  std::vector<uint8_t> block(type->bytes);
  for (auto [place, value] : test.bytes)
    block[place] = static_cast<uint8_t>(value);
  std::vector<float> out(type->elements);
  int faults = !dequantizeRow(*type, block.data(), out.data(), type->elements);
  for (auto [element, value] : test.values)
    if (out[element] != value) {
      ++faults;
      llvm::outs() << test.type << " element " << element << ": " << llvm::format("%g", out[element]) << ", expected " << llvm::format("%g", value) << "\n";
    }
  return faults;
}

/// Elements that differ in any bit, or -1 when the files do not fit the type.
int64_t differing(const GgufType &type, llvm::StringRef blocks, llvm::StringRef golden) {
  int64_t count = static_cast<int64_t>(blocks.size()) / type.bytes * type.elements;
  std::vector<float> out(count);
  if (golden.size() != static_cast<size_t>(count) * sizeof(float) || !dequantizeRow(type, blocks.data(), out.data(), count))
    return -1;
  int64_t faults = 0;
  for (int64_t i = 0; i < count; ++i)
    faults += std::memcmp(&out[i], golden.data() + i * sizeof(float), sizeof(float)) != 0;
  return faults;
}

int checkFolder(llvm::StringRef folder) {
  int faults = 0;
  for (const GgufType &type : ggufTypes()) {
    std::string stem = (folder + "/" + type.name).str();
    auto blocks = llvm::MemoryBuffer::getFile(stem + ".blocks.bin", false, false);
    auto golden = llvm::MemoryBuffer::getFile(stem + ".dequant_f32.bin", false, false);
    if (!blocks || !golden)
      continue;
    if (!canDequantize(type)) {
      llvm::outs() << type.name << " has no values here\n";
      continue;
    }
    int64_t bad = differing(type, (*blocks)->getBuffer(), (*golden)->getBuffer());
    llvm::outs() << type.name << (bad == 0 ? " ok\n" : " DIFFERS\n");
    faults += bad != 0;
  }
  return faults;
}

/// Every type of the table: ids and names are unique, found again, and none is both present and removed.
int checkTable() {
  int faults = 0;
  for (const GgufType &type : ggufTypes())
    faults += findGgufType(static_cast<int64_t>(type.id)) != &type || findGgufType(type.name.lower()) != &type ||
              findRemovedGgufType(static_cast<int64_t>(type.id)) != nullptr;
  return faults;
}

} // namespace

int main(int argc, char **argv) {
  int faults = checkTable();
  for (const Case &test : kCases)
    faults += checkCase(test);
  if (argc > 1)
    faults += checkFolder(argv[1]);
  llvm::outs() << (faults ? "FAILED\n" : "ok\n");
  return faults != 0;
}
