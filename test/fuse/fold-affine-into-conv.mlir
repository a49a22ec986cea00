// RUN: %ingot-opt --ingot-fold-affine-into-conv %s | FileCheck %s

// Batch normalisation as multiply and add goes into filter and bias.
// CHECK-LABEL: @fires
// CHECK: %[[W:.*]] = nn.binary mul %{{.*}}, %{{.*}} : (tensor<2x1x1x1xf32>, tensor<2x1x1x1xf32>)
// CHECK: nn.conv %arg0, %[[W]], %{{.*}} strides
// CHECK-NEXT: return
func.func @fires(%x: tensor<1x1x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = nn.constant dense<1.0> : tensor<2x1x1x1xf32>
  %s = nn.constant dense<[[[2.0]], [[3.0]]]> : tensor<2x1x1xf32>
  %t = nn.constant dense<[[[0.5]], [[0.25]]]> : tensor<2x1x1xf32>
  %c = nn.conv %x, %w strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x1x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x4x4xf32>
  %m = nn.binary mul %c, %s : (tensor<1x2x4x4xf32>, tensor<2x1x1xf32>) -> tensor<1x2x4x4xf32>
  %y = nn.binary add %m, %t : (tensor<1x2x4x4xf32>, tensor<2x1x1xf32>) -> tensor<1x2x4x4xf32>
  return %y : tensor<1x2x4x4xf32>
}

// Stays when the factor differs along a spatial axis.
// CHECK-LABEL: @spatial
// CHECK: nn.binary mul
func.func @spatial(%x: tensor<1x1x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %w = nn.constant dense<1.0> : tensor<2x1x1x1xf32>
  %s = nn.constant dense<2.0> : tensor<4xf32>
  %c = nn.conv %x, %w strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x1x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x4x4xf32>
  %y = nn.binary mul %c, %s : (tensor<1x2x4x4xf32>, tensor<4xf32>) -> tensor<1x2x4x4xf32>
  return %y : tensor<1x2x4x4xf32>
}

// Stays when the filter is computed on the device.
// CHECK-LABEL: @computed_filter
// CHECK: nn.binary mul
func.func @computed_filter(%x: tensor<1x1x4x4xf32>, %w: tensor<2x1x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %s = nn.constant dense<2.0> : tensor<f32>
  %c = nn.conv %x, %w strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x1x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x4x4xf32>
  %y = nn.binary mul %c, %s : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xf32>
  return %y : tensor<1x2x4x4xf32>
}
