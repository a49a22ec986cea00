// hl_dwconv*: depthwise convolution of f32 planes by taps x taps filters, one stride in both axes, any dilation. Each output is one
// chain of fused multiply-adds over (kh, kw) from zero, then the bias and a clamp, as in ukernels/dwconv.c: the same bits.
#include "targets/common/halide/stencil.h"

using namespace Halide;

namespace {

class DepthwiseConv : public Generator<DepthwiseConv> {
public:
  GeneratorParam<int> taps{"taps", 3}, stride{"stride", 1};
  GeneratorParam<int> lanes{"lanes", 0}; // 0: a whole register
  GeneratorParam<int> rows{"rows", 4}, planes{"planes", 4};

  Input<Buffer<float, 3>> x{"x"};        // [channel][h][w]
  Input<Buffer<float, 3>> w{"w"};        // [channel][kh][kw]
  Input<Buffer<float, 3>> bias{"bias"};  // [1][1][channel]; read only if hasBias
  Input<int> hasBias{"hasBias"};
  Input<int> padX{"padX"}, padY{"padY"}; // columns and rows of zeros before x
  Input<int> dilation{"dilation"};
  Input<float> low{"low"}, high{"high"};
  Output<Buffer<float, 3>> y{"y"};       // [channel][h][w]

  void generate() {
    stencil.pad(x, padX, padY, 0.0f);
    Expr sum = 0.0f;
    for (int kh = 0; kh < taps; ++kh)
      for (int kw = 0; kw < taps; ++kw)
        sum = ingot::fusedMultiplyAdd(w(kw, kh, c), stencil.lines(ox * stride + kw * dilation, oy * stride + kh * dilation, c), sum);
    sum = select(hasBias != 0, sum + bias(c, 0, 0), sum);
    stencil.tile(ox, oy, c) = ingot::clampFloat(sum, low, high);
    y(ox, oy, c) = stencil.tile(ox, oy, c);
  }

  void schedule() {
    stencil.schedule(y, {lanes > 0 ? int(lanes) : natural_vector_size<float>(), rows, planes, stride > 1 && lanes == 0});
    if (stride == 1)
      y.specialize(dilation == 1);
  }

private:
  ingot::PlaneStencil stencil;
  Var ox = stencil.ox, oy = stencil.oy, c = stencil.c;
};

} // namespace

HALIDE_REGISTER_GENERATOR(DepthwiseConv, dwconv)
