// RUN: %ingot-opt --ingot-fuse-nbits %s | FileCheck %s

// Signed integers have the middle as their zero point; rows of several axes become one.
// CHECK-LABEL: @fires
// CHECK-DAG: %[[W:.*]] = nn.weight @{{.*}} : tensor<3x2x8xui8>
// CHECK-DAG: %[[S:.*]] = nn.weight @{{.*}} : tensor<6xf32>
// CHECK: %[[X:.*]] = nn.reshape %arg0 : (tensor<2x1x32xf32>) -> tensor<2x32xf32>
// CHECK: %[[Y:.*]] = quant.nbits_matmul %[[X]], %[[W]], %[[S]] bits 4 block 16 activations 32 : (tensor<2x32xf32>, tensor<3x2x8xui8>, tensor<6xf32>) -> tensor<2x3xf32>
// CHECK: nn.reshape %[[Y]] : (tensor<2x3xf32>) -> tensor<2x1x3xf32>
func.func @fires(%x: tensor<2x1x32xf32>) -> tensor<2x1x3xf32> {
  %w = nn.constant dense<1> : tensor<32x3xi4>
  %s = nn.constant dense<0.5> : tensor<2x3xf32>
  %d = quant.dequantize %w, %s axis 0 {block = 16 : i64} : (tensor<32x3xi4>, tensor<2x3xf32>) -> tensor<32x3xf32>
  %y = nn.matmul %x, %d : (tensor<2x1x32xf32>, tensor<32x3xf32>) -> tensor<2x1x3xf32>
  return %y : tensor<2x1x3xf32>
}

// Rows that are transposed, with zero points.
// CHECK-LABEL: @transposed
// CHECK: quant.nbits_matmul {{.*}} zeros %{{.*}} bits 8 block 32 activations 32 : (tensor<2x32xf32>, tensor<3x1x32xui8>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
func.func @transposed(%x: tensor<2x32xf32>) -> tensor<2x3xf32> {
  %w = nn.constant dense<1> : tensor<3x32xui8>
  %s = nn.constant dense<0.5> : tensor<3x1xf32>
  %z = nn.constant dense<7> : tensor<3x1xui8>
  %d = quant.dequantize %w, %s, %z axis 1 {block = 32 : i64} : (tensor<3x32xui8>, tensor<3x1xf32>, tensor<3x1xui8>) -> tensor<3x32xf32>
  %t = nn.transpose %d perm [1, 0] : (tensor<3x32xf32>) -> tensor<32x3xf32>
  %y = nn.matmul %x, %t : (tensor<2x32xf32>, tensor<32x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// Not for blocks of 8, nor along the columns.
// CHECK-LABEL: @refused
// CHECK-NOT: quant.nbits_matmul
func.func @refused(%x: tensor<2x32xf32>) -> (tensor<2x3xf32>, tensor<2x32xf32>) {
  %w = nn.constant dense<1> : tensor<32x3xi4>
  %s = nn.constant dense<0.5> : tensor<4x3xf32>
  %d = quant.dequantize %w, %s axis 0 {block = 8 : i64} : (tensor<32x3xi4>, tensor<4x3xf32>) -> tensor<32x3xf32>
  %y = nn.matmul %x, %d : (tensor<2x32xf32>, tensor<32x3xf32>) -> tensor<2x3xf32>
  %v = nn.constant dense<1> : tensor<32x32xi4>
  %r = nn.constant dense<0.5> : tensor<32x2xf32>
  %e = quant.dequantize %v, %r axis 1 {block = 16 : i64} : (tensor<32x32xi4>, tensor<32x2xf32>) -> tensor<32x32xf32>
  %u = nn.matmul %x, %e : (tensor<2x32xf32>, tensor<32x32xf32>) -> tensor<2x32xf32>
  return %y, %u : tensor<2x3xf32>, tensor<2x32xf32>
}
