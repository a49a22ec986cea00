// RUN: %ingot-opt --split-input-file --verify-diagnostics %s

func.func @n1(%x: tensor<2x64xf32>, %w: tensor<5x2x12xui8>, %s: tensor<10xf32>) -> tensor<2x5xf32> {
  // expected-error @+1 {{N1: no weights of 3 bits in blocks of 32}}
  %y = quant.nbits_matmul %x, %w, %s bits 3 block 32 : (tensor<2x64xf32>, tensor<5x2x12xui8>, tensor<10xf32>) -> tensor<2x5xf32>
  return %y : tensor<2x5xf32>
}

// -----

func.func @n2(%x: tensor<2x64xf32>, %w: tensor<5x2x15xui8>, %s: tensor<10xf32>) -> tensor<2x5xf32> {
  // expected-error @+1 {{N2: the weights are not ui8 [N, blocks, 16]}}
  %y = quant.nbits_matmul %x, %w, %s bits 4 block 32 : (tensor<2x64xf32>, tensor<5x2x15xui8>, tensor<10xf32>) -> tensor<2x5xf32>
  return %y : tensor<2x5xf32>
}

// -----

func.func @n3(%x: tensor<2x64xf32>, %w: tensor<5x2x16xui8>, %s: tensor<5xf32>) -> tensor<2x5xf32> {
  // expected-error @+1 {{N3: the scales are not 10 floats}}
  %y = quant.nbits_matmul %x, %w, %s bits 4 block 32 : (tensor<2x64xf32>, tensor<5x2x16xui8>, tensor<5xf32>) -> tensor<2x5xf32>
  return %y : tensor<2x5xf32>
}

// -----

func.func @n4(%x: tensor<2x64xf32>, %w: tensor<5x2x16xui8>, %s: tensor<10xf32>, %z: tensor<10xui8>) -> tensor<2x5xf32> {
  // expected-error @+1 {{N4: the zero points fit neither packed bytes nor one float a block}}
  %y = quant.nbits_matmul %x, %w, %s zeros %z bits 4 block 32 : (tensor<2x64xf32>, tensor<5x2x16xui8>, tensor<10xf32>, tensor<10xui8>) -> tensor<2x5xf32>
  return %y : tensor<2x5xf32>
}

// -----

func.func @n5(%x: tensor<2x96xf32>, %w: tensor<5x2x16xui8>, %s: tensor<10xf32>) -> tensor<2x5xf32> {
  // expected-error @+1 {{N5: 2 blocks of 32 do not hold 96 elements}}
  %y = quant.nbits_matmul %x, %w, %s bits 4 block 32 : (tensor<2x96xf32>, tensor<5x2x16xui8>, tensor<10xf32>) -> tensor<2x5xf32>
  return %y : tensor<2x5xf32>
}

// -----

func.func @n6(%x: tensor<2x64xf32>, %w: tensor<5x2x16xui8>, %s: tensor<10xf32>) -> tensor<2x6xf32> {
  // expected-error @+1 {{N6: the result is not [M, N]}}
  %y = quant.nbits_matmul %x, %w, %s bits 4 block 32 : (tensor<2x64xf32>, tensor<5x2x16xui8>, tensor<10xf32>) -> tensor<2x6xf32>
  return %y : tensor<2x6xf32>
}

// -----

func.func @n7(%x: tensor<2x64xf32>, %w: tensor<5x2x16xui8>, %s: tensor<10xf32>) -> tensor<2x5xf32> {
  // expected-error @+1 {{N7: activations of 16 bits}}
  %y = quant.nbits_matmul %x, %w, %s bits 4 block 32 activations 16 : (tensor<2x64xf32>, tensor<5x2x16xui8>, tensor<10xf32>) -> tensor<2x5xf32>
  return %y : tensor<2x5xf32>
}

// -----

func.func @n8(%w: tensor<5x2x16xui8>, %s: tensor<10xf32>, %ids: tensor<3xi64>) -> tensor<3x64xf32> {
  // expected-error @+1 {{N8: ids are not i32 [M] or the result not f32 [M, k]}}
  %y = quant.nbits_rows %w, %s, %ids bits 4 block 32 k 64 : (tensor<5x2x16xui8>, tensor<10xf32>, tensor<3xi64>) -> tensor<3x64xf32>
  return %y : tensor<3x64xf32>
}
