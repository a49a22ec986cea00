// RUN: %ingot-opt --ingot-cancel-transposes %s | FileCheck %s

// The normalisation takes the axis from before the transposes, as do scale and bias.
// CHECK-LABEL: @fires
// CHECK-NOT: nn.transpose
// CHECK: %[[N:.*]] = nn.normalize %arg0 axes [1] {{.*}} -> tensor<2x4x8xf32>
// CHECK: %[[S:.*]] = nn.reshape %arg1 : (tensor<4xf32>) -> tensor<1x4x1xf32>
// CHECK: %[[M:.*]] = nn.binary mul %[[N]], %[[S]]
// CHECK: %[[A:.*]] = nn.binary add %arg2, %[[M]]
// CHECK: return %[[A]] : tensor<2x4x8xf32>
func.func @fires(%x: tensor<2x4x8xf32>, %s: tensor<4xf32>, %b: tensor<f32>) -> tensor<2x4x8xf32> {
  %t = nn.transpose %x perm [0, 2, 1] : (tensor<2x4x8xf32>) -> tensor<2x8x4xf32>
  %n = nn.normalize %t axes [2] epsilon 1.0e-05 : (tensor<2x8x4xf32>) -> tensor<2x8x4xf32>
  %m = nn.binary mul %n, %s : (tensor<2x8x4xf32>, tensor<4xf32>) -> tensor<2x8x4xf32>
  %a = nn.binary add %b, %m : (tensor<f32>, tensor<2x8x4xf32>) -> tensor<2x8x4xf32>
  %u = nn.transpose %a perm [0, 2, 1] : (tensor<2x8x4xf32>) -> tensor<2x4x8xf32>
  return %u : tensor<2x4x8xf32>
}

// Three axes that turn; the first transpose stays for its other reader.
// CHECK-LABEL: @turns
// CHECK: nn.transpose %arg0
// CHECK: nn.normalize %arg0 axes [0, 2] {{.*}} -> tensor<2x3x4xf32>
// CHECK: nn.unary relu {{.*}} -> tensor<2x3x4xf32>
// CHECK-NOT: nn.transpose
func.func @turns(%x: tensor<2x3x4xf32>) -> (tensor<2x3x4xf32>, tensor<4x2x3xf32>) {
  %t = nn.transpose %x perm [2, 0, 1] : (tensor<2x3x4xf32>) -> tensor<4x2x3xf32>
  %n = nn.normalize %t axes [0, 1] epsilon 1.0e-05 : (tensor<4x2x3xf32>) -> tensor<4x2x3xf32>
  %r = nn.unary relu %n : (tensor<4x2x3xf32>) -> tensor<4x2x3xf32>
  %u = nn.transpose %r perm [1, 2, 0] : (tensor<4x2x3xf32>) -> tensor<2x3x4xf32>
  return %u, %t : tensor<2x3x4xf32>, tensor<4x2x3xf32>
}

// Not when the second is no inverse.
// CHECK-LABEL: @no_inverse
// CHECK-COUNT-2: nn.transpose
func.func @no_inverse(%x: tensor<2x2x2xf32>) -> tensor<2x2x2xf32> {
  %t = nn.transpose %x perm [2, 0, 1] : (tensor<2x2x2xf32>) -> tensor<2x2x2xf32>
  %n = nn.normalize %t axes [2] epsilon 1.0e-05 : (tensor<2x2x2xf32>) -> tensor<2x2x2xf32>
  %u = nn.transpose %n perm [2, 0, 1] : (tensor<2x2x2xf32>) -> tensor<2x2x2xf32>
  return %u : tensor<2x2x2xf32>
}

// Not when something else reads what is between.
// CHECK-LABEL: @two_readers
// CHECK-COUNT-2: nn.transpose
func.func @two_readers(%x: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<8x4xf32>) {
  %t = nn.transpose %x perm [1, 0] : (tensor<4x8xf32>) -> tensor<8x4xf32>
  %n = nn.normalize %t axes [1] epsilon 1.0e-05 : (tensor<8x4xf32>) -> tensor<8x4xf32>
  %u = nn.transpose %n perm [1, 0] : (tensor<8x4xf32>) -> tensor<4x8xf32>
  return %u, %n : tensor<4x8xf32>, tensor<8x4xf32>
}

// Not around an operand with two axes.
// CHECK-LABEL: @other_operand
// CHECK-COUNT-2: nn.transpose
func.func @other_operand(%x: tensor<4x8xf32>, %b: tensor<8x4xf32>) -> tensor<4x8xf32> {
  %t = nn.transpose %x perm [1, 0] : (tensor<4x8xf32>) -> tensor<8x4xf32>
  %n = nn.normalize %t axes [1] epsilon 1.0e-05 : (tensor<8x4xf32>) -> tensor<8x4xf32>
  %a = nn.binary add %n, %b : (tensor<8x4xf32>, tensor<8x4xf32>) -> tensor<8x4xf32>
  %u = nn.transpose %a perm [1, 0] : (tensor<8x4xf32>) -> tensor<4x8xf32>
  return %u : tensor<4x8xf32>
}

// Not without a normalisation.
// CHECK-LABEL: @elementwise
// CHECK-COUNT-2: nn.transpose
func.func @elementwise(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %t = nn.transpose %x perm [1, 0] : (tensor<4x8xf32>) -> tensor<8x4xf32>
  %r = nn.unary relu %t : (tensor<8x4xf32>) -> tensor<8x4xf32>
  %u = nn.transpose %r perm [1, 0] : (tensor<8x4xf32>) -> tensor<4x8xf32>
  return %u : tensor<4x8xf32>
}
