// RUN: %ingot-opt --ingot-fuse-epilogue --verify-diagnostics %s | FileCheck %s

// A clip runs on the accumulators.
// CHECK-LABEL: @fires
// CHECK: nn.conv {{.*}} {ingot.activation = "clip", ingot.alpha = 0.000000e+00 : f64, ingot.beta = 6.000000e+00 : f64}
// CHECK-NEXT: return
func.func @fires(%x: tensor<1x2x4x4xf32>, %w: tensor<3x2x1x1xf32>) -> tensor<1x3x4x4xf32> {
  %c = nn.conv %x, %w strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x2x4x4xf32>, tensor<3x2x1x1xf32>) -> tensor<1x3x4x4xf32>
  %y = nn.unary clip %c {beta = 6.0 : f64} : (tensor<1x3x4x4xf32>) -> tensor<1x3x4x4xf32>
  return %y : tensor<1x3x4x4xf32>
}

// x * sigmoid(x) is one activation.
// CHECK-LABEL: @silu
// CHECK: ingot.activation = "silu"
// CHECK-NOT: nn.unary
func.func @silu(%x: tensor<1x2x4x4xf32>, %w: tensor<3x2x1x1xf32>) -> tensor<1x3x4x4xf32> {
  %c = nn.conv %x, %w strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x2x4x4xf32>, tensor<3x2x1x1xf32>) -> tensor<1x3x4x4xf32>
  %s = nn.unary sigmoid %c : (tensor<1x3x4x4xf32>) -> tensor<1x3x4x4xf32>
  %y = nn.binary mul %c, %s : (tensor<1x3x4x4xf32>, tensor<1x3x4x4xf32>) -> tensor<1x3x4x4xf32>
  return %y : tensor<1x3x4x4xf32>
}

// Stays when the convolution has another reader.
// CHECK-LABEL: @two_readers
// CHECK: nn.unary relu
func.func @two_readers(%x: tensor<1x2x4x4xf32>, %w: tensor<3x2x1x1xf32>) -> (tensor<1x3x4x4xf32>, tensor<1x3x4x4xf32>) {
  %c = nn.conv %x, %w strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x2x4x4xf32>, tensor<3x2x1x1xf32>) -> tensor<1x3x4x4xf32>
  // expected-remark @+1 {{not fused: activation into the convolution: the convolution has another reader}}
  %y = nn.unary relu %c : (tensor<1x3x4x4xf32>) -> tensor<1x3x4x4xf32>
  return %c, %y : tensor<1x3x4x4xf32>, tensor<1x3x4x4xf32>
}

// Integer convolutions with a float result take it as well.
// CHECK-LABEL: @integers
// CHECK: quant.real_conv {{.*}}ingot.activation = "relu"
// CHECK-NOT: nn.unary
func.func @integers(%x: tensor<1x1x4x4xui8>, %z: tensor<ui8>, %w: tensor<2x1x1x1xi8>, %wz: tensor<i8>, %f: tensor<2xf32>) -> tensor<1x2x4x4xf32> {
  %c = quant.real_conv %x, %z, %w, %wz, %f, %f strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x1x4x4xui8>, tensor<ui8>, tensor<2x1x1x1xi8>, tensor<i8>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  %r = nn.unary relu %c : (tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  return %r : tensor<1x2x4x4xf32>
}

// A residual that is there before the convolution is added to the accumulators: after an activation,
// CHECK-LABEL: @after
// CHECK: nn.conv %{{.*}}, %{{.*}} residual %{{.*}} strides {{.*}}ingot.activation = "relu"{{.*}}ingot.residual = "after"
// CHECK-NEXT: return
func.func @after(%x: tensor<1x2x4x4xf32>, %w: tensor<2x2x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %c = nn.conv %x, %w strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x2x4x4xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x4x4xf32>
  %r = nn.unary relu %c : (tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %y = nn.binary add %x, %r : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  return %y : tensor<1x2x4x4xf32>
}

// or before one; of two convolutions the later one takes the other's result.
// CHECK-LABEL: @before
// CHECK: %[[FIRST:.*]] = nn.conv %arg0, %arg1 strides
// CHECK-NEXT: nn.conv %arg0, %arg1 residual %[[FIRST]] strides {{.*}}ingot.activation = "relu"{{.*}}ingot.residual = "before"
// CHECK-NEXT: return
func.func @before(%x: tensor<1x2x4x4xf32>, %w: tensor<2x2x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %a = nn.conv %x, %w strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x2x4x4xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x4x4xf32>
  %b = nn.conv %x, %w strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x2x4x4xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x4x4xf32>
  %s = nn.binary add %b, %a : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %y = nn.unary relu %s : (tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  return %y : tensor<1x2x4x4xf32>
}

// Neither a residual that is stretched to the result's shape nor one that is made of the convolution's result.
// CHECK-LABEL: @no_residual
// CHECK: nn.conv %arg0, %arg1 strides
// CHECK: nn.binary add
// CHECK: nn.conv {{.*}} strides
// CHECK: nn.binary add
func.func @no_residual(%x: tensor<1x2x4x4xf32>, %w: tensor<2x2x1x1xf32>, %r: tensor<1x2x1x1xf32>) -> tensor<1x2x4x4xf32> {
  %c = nn.conv %x, %w strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x2x4x4xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x4x4xf32>
  %s = nn.binary add %c, %r : (tensor<1x2x4x4xf32>, tensor<1x2x1x1xf32>) -> tensor<1x2x4x4xf32>
  %d = nn.conv %s, %w strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x2x4x4xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x4x4xf32>
  %y = nn.binary add %d, %d : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  return %y : tensor<1x2x4x4xf32>
}
