// RUN: %ingot-opt --split-input-file --verify-diagnostics %s

func.func @q3(%x: tensor<1x1x4xf32>, %z: tensor<ui8>, %w: tensor<2x1x1xi8>, %wz: tensor<i8>, %f: tensor<2xf32>) -> tensor<1x2x4xf32> {
  // expected-error @+1 {{Q3: input or filter is no 8-bit integer}}
  %y = quant.real_conv %x, %z, %w, %wz, %f, %f strides [1] pad_low [0] pad_high [0] dilations [1] group 1 : (tensor<1x1x4xf32>, tensor<ui8>, tensor<2x1x1xi8>, tensor<i8>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x4xf32>
  return %y : tensor<1x2x4xf32>
}

// -----

func.func @q4_factor(%x: tensor<1x1x4xui8>, %z: tensor<ui8>, %w: tensor<2x1x1xi8>, %wz: tensor<i8>, %f: tensor<2xf32>, %t: tensor<f32>) -> tensor<1x2x4xf32> {
  // expected-error @+1 {{Q4: factor or shift is not f32 with one value an output channel}}
  %y = quant.real_conv %x, %z, %w, %wz, %f, %t strides [1] pad_low [0] pad_high [0] dilations [1] group 1 : (tensor<1x1x4xui8>, tensor<ui8>, tensor<2x1x1xi8>, tensor<i8>, tensor<2xf32>, tensor<f32>) -> tensor<1x2x4xf32>
  return %y : tensor<1x2x4xf32>
}

// -----

func.func @q4_result(%x: tensor<1x1x4xui8>, %z: tensor<ui8>, %w: tensor<2x1x1xi8>, %wz: tensor<i8>, %f: tensor<2xf32>) -> tensor<1x2x4xui8> {
  // expected-error @+1 {{Q4: the result is not f32}}
  %y = quant.real_conv %x, %z, %w, %wz, %f, %f strides [1] pad_low [0] pad_high [0] dilations [1] group 1 : (tensor<1x1x4xui8>, tensor<ui8>, tensor<2x1x1xi8>, tensor<i8>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x4xui8>
  return %y : tensor<1x2x4xui8>
}
