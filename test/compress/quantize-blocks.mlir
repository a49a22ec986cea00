// RUN: %ingot-opt --ingot-quantize-blocks --split-input-file --verify-diagnostics %s | FileCheck %s

// Weights become 4-bit integers in blocks of 32 along the reduction; 40 inputs are two blocks.
// CHECK-LABEL: @fires
// CHECK: %[[X:.*]] = nn.pad %{{.*}} low [0, 0] high [0, 24] mode constant : (tensor<1x40xf32>) -> tensor<1x64xf32>
// CHECK: %[[Y:.*]] = quant.nbits_matmul %[[X]], %{{.*}}, %{{.*}} zeros %{{.*}} bits 4 block 32 {nn.name = "y"} : (tensor<1x64xf32>, tensor<2x2x16xui8>, tensor<4xf32>, tensor<2xui8>) -> tensor<1x2xf32>
// CHECK: nn.reshape %[[Y]]
func.func @fires(%x: tensor<1x40xf32>) -> tensor<1x2xf32> {
  %w = nn.constant dense<0.5> : tensor<40x2xf32>
  %y = nn.matmul %x, %w {nn.name = "y"} : (tensor<1x40xf32>, tensor<40x2xf32>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

// -----

// Stays: the weights come in at run time.
// CHECK-LABEL: @not_constant
// CHECK-NOT: quant.nbits_matmul
func.func @not_constant(%x: tensor<1x4xf32>, %w: tensor<4x2xf32>) -> tensor<1x2xf32> {
  // expected-remark@+1 {{kept in f32: its weights are not a constant matrix, or its result has no name in the model}}
  %y = nn.matmul %x, %w {nn.name = "y"} : (tensor<1x4xf32>, tensor<4x2xf32>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}
