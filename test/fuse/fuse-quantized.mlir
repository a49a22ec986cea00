// RUN: %ingot-opt --ingot-fuse-quantized --verify-diagnostics %s | FileCheck %s

// Dequantise, conv, relu, quantise become the integer convolution; relu at zero point 0 is the clamp that it does anyway.
// CHECK-LABEL: @fires
// CHECK-NOT: dequantize
// CHECK: quant.conv %arg0
// CHECK-NOT: nn.unary
func.func @fires(%x: tensor<1x1x4x4xui8>) -> tensor<1x2x4x4xui8> {
  %s = nn.constant dense<0.5> : tensor<f32>
  %z = nn.constant dense<0> : tensor<ui8>
  %w = nn.constant dense<3> : tensor<2x1x1x1xi8>
  %ws = nn.constant dense<[0.1, 0.2]> : tensor<2xf32>
  %xf = quant.dequantize %x, %s, %z axis 1 : (tensor<1x1x4x4xui8>, tensor<f32>, tensor<ui8>) -> tensor<1x1x4x4xf32>
  %wf = quant.dequantize %w, %ws axis 0 : (tensor<2x1x1x1xi8>, tensor<2xf32>) -> tensor<2x1x1x1xf32>
  %c = nn.conv %xf, %wf strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x1x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x4x4xf32>
  %r = nn.unary relu %c : (tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %q = quant.quantize %r, %s, %z axis 1 : (tensor<1x2x4x4xf32>, tensor<f32>, tensor<ui8>) -> tensor<1x2x4x4xui8>
  return %q : tensor<1x2x4x4xui8>
}

// A clip that is tighter than the type stays, on the integers: 6 / 0.5 + 3 = 15.
// CHECK-LABEL: @clip
// CHECK: %[[Q:.*]] = quant.conv
// CHECK: nn.unary clip %[[Q]] {alpha = 3.000000e+00 : f64, beta = 1.500000e+01 : f64}
func.func @clip(%x: tensor<1x1x4x4xui8>) -> tensor<1x2x4x4xui8> {
  %s = nn.constant dense<0.5> : tensor<f32>
  %z = nn.constant dense<3> : tensor<ui8>
  %w = nn.constant dense<3> : tensor<2x1x1x1xi8>
  %ws = nn.constant dense<0.1> : tensor<f32>
  %xf = quant.dequantize %x, %s, %z axis 1 : (tensor<1x1x4x4xui8>, tensor<f32>, tensor<ui8>) -> tensor<1x1x4x4xf32>
  %wf = quant.dequantize %w, %ws axis 0 : (tensor<2x1x1x1xi8>, tensor<f32>) -> tensor<2x1x1x1xf32>
  %c = nn.conv %xf, %wf strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x1x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x4x4xf32>
  %r = nn.unary clip %c {beta = 6.0 : f64} : (tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %q = quant.quantize %r, %s, %z axis 1 : (tensor<1x2x4x4xf32>, tensor<f32>, tensor<ui8>) -> tensor<1x2x4x4xui8>
  return %q : tensor<1x2x4x4xui8>
}

// Stays when the float result has another reader.
// CHECK-LABEL: @two_readers
// CHECK: nn.conv
func.func @two_readers(%x: tensor<1x1x4x4xui8>) -> (tensor<1x1x4x4xf32>, tensor<1x1x4x4xui8>) {
  %s = nn.constant dense<0.5> : tensor<f32>
  %w = nn.constant dense<3> : tensor<1x1x1x1xi8>
  %xf = quant.dequantize %x, %s axis 1 : (tensor<1x1x4x4xui8>, tensor<f32>) -> tensor<1x1x4x4xf32>
  %wf = quant.dequantize %w, %s axis 0 : (tensor<1x1x1x1xi8>, tensor<f32>) -> tensor<1x1x1x1xf32>
  // expected-remark @+1 {{not fused: quantised convolution: nothing quantises the result, or it has another reader}}
  %c = nn.conv %xf, %wf strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %q = quant.quantize %c, %s axis 1 : (tensor<1x1x4x4xf32>, tensor<f32>) -> tensor<1x1x4x4xui8>
  return %c, %q : tensor<1x1x4x4xf32>, tensor<1x1x4x4xui8>
}

// An integer bias joins the sum in 32 bits, unless it leaves no room for the rest.
// CHECK-LABEL: @bias
// CHECK: quant.conv
func.func @bias(%x: tensor<1x1x4x4xui8>) -> tensor<1x2x4x4xui8> {
  %s = nn.constant dense<0.5> : tensor<f32>
  %z = nn.constant dense<3> : tensor<ui8>
  %w = nn.constant dense<3> : tensor<2x1x1x1xi8>
  %ws = nn.constant dense<0.1> : tensor<f32>
  %b = nn.constant dense<[7, -2147400000]> : tensor<2xi32>
  %bs = nn.constant dense<0.05> : tensor<f32>
  %xf = quant.dequantize %x, %s, %z axis 1 : (tensor<1x1x4x4xui8>, tensor<f32>, tensor<ui8>) -> tensor<1x1x4x4xf32>
  %wf = quant.dequantize %w, %ws axis 0 : (tensor<2x1x1x1xi8>, tensor<f32>) -> tensor<2x1x1x1xf32>
  %bf = quant.dequantize %b, %bs axis 0 : (tensor<2xi32>, tensor<f32>) -> tensor<2xf32>
  %c = nn.conv %xf, %wf, %bf strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x1x4x4xf32>, tensor<2x1x1x1xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  %q = quant.quantize %c, %s, %z axis 1 : (tensor<1x2x4x4xf32>, tensor<f32>, tensor<ui8>) -> tensor<1x2x4x4xui8>
  return %q : tensor<1x2x4x4xui8>
}

// CHECK-LABEL: @full_bias
// CHECK: nn.conv
func.func @full_bias(%x: tensor<1x1x4x4xui8>) -> tensor<1x2x4x4xui8> {
  %s = nn.constant dense<0.5> : tensor<f32>
  %z = nn.constant dense<3> : tensor<ui8>
  %w = nn.constant dense<3> : tensor<2x1x1x1xi8>
  %ws = nn.constant dense<0.1> : tensor<f32>
  %b = nn.constant dense<[7, 2147483647]> : tensor<2xi32>
  %bs = nn.constant dense<0.05> : tensor<f32>
  %xf = quant.dequantize %x, %s, %z axis 1 : (tensor<1x1x4x4xui8>, tensor<f32>, tensor<ui8>) -> tensor<1x1x4x4xf32>
  %wf = quant.dequantize %w, %ws axis 0 : (tensor<2x1x1x1xi8>, tensor<f32>) -> tensor<2x1x1x1xf32>
  %bf = quant.dequantize %b, %bs axis 0 : (tensor<2xi32>, tensor<f32>) -> tensor<2xf32>
  // expected-remark @+1 {{the bias is not int32 with the scale of input times filter, or leaves no room for the sum in 32 bits}}
  %c = nn.conv %xf, %wf, %bf strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x1x4x4xf32>, tensor<2x1x1x1xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  %q = quant.quantize %c, %s, %z axis 1 : (tensor<1x2x4x4xf32>, tensor<f32>, tensor<ui8>) -> tensor<1x2x4x4xui8>
  return %q : tensor<1x2x4x4xui8>
}

// A product takes the bias that is added to it, and scales along its columns.
// CHECK-LABEL: @product_with_bias
// CHECK: %[[B:.*]] = nn.constant dense<{{.*}}> : tensor<1x2xi32>
// CHECK: %[[F:.*]] = nn.reshape %[[B]] : (tensor<1x2xi32>) -> tensor<2xi32>
// CHECK: quant.matmul %arg0, {{.*}}, %[[F]] :
// CHECK-NOT: nn.binary
func.func @product_with_bias(%x: tensor<1x3xui8>) -> tensor<1x2xui8> {
  %s = nn.constant dense<0.5> : tensor<f32>
  %z = nn.constant dense<0> : tensor<ui8>
  %w = nn.constant dense<3> : tensor<3x2xi8>
  %ws = nn.constant dense<[0.5, 0.25]> : tensor<2xf32>
  %b = nn.constant dense<[[7, 8]]> : tensor<1x2xi32>
  %bs = nn.constant dense<[0.25, 0.125]> : tensor<2xf32>
  %xf = quant.dequantize %x, %s, %z axis 0 : (tensor<1x3xui8>, tensor<f32>, tensor<ui8>) -> tensor<1x3xf32>
  %wf = quant.dequantize %w, %ws axis 1 : (tensor<3x2xi8>, tensor<2xf32>) -> tensor<3x2xf32>
  %bf = quant.dequantize %b, %bs axis 1 : (tensor<1x2xi32>, tensor<2xf32>) -> tensor<1x2xf32>
  %p = nn.matmul %xf, %wf : (tensor<1x3xf32>, tensor<3x2xf32>) -> tensor<1x2xf32>
  %a = nn.binary add %p, %bf : (tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<1x2xf32>
  %q = quant.quantize %a, %s, %z axis 0 : (tensor<1x2xf32>, tensor<f32>, tensor<ui8>) -> tensor<1x2xui8>
  return %q : tensor<1x2xui8>
}

// A sum becomes one operation, with the clip on its bytes: 6 / 0.5 + 3 = 15.
// CHECK-LABEL: @sum
// CHECK: %[[Y:.*]] = quant.add %arg0, %{{.*}}, %{{.*}}, %arg1,
// CHECK: nn.unary clip %[[Y]] {alpha = 3.000000e+00 : f64, beta = 1.500000e+01 : f64}
// CHECK-NOT: nn.binary
func.func @sum(%a: tensor<4xui8>, %b: tensor<4xi8>) -> tensor<4xui8> {
  %s = nn.constant dense<0.5> : tensor<f32>
  %z = nn.constant dense<3> : tensor<ui8>
  %af = quant.dequantize %a, %s, %z axis 0 : (tensor<4xui8>, tensor<f32>, tensor<ui8>) -> tensor<4xf32>
  %bf = quant.dequantize %b, %s axis 0 : (tensor<4xi8>, tensor<f32>) -> tensor<4xf32>
  %c = nn.binary add %af, %bf : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %r = nn.unary clip %c {beta = 6.0 : f64} : (tensor<4xf32>) -> tensor<4xf32>
  %q = quant.quantize %r, %s, %z axis 0 : (tensor<4xf32>, tensor<f32>, tensor<ui8>) -> tensor<4xui8>
  return %q : tensor<4xui8>
}

// Not one that stretches an operand.
// CHECK-LABEL: @stretched
// CHECK-NOT: quant.add
func.func @stretched(%a: tensor<4xui8>, %b: tensor<1xui8>) -> tensor<4xui8> {
  %s = nn.constant dense<0.5> : tensor<f32>
  %af = quant.dequantize %a, %s axis 0 : (tensor<4xui8>, tensor<f32>) -> tensor<4xf32>
  %bf = quant.dequantize %b, %s axis 0 : (tensor<1xui8>, tensor<f32>) -> tensor<1xf32>
  %c = nn.binary add %af, %bf : (tensor<4xf32>, tensor<1xf32>) -> tensor<4xf32>
  %q = quant.quantize %c, %s axis 0 : (tensor<4xf32>, tensor<f32>) -> tensor<4xui8>
  return %q : tensor<4xui8>
}
