// RUN: %ingot-opt --ingot-lift-transposes %s | FileCheck %s
// RUN: %ingot-opt --canonicalize %s | FileCheck --check-prefix=FOLD %s

// The transpose goes before the resize, whose scales and region follow their axes.
// CHECK-LABEL: @fires
// CHECK: %[[T:.*]] = nn.transpose %arg0 perm [0, 2, 3, 1] : (tensor<1x2x4x5xf32>) -> tensor<1x4x5x2xf32>
// CHECK: %[[R:.*]] = nn.resize %[[T]] {{.*}} scales [1.000000e+00, 2.000000e+00, 3.000000e+00, 1.000000e+00] {roi = array<f64: 0.000000e+00, 1.000000e-01, 2.000000e-01, 0.000000e+00, 1.000000e+00, 8.000000e-01, 9.000000e-01, 1.000000e+00>} : (tensor<1x4x5x2xf32>) -> tensor<1x8x15x2xf32>
// CHECK: return %[[R]]
func.func @fires(%x: tensor<1x2x4x5xf32>) -> tensor<1x8x15x2xf32> {
  %r = nn.resize %x mode linear coord tf_crop_and_resize nearest floor scales [1.0, 1.0, 2.0, 3.0] {roi = array<f64: 0.0, 0.0, 0.1, 0.2, 1.0, 1.0, 0.8, 0.9>} : (tensor<1x2x4x5xf32>) -> tensor<1x2x8x15xf32>
  %t = nn.transpose %r perm [0, 2, 3, 1] : (tensor<1x2x8x15xf32>) -> tensor<1x8x15x2xf32>
  return %t : tensor<1x8x15x2xf32>
}

// Not before one that shrinks.
// CHECK-LABEL: @shrinks
// CHECK: nn.resize %arg0
// CHECK: nn.transpose
func.func @shrinks(%x: tensor<1x2x4x4xf32>) -> tensor<1x2x2x2xf32> {
  %r = nn.resize %x mode linear coord half_pixel nearest floor scales [1.0, 1.0, 0.5, 0.5] : (tensor<1x2x4x4xf32>) -> tensor<1x2x2x2xf32>
  %t = nn.transpose %r perm [0, 2, 3, 1] : (tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32>
  return %t : tensor<1x2x2x2xf32>
}

// Not when something else reads the resize.
// CHECK-LABEL: @two_readers
// CHECK: nn.resize %arg0
// CHECK: nn.transpose
func.func @two_readers(%x: tensor<2x2xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>) {
  %r = nn.resize %x mode linear coord half_pixel nearest floor scales [2.0, 2.0] : (tensor<2x2xf32>) -> tensor<4x4xf32>
  %t = nn.transpose %r perm [1, 0] : (tensor<4x4xf32>) -> tensor<4x4xf32>
  return %r, %t : tensor<4x4xf32>, tensor<4x4xf32>
}

// What comes together becomes one.
// FOLD-LABEL: @pair
// FOLD: %[[T:.*]] = nn.transpose %arg0 perm [2, 0, 1] : (tensor<2x3x4xf32>) -> tensor<4x2x3xf32>
// FOLD-NEXT: return %[[T]]
func.func @pair(%x: tensor<2x3x4xf32>) -> tensor<4x2x3xf32> {
  %t = nn.transpose %x perm [1, 2, 0] : (tensor<2x3x4xf32>) -> tensor<3x4x2xf32>
  %u = nn.transpose %t perm [1, 2, 0] : (tensor<3x4x2xf32>) -> tensor<4x2x3xf32>
  return %u : tensor<4x2x3xf32>
}
