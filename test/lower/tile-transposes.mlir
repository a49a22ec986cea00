// RUN: %ingot-opt --ingot-lower-to-kernels --ingot-fuse-maps --ingot-collapse-maps --ingot-tile-transposes %s | FileCheck %s

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

// So does a small one that computes on the way.
// CHECK-LABEL: @computes
// CHECK: kernel.map
func.func @computes(%x: tensor<32x32xf32>) -> tensor<32x32xf32> {
  %n = nn.unary neg %x : (tensor<32x32xf32>) -> tensor<32x32xf32>
  %y = nn.transpose %n perm [1, 0] : (tensor<32x32xf32>) -> tensor<32x32xf32>
  return %y : tensor<32x32xf32>
}

// What lies across the result's rows is transposed first where its columns would not stay in the cache; what lies along them is not.
// CHECK-LABEL: @reads_across
// CHECK: %[[T:.*]] = kernel.micro "ik_transpose_w32"(%arg0) {{.*}}[2, 64, 256, 0, 16384, 64]{{.*}} -> tensor<2x64x256xf32>
// CHECK: kernel.map(%arg2, %[[T]], %arg1) dims [2, 64, 256] offsets [0, 0, 0, 0] strides [16384, 256, 1, 16384, 256, 1, 0, 1, 0, 16384, 256, 1]
func.func @reads_across(%x: tensor<2x256x64xf32>, %b: tensor<64xf32>, %r: tensor<2x64x256xf32>) -> tensor<2x64x256xf32> {
  %a = nn.binary add %x, %b : (tensor<2x256x64xf32>, tensor<64xf32>) -> tensor<2x256x64xf32>
  %t = nn.transpose %a perm [0, 2, 1] : (tensor<2x256x64xf32>) -> tensor<2x64x256xf32>
  %y = nn.binary mul %t, %r : (tensor<2x64x256xf32>, tensor<2x64x256xf32>) -> tensor<2x64x256xf32>
  return %y : tensor<2x64x256xf32>
}

// Columns of 128 lines stay in the cache.
// CHECK-LABEL: @cached
// CHECK-NOT: ik_transpose_w32
func.func @cached(%x: tensor<2x128x64xf32>, %b: tensor<64xf32>) -> tensor<2x64x128xf32> {
  %a = nn.binary add %x, %b : (tensor<2x128x64xf32>, tensor<64xf32>) -> tensor<2x128x64xf32>
  %y = nn.transpose %a perm [0, 2, 1] : (tensor<2x128x64xf32>) -> tensor<2x64x128xf32>
  return %y : tensor<2x64x128xf32>
}

// The few channels of a picture are read in their order.
// CHECK-LABEL: @picture
// CHECK-NOT: ik_transpose_w32
func.func @picture(%x: tensor<64x64x3xf32>, %b: tensor<3xf32>) -> tensor<3x64x64xf32> {
  %a = nn.binary add %x, %b : (tensor<64x64x3xf32>, tensor<3xf32>) -> tensor<64x64x3xf32>
  %t = nn.transpose %a perm [2, 0, 1] : (tensor<64x64x3xf32>) -> tensor<3x64x64xf32>
  return %t : tensor<3x64x64xf32>
}
