// RUN: %ingot-opt --ingot-lower-to-kernels --ingot-collapse-maps %s | FileCheck %s

// Equal dense operands are one run.
// CHECK-LABEL: @dense
// CHECK: dims [24] offsets [0, 0] strides [1, 1]
func.func @dense(%x: tensor<2x3x4xf32>) -> tensor<2x3x4xf32> {
  %y = nn.unary neg %x : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return %y : tensor<2x3x4xf32>
}

// A per-channel operand keeps the channel apart from what is inside it.
// CHECK-LABEL: @channel
// CHECK: dims [2, 3, 20] offsets [0, 0, 0] strides [60, 20, 1, 0, 1, 0, 60, 20, 1]
func.func @channel(%x: tensor<2x3x4x5xf32>, %b: tensor<3x1x1xf32>) -> tensor<2x3x4x5xf32> {
  %y = nn.binary add %x, %b : (tensor<2x3x4x5xf32>, tensor<3x1x1xf32>) -> tensor<2x3x4x5xf32>
  return %y : tensor<2x3x4x5xf32>
}

// A scalar keeps one dim.
// CHECK-LABEL: @scalar
// CHECK: dims [1] offsets [0, 0] strides [0, 0]
func.func @scalar(%x: tensor<f32>) -> tensor<f32> {
  %y = nn.unary neg %x : (tensor<f32>) -> tensor<f32>
  return %y : tensor<f32>
}
