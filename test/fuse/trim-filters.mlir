// RUN: %ingot-opt --ingot-trim-filters %s | FileCheck %s

// On a plane narrower than the dilation only the middle tap of each axis meets data.
// CHECK-LABEL: @middle
// CHECK: %[[W:.*]] = nn.slice %arg1 starts [0, 0, 1, 1] steps [1, 1, 1, 1] {{.*}} -> tensor<3x2x1x1xf32>
// CHECK: nn.conv %arg0, %[[W]] strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [12, 12]
func.func @middle(%x: tensor<1x2x4x4xf32>, %w: tensor<3x2x3x3xf32>) -> tensor<1x3x4x4xf32> {
  %y = nn.conv %x, %w strides [1, 1] pad_low [12, 12] pad_high [12, 12] dilations [12, 12] group 1 : (tensor<1x2x4x4xf32>, tensor<3x2x3x3xf32>) -> tensor<1x3x4x4xf32>
  return %y : tensor<1x3x4x4xf32>
}

// Stays when each tap meets an element: 4 rows, dilation 3.
// CHECK-LABEL: @used
// CHECK-NOT: nn.slice
func.func @used(%x: tensor<1x2x4x4xf32>, %w: tensor<3x2x3x3xf32>) -> tensor<1x3x4x4xf32> {
  %y = nn.conv %x, %w strides [1, 1] pad_low [3, 3] pad_high [3, 3] dilations [3, 3] group 1 : (tensor<1x2x4x4xf32>, tensor<3x2x3x3xf32>) -> tensor<1x3x4x4xf32>
  return %y : tensor<1x3x4x4xf32>
}

// A stride may step over a tap's data: rows 0, 2 of the result read at 2 o - 2 and never meet the single row with tap 1; the last row of taps only goes.
// CHECK-LABEL: @strided
// CHECK: %[[W:.*]] = nn.slice %arg1 starts [0, 0, 0, 0] {{.*}} -> tensor<1x1x3x1xf32>
// CHECK: nn.conv %arg0, %[[W]] strides [2, 1] pad_low [2, 0] pad_high [2, 0]
func.func @strided(%x: tensor<1x1x1x3xf32>, %w: tensor<1x1x4x1xf32>) -> tensor<1x1x2x3xf32> {
  %y = nn.conv %x, %w strides [2, 1] pad_low [2, 0] pad_high [3, 0] dilations [1, 1] group 1 : (tensor<1x1x1x3xf32>, tensor<1x1x4x1xf32>) -> tensor<1x1x2x3xf32>
  return %y : tensor<1x1x2x3xf32>
}

// Padding of an integer convolution is the zero point, which adds zero as well.
// CHECK-LABEL: @integers
// CHECK: %[[W:.*]] = nn.slice %arg1 starts [0, 0, 1] {{.*}} -> tensor<3x2x1xi8>
// CHECK: quant.conv %arg0, %{{.*}}, %{{.*}}, %[[W]], {{.*}} pad_low [0] pad_high [0]
func.func @integers(%x: tensor<1x2x4xui8>, %w: tensor<3x2x3xi8>, %s: tensor<f32>, %z: tensor<ui8>, %wz: tensor<i8>) -> tensor<1x3x4xui8> {
  %y = quant.conv %x, %s, %z, %w, %s, %wz, %s, %z strides [1] pad_low [4] pad_high [4] dilations [4] group 1 : (tensor<1x2x4xui8>, tensor<f32>, tensor<ui8>, tensor<3x2x3xi8>, tensor<f32>, tensor<i8>, tensor<f32>, tensor<ui8>) -> tensor<1x3x4xui8>
  return %y : tensor<1x3x4xui8>
}
