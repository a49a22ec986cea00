// RUN: %ingot-opt --ingot-tabulate-bytes %s | FileCheck %s

// x * sigmoid(x) of bytes is a table: from -128 on all but the zero point 3, at last 127 + 3.
// CHECK-LABEL: @silu
// CHECK: %[[T:.*]] = nn.constant dense<"0x030303{{.*}}7F808182"> : tensor<256xui8>
// CHECK-NEXT: %[[Y:.*]] = quant.lookup %arg0, %[[T]]
// CHECK-NEXT: return %[[Y]]
func.func @silu(%x: tensor<2x3xi8>) -> tensor<2x3xui8> {
  %s = nn.constant dense<0.1> : tensor<f32>
  %z = nn.constant dense<3> : tensor<ui8>
  %d = quant.dequantize %x, %s axis 0 : (tensor<2x3xi8>, tensor<f32>) -> tensor<2x3xf32>
  %g = nn.unary sigmoid %d : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %p = nn.binary mul %d, %g : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %q = quant.quantize %p, %s, %z axis 0 : (tensor<2x3xf32>, tensor<f32>, tensor<ui8>) -> tensor<2x3xui8>
  return %q : tensor<2x3xui8>
}

// Not when a value between has another reader.
// CHECK-LABEL: @two_readers
// CHECK-NOT: quant.lookup
func.func @two_readers(%x: tensor<3xi8>) -> (tensor<3xf32>, tensor<3xi8>) {
  %s = nn.constant dense<0.1> : tensor<f32>
  %d = quant.dequantize %x, %s axis 0 : (tensor<3xi8>, tensor<f32>) -> tensor<3xf32>
  %g = nn.unary tanh %d : (tensor<3xf32>) -> tensor<3xf32>
  %q = quant.quantize %g, %s axis 0 : (tensor<3xf32>, tensor<f32>) -> tensor<3xi8>
  return %g, %q : tensor<3xf32>, tensor<3xi8>
}

// Not of two tensors, of one scale a channel, of a vector of constants, of what is cheap.
// CHECK-LABEL: @others
// CHECK-NOT: quant.lookup
func.func @others(%x: tensor<3xi8>, %y: tensor<3xi8>) -> (tensor<3xi8>, tensor<3xi8>, tensor<3xi8>, tensor<3xi8>) {
  %s = nn.constant dense<0.1> : tensor<f32>
  %v = nn.constant dense<[0.1, 0.2, 0.3]> : tensor<3xf32>
  %a = quant.dequantize %x, %s axis 0 : (tensor<3xi8>, tensor<f32>) -> tensor<3xf32>
  %b = quant.dequantize %y, %s axis 0 : (tensor<3xi8>, tensor<f32>) -> tensor<3xf32>
  %c = quant.dequantize %x, %v axis 0 : (tensor<3xi8>, tensor<3xf32>) -> tensor<3xf32>
  %0 = nn.binary div %a, %b : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  %1 = nn.unary exp %c : (tensor<3xf32>) -> tensor<3xf32>
  %2 = nn.binary div %a, %v : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  %3 = nn.unary relu %a : (tensor<3xf32>) -> tensor<3xf32>
  %q0 = quant.quantize %0, %s axis 0 : (tensor<3xf32>, tensor<f32>) -> tensor<3xi8>
  %q1 = quant.quantize %1, %s axis 0 : (tensor<3xf32>, tensor<f32>) -> tensor<3xi8>
  %q2 = quant.quantize %2, %s axis 0 : (tensor<3xf32>, tensor<f32>) -> tensor<3xi8>
  %q3 = quant.quantize %3, %s axis 0 : (tensor<3xf32>, tensor<f32>) -> tensor<3xi8>
  return %q0, %q1, %q2, %q3 : tensor<3xi8>, tensor<3xi8>, tensor<3xi8>, tensor<3xi8>
}
