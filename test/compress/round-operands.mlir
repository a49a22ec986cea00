// RUN: %ingot-opt --ingot-round-operands --split-input-file --verify-diagnostics %s | FileCheck %s

// Weights of many elements become bf16 by a recipe, one for equal ones; types of input and result stay. (ingot-opt asks for bf16.)
// CHECK-LABEL: @fires
// CHECK: %[[W:.*]] = nn.weight @[[NAME:.*]] : tensor<32x32xbf16>
// CHECK: nn.matmul %arg0, %[[W]] : (tensor<1x32xf32>, tensor<32x32xbf16>) -> tensor<1x32xf32>
func.func @fires(%x: tensor<1x32xf32>) -> tensor<1x32xf32> {
  %w = nn.constant dense<1.0> : tensor<32x32xf32>
  %y = nn.matmul %x, %w : (tensor<1x32xf32>, tensor<32x32xf32>) -> tensor<1x32xf32>
  return %y : tensor<1x32xf32>
}

// -----

// The same for a convolution; the bias stays f32.
// CHECK-LABEL: @conv
// CHECK: nn.conv %arg0, %{{.*}}, %arg1 strides {{.*}} : (tensor<1x8x4x4xf32>, tensor<16x8x3x3xbf16>, tensor<16xf32>) -> tensor<1x16x2x2xf32>
func.func @conv(%x: tensor<1x8x4x4xf32>, %b: tensor<16xf32>) -> tensor<1x16x2x2xf32> {
  %w = nn.constant dense<1.0> : tensor<16x8x3x3xf32>
  %y = nn.conv %x, %w, %b strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x8x4x4xf32>, tensor<16x8x3x3xf32>, tensor<16xf32>) -> tensor<1x16x2x2xf32>
  return %y : tensor<1x16x2x2xf32>
}

// -----

// Fewer than 1,024 weights stay.
func.func @small(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %w = nn.constant dense<1.0> : tensor<2x2xf32>
  // expected-remark @below {{operands: kept in f32: it has few weights}}
  %y = nn.matmul %x, %w : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

// -----

// A product of two computed matrices rounds both.
// CHECK-LABEL: @computed
// CHECK: nn.matmul %arg0, %arg1 {ingot.rounded}
func.func @computed(%x: tensor<32x32xf32>, %w: tensor<32x32xf32>) -> tensor<32x32xf32> {
  %y = nn.matmul %x, %w : (tensor<32x32xf32>, tensor<32x32xf32>) -> tensor<32x32xf32>
  return %y : tensor<32x32xf32>
}

// -----

// Rounding the right side is too much work for few rows.
func.func @rows(%x: tensor<15x32xf32>, %w: tensor<32x32xf32>) -> tensor<15x32xf32> {
  // expected-remark @below {{operands: kept in f32: its weights are not constant}}
  %y = nn.matmul %x, %w : (tensor<15x32xf32>, tensor<32x32xf32>) -> tensor<15x32xf32>
  return %y : tensor<15x32xf32>
}

// -----

// So does a depthwise convolution.
func.func @depthwise(%x: tensor<1x128x4x4xf32>) -> tensor<1x128x2x2xf32> {
  %w = nn.constant dense<1.0> : tensor<128x1x3x3xf32>
  // expected-remark @below {{operands: kept in f32: each of its values meets few weights}}
  %y = nn.conv %x, %w strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 128 : (tensor<1x128x4x4xf32>, tensor<128x1x3x3xf32>) -> tensor<1x128x2x2xf32>
  return %y : tensor<1x128x2x2xf32>
}
