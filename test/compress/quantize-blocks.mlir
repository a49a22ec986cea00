// RUN: %ingot-opt --ingot-quantize-blocks --split-input-file --verify-diagnostics %s | FileCheck %s

// Weights become 4-bit integers in blocks of 32 along the reduction; 40 inputs are two blocks.
// CHECK-LABEL: @fires
// CHECK: %[[W:.*]] = quant.dequantize %{{.*}}, %{{.*}}, %{{.*}} axis 0 {block = 32 : i64} : (tensor<40x2xui4>, tensor<2x2xf32>, tensor<2x2xui4>) -> tensor<40x2xf32>
// CHECK: nn.matmul %arg0, %[[W]]
func.func @fires(%x: tensor<1x40xf32>) -> tensor<1x2xf32> {
  %w = nn.constant dense<0.5> : tensor<40x2xf32>
  %y = nn.matmul %x, %w {nn.name = "y"} : (tensor<1x40xf32>, tensor<40x2xf32>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

// -----

// Stays: the weights come in at run time.
// CHECK-LABEL: @not_constant
// CHECK-NOT: quant.dequantize
func.func @not_constant(%x: tensor<1x4xf32>, %w: tensor<4x2xf32>) -> tensor<1x2xf32> {
  // expected-remark@+1 {{kept in f32: its weights are not a constant matrix, or its result has no name in the model}}
  %y = nn.matmul %x, %w {nn.name = "y"} : (tensor<1x4xf32>, tensor<4x2xf32>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}
