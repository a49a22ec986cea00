// RUN: %ingot-opt --ingot-lower-to-kernels --split-input-file --verify-diagnostics %s | FileCheck %s

// Elementwise ops are maps with broadcast strides.
// CHECK-LABEL: @elementwise
// CHECK: kernel.map(%arg0, %arg1) dims [2, 3] offsets [0, 0, 0] strides [3, 1, 0, 1, 3, 1]
// CHECK: arith.addf
func.func @elementwise(%a: tensor<2x3xf32>, %b: tensor<3xf32>) -> tensor<2x3xf32> {
  %y = nn.binary add %a, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// -----

// A slice with a negative step is an offset and a negative stride.
// CHECK-LABEL: @slice
// CHECK: kernel.map(%arg0) dims [2, 3] offsets [4, 0] strides [5, -2, 3, 1]
func.func @slice(%x: tensor<2x5xf32>) -> tensor<2x3xf32> {
  %y = nn.slice %x starts [0, 4] steps [1, -2] : (tensor<2x5xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// -----

// Concat writes its parts into one buffer.
// CHECK-LABEL: @concat
// CHECK: %[[E:.*]] = kernel.empty : tensor<2x4xf32>
// CHECK: %[[A:.*]] = kernel.map(%arg0, %[[E]]) dims [2, 1] offsets [0, 0] strides [1, 1, 4, 1]
// CHECK: kernel.map(%arg1, %[[A]]) dims [2, 3] offsets [0, 1] strides [3, 1, 4, 1]
func.func @concat(%a: tensor<2x1xf32>, %b: tensor<2x3xf32>) -> tensor<2x4xf32> {
  %y = nn.concat %a, %b axis 1 : (tensor<2x1xf32>, tensor<2x3xf32>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

// A normalisation over the middle axis takes its rows where they lie; over axes apart they are moved, and over those with few elements behind them.
// CHECK-LABEL: @normalize
// CHECK: kernel.micro "ik_normalize_f32"(%arg0) {{.*}}[2, 3, 5, 0, {{.*}}-> tensor<2x3x5xf32>
// CHECK: kernel.map
// CHECK: kernel.micro "ik_normalize_f32"{{.*}}[3, 10, 1, 0,
// CHECK: kernel.map
// CHECK: kernel.micro "ik_normalize_f32"{{.*}}[15, 2, 1, 0,
func.func @normalize(%x: tensor<2x3x5xf32>, %y: tensor<5x2x3xf32>) -> (tensor<2x3x5xf32>, tensor<2x3x5xf32>, tensor<5x2x3xf32>) {
  %a = nn.normalize %x axes [1] epsilon 0.0 : (tensor<2x3x5xf32>) -> tensor<2x3x5xf32>
  %b = nn.normalize %a axes [0, 2] epsilon 0.0 : (tensor<2x3x5xf32>) -> tensor<2x3x5xf32>
  %c = nn.normalize %y axes [1] epsilon 0.0 : (tensor<5x2x3xf32>) -> tensor<5x2x3xf32>
  return %a, %b, %c : tensor<2x3x5xf32>, tensor<2x3x5xf32>, tensor<5x2x3xf32>
}

// -----

// What has no kernel is an error that names the type.
func.func @unsupported(%x: tensor<4xbf16>) -> tensor<2xbf16> {
  // expected-error @+1 {{unsupported: nn.top_k: no top-k kernel for elements of type bfloat16}}
  %v, %i = nn.top_k %x axis 0 : (tensor<4xbf16>) -> (tensor<2xbf16>, tensor<2xi64>)
  return %v : tensor<2xbf16>
}
