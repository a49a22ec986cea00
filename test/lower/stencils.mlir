// RUN: %ingot-opt --ingot-lower-to-kernels %s | FileCheck %s

// What Halide generates and what reads rows where they lie goes where its row says; the twin takes the rest.

// CHECK-LABEL: @depthwise
// CHECK: kernel.micro "ik_dwconv_direct_f32"{{.*}} params [1, 2, 1, 1, 1, 8, 8, 1, 4, 4, 1, 3, 3, 1, 2, 2,
func.func @depthwise(%x: tensor<1x2x8x8xf32>, %w: tensor<2x1x3x3xf32>) -> tensor<1x2x4x4xf32> {
  %y = nn.conv %x, %w strides [2, 2] pad_low [1, 1] pad_high [1, 1] dilations [1, 1] group 2 : (tensor<1x2x8x8xf32>, tensor<2x1x3x3xf32>) -> tensor<1x2x4x4xf32>
  return %y : tensor<1x2x4x4xf32>
}

// Two strides in one filter.
// CHECK-LABEL: @uneven
// CHECK: kernel.micro "ik_dwconv_f32"
func.func @uneven(%x: tensor<1x2x8x8xf32>, %w: tensor<2x1x3x3xf32>) -> tensor<1x2x8x4xf32> {
  %y = nn.conv %x, %w strides [1, 2] pad_low [1, 1] pad_high [1, 1] dilations [1, 1] group 2 : (tensor<1x2x8x8xf32>, tensor<2x1x3x3xf32>) -> tensor<1x2x8x4xf32>
  return %y : tensor<1x2x8x4xf32>
}

// Half precision.
// CHECK-LABEL: @half
// CHECK: kernel.micro "ik_dwconv_f16"
func.func @half(%x: tensor<1x2x8x8xf16>, %w: tensor<2x1x3x3xf16>) -> tensor<1x2x8x8xf16> {
  %y = nn.conv %x, %w strides [1, 1] pad_low [1, 1] pad_high [1, 1] dilations [1, 1] group 2 : (tensor<1x2x8x8xf16>, tensor<2x1x3x3xf16>) -> tensor<1x2x8x8xf16>
  return %y : tensor<1x2x8x8xf16>
}

// A maximum over a large window with stride 1.
// CHECK-LABEL: @maximum
// CHECK: kernel.micro "ik_pool2d_halide_f32"
func.func @maximum(%x: tensor<1x2x8x8xf32>) -> tensor<1x2x8x8xf32> {
  %y = nn.pool max %x kernel [5, 5] strides [1, 1] pad_low [2, 2] pad_high [2, 2] dilations [1, 1] : (tensor<1x2x8x8xf32>) -> tensor<1x2x8x8xf32>
  return %y : tensor<1x2x8x8xf32>
}

// Maxima over 3x3 with stride 2, of half precision, too.
// CHECK-LABEL: @halves
// CHECK: kernel.micro "ik_pool2d_direct_f16"
func.func @halves(%x: tensor<1x2x9x9xf16>) -> tensor<1x2x4x4xf16> {
  %y = nn.pool max %x kernel [3, 3] strides [2, 2] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] : (tensor<1x2x9x9xf16>) -> tensor<1x2x4x4xf16>
  return %y : tensor<1x2x4x4xf16>
}

// The average of a window that has no stencil.
// CHECK-LABEL: @average
// CHECK: kernel.micro "ik_pool2d_f32"
func.func @average(%x: tensor<1x2x8x8xf32>) -> tensor<1x2x6x6xf32> {
  %y = nn.pool average %x kernel [3, 3] strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] : (tensor<1x2x8x8xf32>) -> tensor<1x2x6x6xf32>
  return %y : tensor<1x2x6x6xf32>
}

// Four taps an axis.
// CHECK-LABEL: @cubic
// CHECK: kernel.micro "ik_resize2d_f32"
func.func @cubic(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x8x8xf32> {
  %y = nn.resize %x mode cubic coord half_pixel nearest round_prefer_floor scales [1.0, 1.0, 2.0, 2.0] : (tensor<1x1x4x4xf32>) -> tensor<1x1x8x8xf32>
  return %y : tensor<1x1x8x8xf32>
}

// Channels that lie side by side are added in pieces; few of them become columns.
// CHECK-LABEL: @channels_last
// CHECK: kernel.micro "ik_resize2d_f32"{{.*}} params [1, 4, 8, 2, 4, 8, 2, 32, 0]
// CHECK: kernel.micro "ik_resize2d_f32"{{.*}} params [1, 4, 8, 2, 12, 24, 2, 1, 0]
func.func @channels_last(%x: tensor<1x4x4x32xf32>, %c: tensor<1x4x4x3xf32>) -> (tensor<1x8x8x32xf32>, tensor<1x8x8x3xf32>) {
  %y = nn.resize %x mode linear coord half_pixel nearest round_prefer_floor scales [1.0, 2.0, 2.0, 1.0] : (tensor<1x4x4x32xf32>) -> tensor<1x8x8x32xf32>
  %d = nn.resize %c mode linear coord half_pixel nearest round_prefer_floor scales [1.0, 2.0, 2.0, 1.0] : (tensor<1x4x4x3xf32>) -> tensor<1x8x8x3xf32>
  return %y, %d : tensor<1x8x8x32xf32>, tensor<1x8x8x3xf32>
}
