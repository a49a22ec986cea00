// RUN: %ingot-opt --ingot-lower-to-kernels --split-input-file %s | FileCheck %s

// The left side is rounded by a map, below 2^-56 to 0; the right one is packed in pairs along k.
// CHECK-LABEL: @matmul
// CHECK: nn.weight {{.*}} : tensor<1x2x9x16x2xbf16>
// CHECK: kernel.map
// CHECK: math.absf
// CHECK: kernel.micro "ik_matmul_f32_bf16"
func.func @matmul(%x: tensor<3x17xf32>) -> tensor<3x20xf32> {
  %w = nn.constant dense<1.0> : tensor<17x20xbf16>
  %y = nn.matmul %x, %w : (tensor<3x17xf32>, tensor<17x20xbf16>) -> tensor<3x20xf32>
  return %y : tensor<3x20xf32>
}

// -----

// f16: magnitudes above 65504 are cut; single columns in panels.
// CHECK-LABEL: @half
// CHECK: nn.weight {{.*}} : tensor<1x2x17x16xf16>
// CHECK: arith.constant -6.550400e+04
// CHECK: kernel.micro "ik_matmul_f32_f16"
func.func @half(%x: tensor<3x17xf32>) -> tensor<3x20xf32> {
  %w = nn.constant dense<1.0> : tensor<17x20xf16>
  %y = nn.matmul %x, %w : (tensor<3x17xf32>, tensor<17x20xf16>) -> tensor<3x20xf32>
  return %y : tensor<3x20xf32>
}

// -----

// One tap: pairs along k in tiles; the kernel rounds the input itself.
// CHECK-LABEL: @point
// CHECK: nn.weight {{.*}} : tensor<1x1x4x8x2xbf16>
// CHECK-NOT: kernel.map
// CHECK: kernel.micro "ik_conv_f32_bf16"
func.func @point(%x: tensor<1x7x6x6xf32>) -> tensor<1x8x6x6xf32> {
  %w = nn.constant dense<1.0> : tensor<8x7x1x1xbf16>
  %y = nn.conv %x, %w strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x7x6x6xf32>, tensor<8x7x1x1xbf16>) -> tensor<1x8x6x6xf32>
  return %y : tensor<1x8x6x6xf32>
}

// -----

// Several taps: over lines, pairs of channels of a tap.
// CHECK-LABEL: @lines
// CHECK: nn.weight {{.*}} : tensor<1x1x36x8x2xbf16>
// CHECK: kernel.micro "ik_convlines_f32_bf16"
func.func @lines(%x: tensor<1x7x20x20xf32>) -> tensor<1x8x18x18xf32> {
  %w = nn.constant dense<1.0> : tensor<8x7x3x3xbf16>
  %y = nn.conv %x, %w strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x7x20x20xf32>, tensor<8x7x3x3xbf16>) -> tensor<1x8x18x18xf32>
  return %y : tensor<1x8x18x18xf32>
}

// -----

// Planes that fill few vectors of places: vectors over channels, pairs of channels of a tap.
// CHECK-LABEL: @channels
// CHECK: nn.weight {{.*}} : tensor<1x4x288x16x2xbf16>
// CHECK: kernel.micro "ik_convchannels_f32_bf16"
func.func @channels(%x: tensor<1x63x7x7xf32>) -> tensor<1x64x7x7xf32> {
  %w = nn.constant dense<1.0> : tensor<64x63x3x3xbf16>
  %y = nn.conv %x, %w strides [1, 1] pad_low [1, 1] pad_high [1, 1] dilations [1, 1] group 1 : (tensor<1x63x7x7xf32>, tensor<64x63x3x3xbf16>) -> tensor<1x64x7x7xf32>
  return %y : tensor<1x64x7x7xf32>
}

// -----

// CHECK-LABEL: @halves
// CHECK: kernel.micro "ik_conv_f32_f16"
func.func @halves(%x: tensor<1x7x6x6xf32>) -> tensor<1x8x6x6xf32> {
  %w = nn.constant dense<1.0> : tensor<8x7x1x1xf16>
  %y = nn.conv %x, %w strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x7x6x6xf32>, tensor<8x7x1x1xf16>) -> tensor<1x8x6x6xf32>
  return %y : tensor<1x8x6x6xf32>
}

// -----

// Two computed matrices: the kernel rounds both.
// CHECK-LABEL: @both
// CHECK-NOT: kernel.map
// CHECK: kernel.micro "ik_matmul_f32_bf16"({{.*}}) {{.*}}: (tensor<2x32x33xf32>, tensor<2x33x20xf32>) -> tensor<2x32x20xf32>
func.func @both(%x: tensor<2x32x33xf32>, %w: tensor<2x33x20xf32>) -> tensor<2x32x20xf32> {
  %y = nn.matmul %x, %w {ingot.rounded} : (tensor<2x32x33xf32>, tensor<2x33x20xf32>) -> tensor<2x32x20xf32>
  return %y : tensor<2x32x20xf32>
}
