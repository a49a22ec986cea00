// RUN: %ingot-opt --split-input-file --verify-diagnostics %s

func.func @j6(%x: tensor<1x1x4xf32>, %w: tensor<2x1x1xf32>, %r: tensor<2xf32>) -> tensor<1x2x4xf32> {
  // expected-error @+1 {{J6: the residual is not of the result's type}}
  %y = nn.conv %x, %w residual %r strides [1] pad_low [0] pad_high [0] dilations [1] group 1 : (tensor<1x1x4xf32>, tensor<2x1x1xf32>, tensor<2xf32>) -> tensor<1x2x4xf32>
  return %y : tensor<1x2x4xf32>
}

// -----

func.func @fits(%x: tensor<1x1x4xf32>, %w: tensor<2x1x1xf32>, %r: tensor<1x2x4xf32>) -> tensor<1x2x4xf32> {
  %y = nn.conv %x, %w residual %r strides [1] pad_low [0] pad_high [0] dilations [1] group 1 : (tensor<1x1x4xf32>, tensor<2x1x1xf32>, tensor<1x2x4xf32>) -> tensor<1x2x4xf32>
  return %y : tensor<1x2x4xf32>
}

// -----

func.func @b1(%b: tensor<1x6x4xf32>, %s: tensor<1x2x5xf32>, %t: tensor<f32>) -> tensor<1x2x5xi64> {
  // expected-error @+1 {{B1: shapes of boxes, scores and results do not agree}}
  %k, %n = nn.suppress_boxes %b, %s, %t, %t most 2 : (tensor<1x6x4xf32>, tensor<1x2x5xf32>, tensor<f32>, tensor<f32>) -> (tensor<1x2x5xi64>, tensor<1x2xi64>)
  return %k : tensor<1x2x5xi64>
}

// -----

func.func @i1_types(%x: tensor<1x4x4x3xf32>, %b: tensor<2x4xf64>, %n: tensor<2xi64>) -> tensor<2x1x1x3xf32> {
  // expected-error @+1 {{I1: operands are not f32 or f64 alike, batch and rows not i64, or samples is negative}}
  %y = nn.roi_align %x, %b, %n samples 2 scale 1.0 offset 0.0 : (tensor<1x4x4x3xf32>, tensor<2x4xf64>, tensor<2xi64>) -> tensor<2x1x1x3xf32>
  return %y : tensor<2x1x1x3xf32>
}

// -----

func.func @i1_shapes(%x: tensor<1x4x4x3xf32>, %b: tensor<2x4xf32>, %n: tensor<2xi64>) -> tensor<3x1x1x3xf32> {
  // expected-error @+1 {{I1: shapes of image, boxes, batch and result do not agree}}
  %y = nn.roi_align %x, %b, %n samples 2 scale 1.0 offset 0.0 : (tensor<1x4x4x3xf32>, tensor<2x4xf32>, tensor<2xi64>) -> tensor<3x1x1x3xf32>
  return %y : tensor<3x1x1x3xf32>
}
