// RUN: %ingot-opt --ingot-lower-to-kernels --ingot-collapse-maps --ingot-tile-transposes %s | FileCheck %s

// [N, C, H, W] -> [N, H, W, C]: matrices of 64 rows and 21 columns.
// CHECK-LABEL: @fires
// CHECK: kernel.micro "ik_transpose_w32"(%arg0) {{.*}}[2, 64, 21, 0, 1344, 64]
func.func @fires(%x: tensor<2x21x8x8xf32>) -> tensor<2x8x8x21xf32> {
  %y = nn.transpose %x perm [0, 2, 3, 1] : (tensor<2x21x8x8xf32>) -> tensor<2x8x8x21xf32>
  return %y : tensor<2x8x8x21xf32>
}

// Rows that stay whole are copied by the map.
// CHECK-LABEL: @rows
// CHECK: kernel.map
func.func @rows(%x: tensor<8x8x64xf32>) -> tensor<8x8x64xf32> {
  %y = nn.transpose %x perm [1, 0, 2] : (tensor<8x8x64xf32>) -> tensor<8x8x64xf32>
  return %y : tensor<8x8x64xf32>
}

// Few words are not worth a call.
// CHECK-LABEL: @small
// CHECK: kernel.map
func.func @small(%x: tensor<4x8xf32>) -> tensor<8x4xf32> {
  %y = nn.transpose %x perm [1, 0] : (tensor<4x8xf32>) -> tensor<8x4xf32>
  return %y : tensor<8x4xf32>
}

// Words of 16 bits stay with the map.
// CHECK-LABEL: @halves
// CHECK: kernel.map
func.func @halves(%x: tensor<32x32xf16>) -> tensor<32x32xf16> {
  %y = nn.transpose %x perm [1, 0] : (tensor<32x32xf16>) -> tensor<32x32xf16>
  return %y : tensor<32x32xf16>
}

// So does what computes on the way.
// CHECK-LABEL: @computes
// CHECK: kernel.map
func.func @computes(%x: tensor<32x32xf32>) -> tensor<32x32xf32> {
  %n = nn.unary neg %x : (tensor<32x32xf32>) -> tensor<32x32xf32>
  %y = nn.transpose %n perm [1, 0] : (tensor<32x32xf32>) -> tensor<32x32xf32>
  return %y : tensor<32x32xf32>
}
