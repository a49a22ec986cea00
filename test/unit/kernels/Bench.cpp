// kernel-bench [stencils]: multiply-adds a second of the convolution kernels on one thread, for the shapes the plans are judged by; or what
// Halide generates against the C kernels (StencilBench.cpp).
#include "targets/common/ukernels/quant.h"
#include "test/unit/kernels/Shapes.h"

#include <algorithm>
#include <chrono>

extern "C" Kernel ik_conv_f32, ik_dwconv_f32, ik_matmul_f32, ik_qconv, ik_qdwconv;

void benchStencils();

namespace {

Params convParams(int64_t groups, int64_t ic, int64_t oc, int64_t size, int64_t kernel) {
  Params p(IK_QCONV_COUNT, 0);
  p[IK_CONV_N] = 1, p[IK_CONV_G] = groups, p[IK_CONV_IC] = ic, p[IK_CONV_OC] = oc;
  for (int axis = 0; axis < 3; ++axis) {
    p[IK_CONV_ID + axis] = p[IK_CONV_OD + axis] = axis ? size : 1;
    p[IK_CONV_KD + axis] = axis ? kernel : 1;
    p[IK_CONV_SD + axis] = p[IK_CONV_DD + axis] = 1;
    p[IK_CONV_PD + axis] = axis ? kernel / 2 : 0;
  }
  int64_t depth = ic * kernel * kernel, blocks = (depth + IK_CONV_KBLOCK - 1) / IK_CONV_KBLOCK;
  p[IK_CONV_PACKED] = 1, p[IK_CONV_KC] = ic == 1 ? 16 : (depth + blocks - 1) / blocks;
  p[IK_CONV_ACT] = IK_ACT_RELU;
  p[IK_CONV_COUNT + IK_Q_X_UNSIGNED] = p[IK_CONV_COUNT + IK_Q_Y_UNSIGNED] = 1;
  return p;
}

double bestSeconds(Kernel *kernel, std::vector<void *> buffers, const Params &p) {
  double best = 1e9;
  for (int i = 0; i < 60; ++i) {
    auto begin = std::chrono::steady_clock::now();
    kernel(buffers.data(), p.data(), 0, 1);
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  return best;
}

void report(const char *what, double work, double seconds) { std::printf("%-28s %7.1f us %7.1f GMAC/s\n", what, seconds * 1e6, work / seconds * 1e-9); }

void conv(const char *what, Kernel *kernel, int64_t groups, int64_t ic, int64_t oc, int64_t size, int64_t kernelSize) {
  Random random;
  Params p = convParams(groups, ic, oc, size, kernelSize);
  std::vector<float> x = reals(random, groups * ic * size * size), w = reals(random, groups * ((oc + 7) / 8 * 8) * (ic * kernelSize * kernelSize + 4));
  std::vector<float> y(groups * oc * size * size), scratch(1 << 20);
  std::vector<int32_t> table(4 * groups * oc, 0x3a83126f);
  bool quantised = kernel == ik_qconv || kernel == ik_qdwconv;
  std::vector<void *> buffers{x.data(), w.data()};
  if (quantised)
    buffers.push_back(table.data());
  buffers.push_back(y.data());
  buffers.push_back(scratch.data());
  report(what, double(groups * ic * oc) * size * size * kernelSize * kernelSize, bestSeconds(kernel, buffers, p));
}

void matmul(const char *what, int64_t m, int64_t n, int64_t k) {
  Random random;
  Params p(IK_MATMUL_COUNT, 0);
  p[IK_MATMUL_B0] = p[IK_MATMUL_B1] = p[IK_MATMUL_B2] = 1, p[IK_MATMUL_M] = m, p[IK_MATMUL_N] = n, p[IK_MATMUL_K] = k, p[IK_MATMUL_PACKED] = 1;
  std::vector<float> a = reals(random, m * k), b = reals(random, n * k), y(m * n), scratch(1 << 20);
  report(what, double(m) * n * k, bestSeconds(ik_matmul_f32, {a.data(), b.data(), y.data(), scratch.data()}, p));
}

} // namespace

int main(int argc, char **argv) {
  if (argc > 1 && std::strcmp(argv[1], "stencils") == 0) {
    benchStencils();
    return 0;
  }
  conv("conv f32 1x1 128-128 52", ik_conv_f32, 1, 128, 128, 52, 1);
  conv("conv f32 3x3 64-64 56", ik_conv_f32, 1, 64, 64, 56, 3);
  conv("conv f32 3x3 512-512 7", ik_conv_f32, 1, 512, 512, 7, 3);
  conv("conv f32 3x3 3-32 224", ik_conv_f32, 1, 3, 32, 224, 3);
  conv("dwconv f32 3x3 96 52", ik_dwconv_f32, 96, 1, 1, 52, 3);
  conv("qconv 1x1 128-128 52", ik_qconv, 1, 128, 128, 52, 1);
  conv("qconv 3x3 64-64 56", ik_qconv, 1, 64, 64, 56, 3);
  conv("qdwconv 3x3 96 52", ik_qdwconv, 96, 1, 1, 52, 3);
  matmul("matmul f32 512x768x768", 512, 768, 768);
  matmul("matmul f32 128x64x128", 128, 64, 128);
  matmul("matmul f32 1x1000x1280", 1, 1000, 1280);
  return 0;
}
