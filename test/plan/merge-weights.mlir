// RUN: %ingot-opt --ingot-lower-to-kernels --ingot-merge-weights %s | FileCheck %s

// The same weights packed twice become one; those of equal type and shape but other bytes do not, nor does a weight that the store does not have.
// CHECK-LABEL: @main
// CHECK: nn.weight @[[W:[a-z_.]+]] : tensor<{{.*}}x{{.*}}xf32>
func.func @main(%x: tensor<1x16xf32>) -> tensor<1x16xf32> {
  %w = nn.constant dense<2.0> : tensor<16x16xf32>
  %y = nn.matmul %x, %w : (tensor<1x16xf32>, tensor<16x16xf32>) -> tensor<1x16xf32>
  return %y : tensor<1x16xf32>
}
// CHECK-LABEL: @other
// CHECK: nn.weight @[[W]] :
// CHECK: nn.weight @[[V:[a-z_.0-9]+]] :
// CHECK-NOT: nn.weight @[[W]] :
// CHECK: nn.weight @unknown
func.func @other(%x: tensor<8x16xf32>) -> (tensor<8x16xf32>, tensor<8x16xf32>, tensor<4xf32>) {
  %w = nn.constant dense<2.0> : tensor<16x16xf32>
  %y = nn.matmul %x, %w : (tensor<8x16xf32>, tensor<16x16xf32>) -> tensor<8x16xf32>
  %v = nn.constant dense<3.0> : tensor<16x16xf32>
  %z = nn.matmul %x, %v : (tensor<8x16xf32>, tensor<16x16xf32>) -> tensor<8x16xf32>
  %u = nn.weight @unknown : tensor<4xf32>
  return %y, %z, %u : tensor<8x16xf32>, tensor<8x16xf32>, tensor<4xf32>
}
