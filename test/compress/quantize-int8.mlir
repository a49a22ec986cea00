// RUN: %ingot-opt --ingot-quantize-int8 --split-input-file --verify-diagnostics %s | FileCheck %s

// Input and result become bytes, weights signed bytes with a scale a channel (2.54 / 127 = 0.02), the bias an i32: 1 / (0.1 * 0.02) = 500.
// The clip stays between convolution and quantise.
// CHECK-LABEL: @conv
// CHECK: quant.quantize %arg0
// CHECK: nn.constant dense<{{.*}}[127]{{.*}}[-127]{{.*}}> : tensor<2x1x1xi8>
// CHECK: nn.constant dense<[2.000000e-02, 0.00999999977]> : tensor<2xf32>
// CHECK: nn.constant dense<[500, 0]> : tensor<2xi32>
// CHECK: %[[C:.*]] = nn.conv
// CHECK: %[[R:.*]] = nn.unary relu %[[C]]
// CHECK: quant.quantize %[[R]]
func.func @conv(%x: tensor<1x1x4xf32> {nn.name = "x", ingot.range = array<f32: 0.0, 25.5>}) -> tensor<1x2x4xf32> {
  %w = nn.constant dense<[[[2.54]], [[-1.27]]]> : tensor<2x1x1xf32>
  %b = nn.constant dense<[1.0, 0.0]> : tensor<2xf32>
  %c = nn.conv %x, %w, %b strides [1] pad_low [0] pad_high [0] dilations [1] group 1 {nn.name = "c"} : (tensor<1x1x4xf32>, tensor<2x1x1xf32>, tensor<2xf32>) -> tensor<1x2x4xf32>
  %r = nn.unary relu %c {nn.name = "r", ingot.range = array<f32: 0.0, 2.55>} : (tensor<1x2x4xf32>) -> tensor<1x2x4xf32>
  return %r : tensor<1x2x4xf32>
}

// -----

// A product with the bias behind it: scales lie along the columns, and only the sum is quantised.
// CHECK-LABEL: @product
// CHECK: quant.dequantize %{{.*}}, %{{.*}} axis 1 : (tensor<1x2xi8>, tensor<2xf32>) -> tensor<1x2xf32>
// CHECK: %[[P:.*]] = nn.matmul
// CHECK: quant.dequantize %{{.*}}, %{{.*}} axis 0 : (tensor<2xi32>, tensor<2xf32>) -> tensor<2xf32>
// CHECK: %[[S:.*]] = nn.binary add %[[P]]
// CHECK: quant.quantize %[[S]]
func.func @product(%x: tensor<1x1xf32> {nn.name = "x", ingot.range = array<f32: 0.0, 25.5>}) -> tensor<1x2xf32> {
  %w = nn.constant dense<[[2.54, -1.27]]> : tensor<1x2xf32>
  %b = nn.constant dense<[1.0, 0.0]> : tensor<2xf32>
  %p = nn.matmul %x, %w {nn.name = "p"} : (tensor<1x1xf32>, tensor<1x2xf32>) -> tensor<1x2xf32>
  %s = nn.binary add %p, %b {nn.name = "s", ingot.range = array<f32: -1.0, 1.55>} : (tensor<1x2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  return %s : tensor<1x2xf32>
}

// -----

// A reshape between two products is not quantised again: the second reads the first one's bytes.
// CHECK-LABEL: @moved
// CHECK-COUNT-3: quant.quantize
// CHECK-NOT: quant.quantize
func.func @moved(%x: tensor<1x1xf32> {nn.name = "x", ingot.range = array<f32: 0.0, 1.0>}) -> tensor<2x1xf32> {
  %w = nn.constant dense<[[2.54, -1.27]]> : tensor<1x2xf32>
  %v = nn.constant dense<[[1.27]]> : tensor<1x1xf32>
  %p = nn.matmul %x, %w {nn.name = "p", ingot.range = array<f32: -1.0, 1.0>} : (tensor<1x1xf32>, tensor<1x2xf32>) -> tensor<1x2xf32>
  %r = nn.reshape %p {nn.name = "r", ingot.range = array<f32: -1.0, 1.0>} : (tensor<1x2xf32>) -> tensor<2x1xf32>
  %s = nn.matmul %r, %v {nn.name = "s", ingot.range = array<f32: -1.0, 1.0>} : (tensor<2x1xf32>, tensor<1x1xf32>) -> tensor<2x1xf32>
  return %s : tensor<2x1xf32>
}

// -----

// Stays: the weights come in at run time; the result has no range; the bias comes in at run time.
// CHECK-LABEL: @refused
// CHECK-NOT: quant.
func.func @refused(%x: tensor<1x1x4xf32> {nn.name = "x", ingot.range = array<f32: 0.0, 1.0>}, %w: tensor<1x1x1xf32>, %b: tensor<1xf32>) -> tensor<1x1x4xf32> {
  %k = nn.constant dense<1.0> : tensor<1x1x1xf32>
  // expected-remark@+1 {{kept in f32: its weights are not constant}}
  %c = nn.conv %x, %w strides [1] pad_low [0] pad_high [0] dilations [1] group 1 {nn.name = "c"} : (tensor<1x1x4xf32>, tensor<1x1x1xf32>) -> tensor<1x1x4xf32>
  // expected-remark@+1 {{kept in f32: its input or result has no name in the model, or was not calibrated}}
  %d = nn.conv %c, %k strides [1] pad_low [0] pad_high [0] dilations [1] group 1 : (tensor<1x1x4xf32>, tensor<1x1x1xf32>) -> tensor<1x1x4xf32>
  // expected-remark@+1 {{kept in f32: its bias is not constant}}
  %e = nn.conv %d, %k, %b strides [1] pad_low [0] pad_high [0] dilations [1] group 1 : (tensor<1x1x4xf32>, tensor<1x1x1xf32>, tensor<1xf32>) -> tensor<1x1x4xf32>
  return %e : tensor<1x1x4xf32>
}
