// RUN: %ingot-opt --split-input-file --verify-diagnostics %s

func.func @k1(%x: tensor<4xf32>) -> tensor<5xf32> {
  // expected-error @+1 {{K1: dest names no input of the result's size}}
  %y = kernel.micro "k"(%x) params [] scratch 0 work 4 {dest = 0 : i64} : (tensor<4xf32>) -> tensor<5xf32>
  return %y : tensor<5xf32>
}

// -----

func.func @k6_last(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{K6: turns names no parameter before the last}}
  %y = kernel.micro "k"(%x) params [3, 0] scratch 0 work 4 {turns = 1 : i64} : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @k6_none(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{K6: turns names no parameter before the last that says how many}}
  %y = kernel.micro "k"(%x) params [0, 0] scratch 0 work 4 {turns = 0 : i64} : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

deploy.program @y2 arena 64 scratch 0 workers 1 {
  // expected-error @+1 {{Y2: turns names no parameter before the last}}
  deploy.call "k" params [] places [#deploy.place<input, 0, 0, 16>] work 4 {turns = 0 : i64}
}
