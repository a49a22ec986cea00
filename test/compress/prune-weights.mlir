// RUN: %ingot-opt --ingot-prune-weights --split-input-file %s | FileCheck %s

// Half of the weights become zero, the smallest first; of equals the first ones. (ingot-opt asks for magnitude:0.5.)
// CHECK-LABEL: @fires
// CHECK: %[[W:.*]] = nn.constant dense<"0x{{(00000000)+(0000803F)+}}"> : tensor<32x32xf32>
// CHECK: nn.matmul %arg0, %[[W]]
func.func @fires(%x: tensor<1x32xf32>) -> tensor<1x32xf32> {
  %w = nn.constant dense<1.0> : tensor<32x32xf32>
  %y = nn.matmul %x, %w : (tensor<1x32xf32>, tensor<32x32xf32>) -> tensor<1x32xf32>
  return %y : tensor<1x32xf32>
}

// -----

// A tensor of fewer than 1,024 weights stays.
// CHECK-LABEL: @small
// CHECK: nn.constant dense<1.000000e+00> : tensor<2x2xf32>
func.func @small(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %w = nn.constant dense<1.0> : tensor<2x2xf32>
  %y = nn.matmul %x, %w : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}
