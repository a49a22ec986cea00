// Each rule of SequenceOps.td and BlockOps.td refuses what breaks it.
// RUN: %ingot-opt --verify-diagnostics --split-input-file %s

func.func @h1(%x: tensor<2x3x8xf16>, %t: tensor<16x4xf32>, %p: tensor<1xi32>) -> tensor<2x3x8xf16> {
  // expected-error @+1 {{H1: input and result}}
  %y = nn.rope %x, %t, %p pairs halves : (tensor<2x3x8xf16>, tensor<16x4xf32>, tensor<1xi32>) -> tensor<2x3x8xf16>
  return %y : tensor<2x3x8xf16>
}

// -----

func.func @h2(%x: tensor<2x3x8xf32>, %t: tensor<16x3xf32>, %p: tensor<1xi32>) -> tensor<2x3x8xf32> {
  // expected-error @+1 {{H2: the table}}
  %y = nn.rope %x, %t, %p pairs halves : (tensor<2x3x8xf32>, tensor<16x3xf32>, tensor<1xi32>) -> tensor<2x3x8xf32>
  return %y : tensor<2x3x8xf32>
}

// -----

func.func @h2_position(%x: tensor<2x3x8xf32>, %t: tensor<16x4xf32>, %p: tensor<1xi64>) -> tensor<2x3x8xf32> {
  // expected-error @+1 {{H2: the position}}
  %y = nn.rope %x, %t, %p pairs halves : (tensor<2x3x8xf32>, tensor<16x4xf32>, tensor<1xi64>) -> tensor<2x3x8xf32>
  return %y : tensor<2x3x8xf32>
}

// -----

func.func @h3(%c: tensor<3x16x8xf16>, %r: tensor<2x4x8xf32>, %p: tensor<1xi32>) -> tensor<3x16x8xf16> {
  // expected-error @+1 {{H3: the rows}}
  %k = nn.cache_append %c, %r, %p : (tensor<3x16x8xf16>, tensor<2x4x8xf32>, tensor<1xi32>) -> tensor<3x16x8xf16>
  return %k : tensor<3x16x8xf16>
}

// -----

func.func @h4_shapes(%q: tensor<2x4x8xf32>, %k: tensor<2x16x8xf16>, %v: tensor<2x15x6xf16>, %p: tensor<1xi32>) -> tensor<2x4x6xf32> {
  // expected-error @+1 {{H4: the shapes}}
  %y = nn.cached_attention %q, %k, %v, %p scale 0.5 : (tensor<2x4x8xf32>, tensor<2x16x8xf16>, tensor<2x15x6xf16>, tensor<1xi32>) -> tensor<2x4x6xf32>
  return %y : tensor<2x4x6xf32>
}

// -----

func.func @h4_heads(%q: tensor<2x4x8xf32>, %k: tensor<3x16x8xf16>, %v: tensor<3x16x6xf16>, %p: tensor<1xi32>) -> tensor<2x4x6xf32> {
  // expected-error @+1 {{H4: the cache's heads}}
  %y = nn.cached_attention %q, %k, %v, %p scale 0.5 : (tensor<2x4x8xf32>, tensor<3x16x8xf16>, tensor<3x16x6xf16>, tensor<1xi32>) -> tensor<2x4x6xf32>
  return %y : tensor<2x4x6xf32>
}

// -----

func.func @h5(%q: tensor<2x4x8xf32>, %k: tensor<2x16x8xf16>, %v: tensor<2x16x6xf16>, %p: tensor<1xi32>) -> tensor<2x4x6xf32> {
  // expected-error @+1 {{H5: window}}
  %y = nn.cached_attention %q, %k, %v, %p scale 0.5 window -1 : (tensor<2x4x8xf32>, tensor<2x16x8xf16>, tensor<2x16x6xf16>, tensor<1xi32>) -> tensor<2x4x6xf32>
  return %y : tensor<2x4x6xf32>
}

// -----

// Positions are one or one a row.
func.func @h2_rows(%x: tensor<3x3x8xf32>, %t: tensor<16x4xf32>, %p: tensor<2xi32>) -> tensor<3x3x8xf32> {
  // expected-error @+1 {{H2: the position is neither}}
  %y = nn.rope %x, %t, %p pairs halves : (tensor<3x3x8xf32>, tensor<16x4xf32>, tensor<2xi32>) -> tensor<3x3x8xf32>
  return %y : tensor<3x3x8xf32>
}

// -----

func.func @h3_rank(%c: tensor<3x16x8xf16>, %r: tensor<2x3x8xf32>, %p: tensor<1xi32>) -> tensor<3x16x8xf16> {
  // expected-error @+1 {{H3: cache and result}}
  %k = nn.cache_append %c, %r, %p of %p : (tensor<3x16x8xf16>, tensor<2x3x8xf32>, tensor<1xi32>, tensor<1xi32>) -> tensor<3x16x8xf16>
  return %k : tensor<3x16x8xf16>
}

// -----

// Without sequences all rows follow each other.
func.func @h3_each(%c: tensor<3x16x8xf16>, %r: tensor<2x3x8xf32>, %p: tensor<2xi32>) -> tensor<3x16x8xf16> {
  // expected-error @+1 {{H3: the position is not tensor<1xi32>}}
  %k = nn.cache_append %c, %r, %p : (tensor<3x16x8xf16>, tensor<2x3x8xf32>, tensor<2xi32>) -> tensor<3x16x8xf16>
  return %k : tensor<3x16x8xf16>
}

// -----

// As many sequences as positions.
func.func @h3_lengths(%c: tensor<5x3x16x8xf16>, %r: tensor<2x3x8xf32>, %p: tensor<2xi32>, %s: tensor<1xi32>) -> tensor<5x3x16x8xf16> {
  // expected-error @+1 {{H3: the position is not tensor<1xi32>}}
  %k = nn.cache_append %c, %r, %p of %s : (tensor<5x3x16x8xf16>, tensor<2x3x8xf32>, tensor<2xi32>, tensor<1xi32>) -> tensor<5x3x16x8xf16>
  return %k : tensor<5x3x16x8xf16>
}

// -----

func.func @h4_sequences(%q: tensor<2x4x8xf32>, %k: tensor<5x2x16x8xf16>, %v: tensor<4x2x16x6xf16>, %p: tensor<1xi32>) -> tensor<2x4x6xf32> {
  // expected-error @+1 {{H4: the shapes}}
  %y = nn.cached_attention %q, %k, %v, %p of %p scale 0.5 : (tensor<2x4x8xf32>, tensor<5x2x16x8xf16>, tensor<4x2x16x6xf16>, tensor<1xi32>, tensor<1xi32>) -> tensor<2x4x6xf32>
  return %y : tensor<2x4x6xf32>
}

// -----

func.func @h5_rows(%q: tensor<3x4x8xf32>, %k: tensor<5x2x16x8xf16>, %p: tensor<2xi32>) -> tensor<3x4x8xf32> {
  // expected-error @+1 {{H5: the position}}
  %y = nn.cached_attention %q, %k, %k, %p of %p scale 0.5 : (tensor<3x4x8xf32>, tensor<5x2x16x8xf16>, tensor<5x2x16x8xf16>, tensor<2xi32>, tensor<2xi32>) -> tensor<3x4x8xf32>
  return %y : tensor<3x4x8xf32>
}

// -----

func.func @h7(%q: tensor<2x4x8xf32>, %k: tensor<5x2x16x8xf16>, %p: tensor<1xi32>) -> tensor<2x4x8xf32> {
  // expected-error @+1 {{H7: attention of a sequence}}
  %y = nn.cached_attention %q, %k, %k, %p of %p scale 0.5 whole : (tensor<2x4x8xf32>, tensor<5x2x16x8xf16>, tensor<5x2x16x8xf16>, tensor<1xi32>, tensor<1xi32>) -> tensor<2x4x8xf32>
  return %y : tensor<2x4x8xf32>
}

// -----

func.func @h7_piecewise(%q: tensor<2x4x8xf32>, %k: tensor<2x16x8xf16>, %p: tensor<1xi32>) -> tensor<2x4x8xf32> {
  // expected-error @+1 {{H7: attention piece by piece has no window}}
  %y = nn.cached_attention %q, %k, %k, %p scale 0.5 piecewise : (tensor<2x4x8xf32>, tensor<2x16x8xf16>, tensor<2x16x8xf16>, tensor<1xi32>) -> tensor<2x4x8xf32>
  return %y : tensor<2x4x8xf32>
}

// -----

func.func @h5_alibi(%q: tensor<2x4x8xf32>, %k: tensor<2x16x8xf16>, %p: tensor<1xi32>) -> tensor<2x4x8xf32> {
  // expected-error @+1 {{H5: window, softcap or alibi is negative}}
  %y = nn.cached_attention %q, %k, %k, %p scale 0.5 alibi -1.0 : (tensor<2x4x8xf32>, tensor<2x16x8xf16>, tensor<2x16x8xf16>, tensor<1xi32>) -> tensor<2x4x8xf32>
  return %y : tensor<2x4x8xf32>
}

// -----

func.func @f1(%x: tensor<2x64xf32>, %w: tensor<5x36xui8>) -> tensor<2x5xf32> {
  // expected-error @+1 {{F1: there is no block format 'q4_9'}}
  %y = quant.block_matmul %x, %w format "q4_9" : (tensor<2x64xf32>, tensor<5x36xui8>) -> tensor<2x5xf32>
  return %y : tensor<2x5xf32>
}

// -----

func.func @f2(%x: tensor<2x64xf32>, %w: tensor<5x35xui8>) -> tensor<2x5xf32> {
  // expected-error @+1 {{F2: rows of 35 bytes do not hold 64 elements of q4_0}}
  %y = quant.block_matmul %x, %w format "q4_0" : (tensor<2x64xf32>, tensor<5x35xui8>) -> tensor<2x5xf32>
  return %y : tensor<2x5xf32>
}

// -----

func.func @f3(%x: tensor<2x64xf32>, %w: tensor<5x36xui8>) -> tensor<2x6xf32> {
  // expected-error @+1 {{F3: the result}}
  %y = quant.block_matmul %x, %w format "q4_0" : (tensor<2x64xf32>, tensor<5x36xui8>) -> tensor<2x6xf32>
  return %y : tensor<2x6xf32>
}

// -----

func.func @f4(%x: tensor<2x64xf32>, %w: tensor<5x36xui8>) -> tensor<2x5xf32> {
  // expected-error @+1 {{F4: activations of 12 bits}}
  %y = quant.block_matmul %x, %w format "q4_0" activations 12 : (tensor<2x64xf32>, tensor<5x36xui8>) -> tensor<2x5xf32>
  return %y : tensor<2x5xf32>
}

// -----

func.func @f5(%w: tensor<5x34xui8>, %ids: tensor<2xi64>) -> tensor<2x32xf32> {
  // expected-error @+1 {{F5: ids}}
  %y = quant.block_rows %w, %ids format "q8_0" k 32 : (tensor<5x34xui8>, tensor<2xi64>) -> tensor<2x32xf32>
  return %y : tensor<2x32xf32>
}

// -----

func.func @f6(%x: tensor<2x2x32xf32>, %w: tensor<4x5x34xui8>, %e: tensor<2x3xi32>) -> tensor<2x3x5xf32> {
  // expected-error @+1 {{F6: the extents}}
  %y = quant.block_matmul_experts %x, %w, %e format "q8_0" : (tensor<2x2x32xf32>, tensor<4x5x34xui8>, tensor<2x3xi32>) -> tensor<2x3x5xf32>
  return %y : tensor<2x3x5xf32>
}

// -----

func.func @h6(%q: tensor<2x2x8xf32>, %k: tensor<2x48x8xf16>, %p: tensor<1xi32>) -> tensor<2x2x8xf32> {
  // expected-error @+1 {{H6: the ring}}
  %y = nn.cached_attention %q, %k, %k, %p scale 1.0 window 48 ring : (tensor<2x2x8xf32>, tensor<2x48x8xf16>, tensor<2x48x8xf16>, tensor<1xi32>) -> tensor<2x2x8xf32>
  return %y : tensor<2x2x8xf32>
}

// -----

func.func @h4_sinks(%q: tensor<2x2x8xf32>, %k: tensor<2x48x8xf16>, %p: tensor<1xi32>, %s: tensor<3xf32>) -> tensor<2x2x8xf32> {
  // expected-error @+1 {{H4: the sinks}}
  %y = nn.cached_attention %q, %k, %k, %p sinks %s scale 1.0 : (tensor<2x2x8xf32>, tensor<2x48x8xf16>, tensor<2x48x8xf16>, tensor<1xi32>, tensor<3xf32>) -> tensor<2x2x8xf32>
  return %y : tensor<2x2x8xf32>
}

// -----

func.func @h8(%s: tensor<1x2x8xf32>, %x: tensor<4x8xf32>, %f: tensor<2x8xf32>, %p: tensor<1xi32>) -> (tensor<1x2x8xf32>, tensor<4x8xf32>) {
  // expected-error @+1 {{H8: state, rows and filter}}
  %n, %y = nn.causal_conv %s, %x, %f at %p of %p count %p : (tensor<1x2x8xf32>, tensor<4x8xf32>, tensor<2x8xf32>, tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> (tensor<1x2x8xf32>, tensor<4x8xf32>)
  return %n, %y : tensor<1x2x8xf32>, tensor<4x8xf32>
}

// -----

func.func @h9(%s: tensor<1x2x8xf32>, %x: tensor<4x8xf32>, %f: tensor<3x8xf32>, %p: tensor<1xi32>, %q: tensor<4xi32>) -> (tensor<1x2x8xf32>, tensor<4x8xf32>) {
  // expected-error @+1 {{H9: positions and sequences}}
  %n, %y = nn.causal_conv %s, %x, %f at %p of %q count %p : (tensor<1x2x8xf32>, tensor<4x8xf32>, tensor<3x8xf32>, tensor<1xi32>, tensor<4xi32>, tensor<1xi32>) -> (tensor<1x2x8xf32>, tensor<4x8xf32>)
  return %n, %y : tensor<1x2x8xf32>, tensor<4x8xf32>
}

// -----

func.func @h10_state(%s: tensor<1x2x0x8xf32>, %x: tensor<3x24xf32>, %d: tensor<3x2xf32>, %a: tensor<2xf32>, %p: tensor<1xi32>, %q: tensor<1xi32>) -> (tensor<1x2x0x8xf32>, tensor<3x16xf32>) {
  // expected-error @+1 {{H10: state, rows, delta and result}}
  %n, %y = nn.selective_scan %s, %x, %d, %a, %a at %p of %q count %p : (tensor<1x2x0x8xf32>, tensor<3x24xf32>, tensor<3x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> (tensor<1x2x0x8xf32>, tensor<3x16xf32>)
  return %n, %y : tensor<1x2x0x8xf32>, tensor<3x16xf32>
}

// -----

func.func @h10_rows(%s: tensor<1x2x4x8xf32>, %x: tensor<3x25xf32>, %d: tensor<3x2xf32>, %a: tensor<2xf32>, %p: tensor<1xi32>, %q: tensor<1xi32>) -> (tensor<1x2x4x8xf32>, tensor<3x16xf32>) {
  // expected-error @+1 {{H10: rows and result}}
  %n, %y = nn.selective_scan %s, %x, %d, %a, %a at %p of %q count %p : (tensor<1x2x4x8xf32>, tensor<3x25xf32>, tensor<3x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> (tensor<1x2x4x8xf32>, tensor<3x16xf32>)
  return %n, %y : tensor<1x2x4x8xf32>, tensor<3x16xf32>
}

// -----

func.func @h10_groups(%s: tensor<1x2x4x8xf32>, %x: tensor<3x40xf32>, %d: tensor<3x2xf32>, %a: tensor<2xf32>, %p: tensor<1xi32>, %q: tensor<1xi32>) -> (tensor<1x2x4x8xf32>, tensor<3x16xf32>) {
  // expected-error @+1 {{H10: rows and result}}
  %n, %y = nn.selective_scan %s, %x, %d, %a, %a at %p of %q count %p : (tensor<1x2x4x8xf32>, tensor<3x40xf32>, tensor<3x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> (tensor<1x2x4x8xf32>, tensor<3x16xf32>)
  return %n, %y : tensor<1x2x4x8xf32>, tensor<3x16xf32>
}

// -----

func.func @h10_vectors(%s: tensor<1x2x4x8xf32>, %x: tensor<3x24xf32>, %d: tensor<3x2xf32>, %a: tensor<3xf32>, %p: tensor<1xi32>, %q: tensor<1xi32>) -> (tensor<1x2x4x8xf32>, tensor<3x16xf32>) {
  // expected-error @+1 {{H10: delta, decay and skip}}
  %n, %y = nn.selective_scan %s, %x, %d, %a, %a at %p of %q count %p : (tensor<1x2x4x8xf32>, tensor<3x24xf32>, tensor<3x2xf32>, tensor<3xf32>, tensor<3xf32>, tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> (tensor<1x2x4x8xf32>, tensor<3x16xf32>)
  return %n, %y : tensor<1x2x4x8xf32>, tensor<3x16xf32>
}

// -----

func.func @h11(%s: tensor<1x2x4x8xf32>, %x: tensor<3x24xf32>, %d: tensor<3x2xf32>, %a: tensor<2xf32>, %p: tensor<1xi32>, %q: tensor<3xi32>) -> (tensor<1x2x4x8xf32>, tensor<3x16xf32>) {
  // expected-error @+1 {{H11: positions and sequences}}
  %n, %y = nn.selective_scan %s, %x, %d, %a, %a at %p of %q count %p : (tensor<1x2x4x8xf32>, tensor<3x24xf32>, tensor<3x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<1xi32>, tensor<3xi32>, tensor<1xi32>) -> (tensor<1x2x4x8xf32>, tensor<3x16xf32>)
  return %n, %y : tensor<1x2x4x8xf32>, tensor<3x16xf32>
}

// -----

func.func @h12_state(%s: tensor<1x2x0x8xf32>, %x: tensor<3x24xf32>, %d: tensor<3x2xf32>, %p: tensor<1xi32>, %q: tensor<1xi32>) -> (tensor<1x2x0x8xf32>, tensor<3x16xf32>) {
  // expected-error @+1 {{H12: state, rows, decay, beta and result}}
  %n, %y = nn.gated_delta %s, %x, %d, %d at %p of %q count %p epsilon 1.0e-6 : (tensor<1x2x0x8xf32>, tensor<3x24xf32>, tensor<3x2xf32>, tensor<3x2xf32>, tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> (tensor<1x2x0x8xf32>, tensor<3x16xf32>)
  return %n, %y : tensor<1x2x0x8xf32>, tensor<3x16xf32>
}

// -----

func.func @h12_rows(%s: tensor<1x2x4x8xf32>, %x: tensor<3x25xf32>, %d: tensor<3x2xf32>, %p: tensor<1xi32>, %q: tensor<1xi32>) -> (tensor<1x2x4x8xf32>, tensor<3x16xf32>) {
  // expected-error @+1 {{H12: rows and result}}
  %n, %y = nn.gated_delta %s, %x, %d, %d at %p of %q count %p epsilon 1.0e-6 : (tensor<1x2x4x8xf32>, tensor<3x25xf32>, tensor<3x2xf32>, tensor<3x2xf32>, tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> (tensor<1x2x4x8xf32>, tensor<3x16xf32>)
  return %n, %y : tensor<1x2x4x8xf32>, tensor<3x16xf32>
}

// -----

func.func @h12_groups(%s: tensor<1x2x4x8xf32>, %x: tensor<3x40xf32>, %d: tensor<3x2xf32>, %p: tensor<1xi32>, %q: tensor<1xi32>) -> (tensor<1x2x4x8xf32>, tensor<3x16xf32>) {
  // expected-error @+1 {{H12: rows and result}}
  %n, %y = nn.gated_delta %s, %x, %d, %d at %p of %q count %p epsilon 1.0e-6 : (tensor<1x2x4x8xf32>, tensor<3x40xf32>, tensor<3x2xf32>, tensor<3x2xf32>, tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> (tensor<1x2x4x8xf32>, tensor<3x16xf32>)
  return %n, %y : tensor<1x2x4x8xf32>, tensor<3x16xf32>
}

// -----

func.func @h12_decay(%s: tensor<1x2x4x8xf32>, %x: tensor<3x24xf32>, %d: tensor<3x3xf32>, %p: tensor<1xi32>, %q: tensor<1xi32>) -> (tensor<1x2x4x8xf32>, tensor<3x16xf32>) {
  // expected-error @+1 {{H12: decay and beta}}
  %n, %y = nn.gated_delta %s, %x, %d, %d at %p of %q count %p epsilon 1.0e-6 : (tensor<1x2x4x8xf32>, tensor<3x24xf32>, tensor<3x3xf32>, tensor<3x3xf32>, tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> (tensor<1x2x4x8xf32>, tensor<3x16xf32>)
  return %n, %y : tensor<1x2x4x8xf32>, tensor<3x16xf32>
}

// -----

func.func @h12_epsilon(%s: tensor<1x2x4x8xf32>, %x: tensor<3x24xf32>, %d: tensor<3x2xf32>, %p: tensor<1xi32>, %q: tensor<1xi32>) -> (tensor<1x2x4x8xf32>, tensor<3x16xf32>) {
  // expected-error @+1 {{H12: epsilon}}
  %n, %y = nn.gated_delta %s, %x, %d, %d at %p of %q count %p epsilon 0.0 : (tensor<1x2x4x8xf32>, tensor<3x24xf32>, tensor<3x2xf32>, tensor<3x2xf32>, tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> (tensor<1x2x4x8xf32>, tensor<3x16xf32>)
  return %n, %y : tensor<1x2x4x8xf32>, tensor<3x16xf32>
}

// -----

func.func @h13(%s: tensor<1x2x4x8xf32>, %x: tensor<3x24xf32>, %d: tensor<3x2xf32>, %p: tensor<1xi32>, %q: tensor<3xi32>) -> (tensor<1x2x4x8xf32>, tensor<3x16xf32>) {
  // expected-error @+1 {{H13: positions and sequences}}
  %n, %y = nn.gated_delta %s, %x, %d, %d at %p of %q count %p epsilon 1.0e-6 : (tensor<1x2x4x8xf32>, tensor<3x24xf32>, tensor<3x2xf32>, tensor<3x2xf32>, tensor<1xi32>, tensor<3xi32>, tensor<1xi32>) -> (tensor<1x2x4x8xf32>, tensor<3x16xf32>)
  return %n, %y : tensor<1x2x4x8xf32>, tensor<3x16xf32>
}
