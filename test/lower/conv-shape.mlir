// RUN: %ingot-opt --ingot-lower-to-kernels %s | FileCheck %s

// Parameters: n, g, ic, oc, then d, h, w of input, output, kernel, stride, padding and dilation.

// A 1-D convolution written along H runs along W.
// CHECK-LABEL: @column
// CHECK: kernel.micro "ik_convlines_f32"{{.*}} params [1, 1, 2, 3, 1, 1, 8, 1, 1, 4, 1, 1, 3, 1, 1, 2, 0, 0, 1, 1, 1, 1,
func.func @column(%x: tensor<1x2x8x1xf32>, %w: tensor<3x2x3x1xf32>) -> tensor<1x3x4x1xf32> {
  %y = nn.conv %x, %w strides [2, 1] pad_low [1, 0] pad_high [1, 0] dilations [1, 1] group 1 : (tensor<1x2x8x1xf32>, tensor<3x2x3x1xf32>) -> tensor<1x3x4x1xf32>
  return %y : tensor<1x3x4x1xf32>
}

// A 1x1 convolution sees one row of pixels.
// CHECK-LABEL: @pointwise
// CHECK: kernel.micro "ik_conv_f32"{{.*}} params [1, 1, 2, 3, 1, 1, 20, 1, 1, 20, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1,
func.func @pointwise(%x: tensor<1x2x4x5xf32>, %w: tensor<3x2x1x1xf32>) -> tensor<1x3x4x5xf32> {
  %y = nn.conv %x, %w strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x2x4x5xf32>, tensor<3x2x1x1xf32>) -> tensor<1x3x4x5xf32>
  return %y : tensor<1x3x4x5xf32>
}

// With padding its pixels are no row.
// CHECK-LABEL: @padded
// CHECK: params [1, 1, 2, 3, 1, 4, 5, 1, 6, 5, 1, 1, 1, 1, 1, 1, 0, 1, 0, 1, 1, 1,
func.func @padded(%x: tensor<1x2x4x5xf32>, %w: tensor<3x2x1x1xf32>) -> tensor<1x3x6x5xf32> {
  %y = nn.conv %x, %w strides [1, 1] pad_low [1, 0] pad_high [1, 0] dilations [1, 1] group 1 : (tensor<1x2x4x5xf32>, tensor<3x2x1x1xf32>) -> tensor<1x3x6x5xf32>
  return %y : tensor<1x3x6x5xf32>
}

// A constant filter as large as its input gives one place: a product, with the batch as its rows.
// CHECK-LABEL: @whole
// CHECK: kernel.micro "ik_matmul_f32"{{.*}} params [1, 1, 1, 0, 0, 0, 0, 0, 0, 2, 20, 12, 1, 0, 0, 0, {{.*}} : (tensor<2x3x2x2xf32>, tensor<1x2x12x16xf32>) -> tensor<2x20x1x1xf32>
func.func @whole(%x: tensor<2x3x2x2xf32>) -> tensor<2x20x1x1xf32> {
  %w = nn.constant dense<1.0> : tensor<20x3x2x2xf32>
  %y = nn.conv %x, %w strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<2x3x2x2xf32>, tensor<20x3x2x2xf32>) -> tensor<2x20x1x1xf32>
  return %y : tensor<2x20x1x1xf32>
}
