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

// -----

func.func @q5_missing(%x: tensor<3x1x8xf32>, %r: tensor<2x8xi8>) -> tensor<3x1x2xf32> {
  // expected-error @+1 {{Q5: operands are missing}}
  %y, %h, %c = quant.lstm %x, %r activations [] : (tensor<3x1x8xf32>, tensor<2x8xi8>) -> (tensor<3x1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>)
  return %y : tensor<3x1x2xf32>
}

// -----

func.func @q5_type(%x: tensor<3x1x8xf32>, %r: tensor<2x8xf32>, %s: tensor<f32>, %z: tensor<i32>, %b: tensor<16xf32>, %h0: tensor<1x2xf32>, %p: tensor<6xf32>) -> tensor<3x1x2xf32> {
  // expected-error @+1 {{Q5: the sums or the weights have another rank or type}}
  %y, %h, %c = quant.lstm %x, %r, %s, %z, %b, %h0, %h0, %p activations [] : (tensor<3x1x8xf32>, tensor<2x8xf32>, tensor<f32>, tensor<i32>, tensor<16xf32>, tensor<1x2xf32>, tensor<1x2xf32>, tensor<6xf32>) -> (tensor<3x1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>)
  return %y : tensor<3x1x2xf32>
}

// -----

func.func @q5_shape(%x: tensor<3x1x8xf32>, %r: tensor<2x8xi8>, %s: tensor<2xf32>, %z: tensor<i32>, %b: tensor<16xf32>, %h0: tensor<1x2xf32>, %p: tensor<6xf32>) -> tensor<3x1x2xf32> {
  // expected-error @+1 {{Q5: types or shapes do not agree}}
  %y, %h, %c = quant.lstm %x, %r, %s, %z, %b, %h0, %h0, %p activations [] : (tensor<3x1x8xf32>, tensor<2x8xi8>, tensor<2xf32>, tensor<i32>, tensor<16xf32>, tensor<1x2xf32>, tensor<1x2xf32>, tensor<6xf32>) -> (tensor<3x1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>)
  return %y : tensor<3x1x2xf32>
}

// -----

func.func @q5_large(%x: tensor<0x1x131076xf32>, %r: tensor<32769x131076xi8>, %s: tensor<f32>, %z: tensor<i32>, %b: tensor<262152xf32>, %h0: tensor<1x32769xf32>, %p: tensor<98307xf32>) -> tensor<0x1x32769xf32> {
  // expected-error @+1 {{Q5: more than 32768 hidden units}}
  %y, %h, %c = quant.lstm %x, %r, %s, %z, %b, %h0, %h0, %p activations [] : (tensor<0x1x131076xf32>, tensor<32769x131076xi8>, tensor<f32>, tensor<i32>, tensor<262152xf32>, tensor<1x32769xf32>, tensor<1x32769xf32>, tensor<98307xf32>) -> (tensor<0x1x32769xf32>, tensor<1x32769xf32>, tensor<1x32769xf32>)
  return %y : tensor<0x1x32769xf32>
}

// -----

func.func @q3_add(%a: tensor<4xi32>, %b: tensor<4xui8>, %s: tensor<f32>, %za: tensor<i32>, %z: tensor<ui8>) -> tensor<4xui8> {
  // expected-error @+1 {{Q3: an operand or the result is no 8-bit integer}}
  %y = quant.add %a, %s, %za, %b, %s, %z, %s, %z : (tensor<4xi32>, tensor<f32>, tensor<i32>, tensor<4xui8>, tensor<f32>, tensor<ui8>, tensor<f32>, tensor<ui8>) -> tensor<4xui8>
  return %y : tensor<4xui8>
}

// -----

func.func @q6_shape(%a: tensor<4xui8>, %b: tensor<1xui8>, %s: tensor<f32>, %z: tensor<ui8>) -> tensor<4xui8> {
  // expected-error @+1 {{Q6: operands and result differ in shape}}
  %y = quant.add %a, %s, %z, %b, %s, %z, %s, %z : (tensor<4xui8>, tensor<f32>, tensor<ui8>, tensor<1xui8>, tensor<f32>, tensor<ui8>, tensor<f32>, tensor<ui8>) -> tensor<4xui8>
  return %y : tensor<4xui8>
}

// -----

func.func @q6_scale(%a: tensor<4xui8>, %s: tensor<f32>, %sv: tensor<4xf32>, %z: tensor<ui8>) -> tensor<4xui8> {
  // expected-error @+1 {{Q6: a scale is not one f32}}
  %y = quant.add %a, %sv, %z, %a, %s, %z, %s, %z : (tensor<4xui8>, tensor<4xf32>, tensor<ui8>, tensor<4xui8>, tensor<f32>, tensor<ui8>, tensor<f32>, tensor<ui8>) -> tensor<4xui8>
  return %y : tensor<4xui8>
}

// -----

func.func @q3_lookup(%x: tensor<4xi32>, %t: tensor<256xui8>) -> tensor<4xui8> {
  // expected-error @+1 {{Q3: the input or the result is no 8-bit integer}}
  %y = quant.lookup %x, %t : (tensor<4xi32>, tensor<256xui8>) -> tensor<4xui8>
  return %y : tensor<4xui8>
}

// -----

func.func @q7_shape(%x: tensor<4xui8>, %t: tensor<256xui8>) -> tensor<5xui8> {
  // expected-error @+1 {{Q7: input and result differ in shape}}
  %y = quant.lookup %x, %t : (tensor<4xui8>, tensor<256xui8>) -> tensor<5xui8>
  return %y : tensor<5xui8>
}

// -----

func.func @q7_table(%x: tensor<4xui8>, %t: tensor<255xui8>) -> tensor<4xui8> {
  // expected-error @+1 {{Q7: the table has not 256 elements of the result's type}}
  %y = quant.lookup %x, %t : (tensor<4xui8>, tensor<255xui8>) -> tensor<4xui8>
  return %y : tensor<4xui8>
}

// -----

func.func @q6_zero(%a: tensor<4xui8>, %s: tensor<f32>, %z: tensor<ui8>, %zi: tensor<i8>) -> tensor<4xui8> {
  // expected-error @+1 {{Q6: a zero is not one number of its tensor's type}}
  %y = quant.add %a, %s, %z, %a, %s, %zi, %s, %z : (tensor<4xui8>, tensor<f32>, tensor<ui8>, tensor<4xui8>, tensor<f32>, tensor<i8>, tensor<f32>, tensor<ui8>) -> tensor<4xui8>
  return %y : tensor<4xui8>
}
