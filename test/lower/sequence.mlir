// RUN: %ingot-opt --ingot-lower-to-kernels --split-input-file --verify-diagnostics %s | FileCheck %s

// Rotary positions: pairs of neighbours are kind 0, halves 1.
// CHECK-LABEL: @rope
// CHECK: kernel.micro "ik_rope"(%arg0, %arg1, %arg2) params [2, 3, 8, 16, 4, 1] scratch 0 work 48
// CHECK: kernel.micro "ik_rope"(%arg0, %arg1, %arg2) params [2, 3, 8, 16, 4, 0] scratch 0 work 48
func.func @rope(%x: tensor<2x3x8xf32>, %t: tensor<16x4xf32>, %p: tensor<1xi32>) -> (tensor<2x3x8xf32>, tensor<2x3x8xf32>) {
  %y = nn.rope %x, %t, %p pairs halves : (tensor<2x3x8xf32>, tensor<16x4xf32>, tensor<1xi32>) -> tensor<2x3x8xf32>
  %z = nn.rope %x, %t, %p pairs adjacent : (tensor<2x3x8xf32>, tensor<16x4xf32>, tensor<1xi32>) -> tensor<2x3x8xf32>
  return %y, %z : tensor<2x3x8xf32>, tensor<2x3x8xf32>
}

// -----

// Rows are appended in the cache's own buffer; attention knows its window.
// CHECK-LABEL: @attend
// CHECK: %[[K:.*]] = kernel.micro "ik_cache_append_f16"(%arg0, %arg2, %arg3) params [2, 2, 16, 8, 0] scratch 0 work 32 {dest = 0 : i64}
// CHECK: kernel.micro "ik_cached_attention_f16"(%arg1, %[[K]], %[[K]], %arg3) params [2, 4, 2, 16, 8, 8, 5, {{[0-9]+}}, 0, 0, 0, 0, 0] scratch {{[0-9]+}} work 2048
func.func @attend(%k: tensor<2x16x8xf16>, %q: tensor<2x4x8xf32>, %rows: tensor<2x2x8xf32>, %p: tensor<1xi32>) -> tensor<2x4x8xf32> {
  %n = nn.cache_append %k, %rows, %p : (tensor<2x16x8xf16>, tensor<2x2x8xf32>, tensor<1xi32>) -> tensor<2x16x8xf16>
  %y = nn.cached_attention %q, %n, %n, %p scale 0.5 window 5 : (tensor<2x4x8xf32>, tensor<2x16x8xf16>, tensor<2x16x8xf16>, tensor<1xi32>) -> tensor<2x4x8xf32>
  return %y : tensor<2x4x8xf32>
}

// -----

// A ring and a text that is there as a whole are parameters, sinks another kernel.
// CHECK-LABEL: @ring
// CHECK: kernel.micro "ik_cache_append_f16"(%arg0, %arg2, %arg3) params [2, 2, 48, 8, 1]
// CHECK: kernel.micro "ik_cached_attention_sinks_f16"({{.*}}) params [2, 4, 2, 48, 8, 8, 5, {{[0-9]+}}, 0, 1, 0, 0, 0]
// CHECK: kernel.micro "ik_cached_attention_f16"({{.*}}) params [2, 4, 2, 48, 8, 8, 0, {{[0-9]+}}, 0, 0, 1, 0, 1090519040]
func.func @ring(%k: tensor<2x48x8xf16>, %q: tensor<2x4x8xf32>, %rows: tensor<2x2x8xf32>, %p: tensor<1xi32>, %s: tensor<4xf32>) -> (tensor<2x4x8xf32>, tensor<2x4x8xf32>) {
  %n = nn.cache_append %k, %rows, %p ring : (tensor<2x48x8xf16>, tensor<2x2x8xf32>, tensor<1xi32>) -> tensor<2x48x8xf16>
  %y = nn.cached_attention %q, %n, %n, %p sinks %s scale 0.5 window 5 ring : (tensor<2x4x8xf32>, tensor<2x48x8xf16>, tensor<2x48x8xf16>, tensor<1xi32>, tensor<4xf32>) -> tensor<2x4x8xf32>
  %z = nn.cached_attention %q, %n, %n, %p scale 0.5 alibi 8.0 whole : (tensor<2x4x8xf32>, tensor<2x48x8xf16>, tensor<2x48x8xf16>, tensor<1xi32>) -> tensor<2x4x8xf32>
  return %y, %z : tensor<2x4x8xf32>, tensor<2x4x8xf32>
}

// -----

// A cache of bytes: heads of 8 elements in rows of 10 bytes.
// CHECK-LABEL: @narrow
// CHECK: %[[K:.*]] = kernel.micro "ik_cache_append_q8"(%arg0, %arg2, %arg3) params [2, 2, 16, 8, 0] scratch 0 work 32 {dest = 0 : i64}
// CHECK: kernel.micro "ik_cached_attention_q8"(%arg1, %[[K]], %[[K]], %arg3) params [2, 4, 2, 16, 8, 8, 0, {{[0-9]+}}, 0, 0, 0, 0, 0]
func.func @narrow(%k: tensor<2x16x10xui8>, %q: tensor<2x4x8xf32>, %rows: tensor<2x2x8xf32>, %p: tensor<1xi32>) -> tensor<2x4x8xf32> {
  %n = nn.cache_append %k, %rows, %p : (tensor<2x16x10xui8>, tensor<2x2x8xf32>, tensor<1xi32>) -> tensor<2x16x10xui8>
  %y = nn.cached_attention %q, %n, %n, %p scale 0.5 : (tensor<2x4x8xf32>, tensor<2x16x10xui8>, tensor<2x16x10xui8>, tensor<1xi32>) -> tensor<2x4x8xf32>
  return %y : tensor<2x4x8xf32>
}

// -----

// Rows of several sequences have kernels of their own: how many sequences there are, and how many places the rows have, are their last parameters.
// CHECK-LABEL: @sequences
// CHECK: kernel.micro "ik_rope_each"({{.*}}) params [2, 4, 8, 16, 4, 1]
// CHECK: %[[K:.*]] = kernel.micro "ik_cache_append_sequences_f16"(%arg0, %arg2, %arg3, %arg4) params [2, 2, 48, 8, 1, 5, 2] scratch 0 work 32 {dest = 0 : i64}
// CHECK: kernel.micro "ik_cached_attention_sequences_f16"({{.*}}, %[[K]], %[[K]], %arg3, %arg4) params [2, 4, 2, 48, 8, 8, 5, {{[0-9]+}}, 0, 1, 0, 1, 0, 5, 2]
// CHECK: kernel.micro "ik_cached_attention_sequences_sinks_f16"({{.*}}, %arg5, %arg5, %arg6) params [2, 4, 2, 48, 8, 8, 5, {{[0-9]+}}, 0, 1, 0, 0, 0, 5, 1]
func.func @sequences(%k: tensor<5x2x48x8xf16>, %q: tensor<2x4x8xf32>, %rows: tensor<2x2x8xf32>, %p: tensor<2xi32>, %s: tensor<2xi32>, %one: tensor<1xi32>, %sink: tensor<4xf32>, %t: tensor<16x4xf32>) -> (tensor<2x4x8xf32>, tensor<2x4x8xf32>) {
  %r = nn.rope %q, %t, %p pairs halves : (tensor<2x4x8xf32>, tensor<16x4xf32>, tensor<2xi32>) -> tensor<2x4x8xf32>
  %n = nn.cache_append %k, %rows, %p of %s ring : (tensor<5x2x48x8xf16>, tensor<2x2x8xf32>, tensor<2xi32>, tensor<2xi32>) -> tensor<5x2x48x8xf16>
  %y = nn.cached_attention %r, %n, %n, %p of %s scale 0.5 window 5 ring piecewise : (tensor<2x4x8xf32>, tensor<5x2x48x8xf16>, tensor<5x2x48x8xf16>, tensor<2xi32>, tensor<2xi32>) -> tensor<2x4x8xf32>
  %z = nn.cached_attention %r, %n, %n, %one of %one sinks %sink scale 0.5 window 5 ring : (tensor<2x4x8xf32>, tensor<5x2x48x8xf16>, tensor<5x2x48x8xf16>, tensor<1xi32>, tensor<1xi32>, tensor<4xf32>) -> tensor<2x4x8xf32>
  return %y, %z : tensor<2x4x8xf32>, tensor<2x4x8xf32>
}

// -----

// A convolution over a step's rows keeps the last of them in the state's own buffer.
// CHECK-LABEL: @conv
// CHECK: kernel.micro "ik_causal_conv"(%arg0, %arg1, %arg2, %arg3, %arg4, %arg5) params [4, 8, 2, 5, 1] scratch 0 work 96 {dest = 0 : i64} : {{.*}} -> (tensor<5x2x8xf32>, tensor<4x8xf32>)
func.func @conv(%s: tensor<5x2x8xf32>, %x: tensor<4x8xf32>, %f: tensor<3x8xf32>, %p: tensor<1xi32>, %q: tensor<1xi32>, %c: tensor<1xi32>) -> (tensor<5x2x8xf32>, tensor<4x8xf32>) {
  %n, %y = nn.causal_conv %s, %x, %f at %p of %q count %c : (tensor<5x2x8xf32>, tensor<4x8xf32>, tensor<3x8xf32>, tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> (tensor<5x2x8xf32>, tensor<4x8xf32>)
  return %n, %y : tensor<5x2x8xf32>, tensor<4x8xf32>
}

// -----

// A recurrence works in the state's own buffer: heads, their width and length, groups, sequences, places.
// CHECK-LABEL: @scan
// CHECK: kernel.micro "ik_selective_scan"({{.*}}) params [3, 4, 8, 5, 2, 6, 1] scratch 0 work 960 {dest = 0 : i64} : {{.*}} -> (tensor<6x4x5x8xf32>, tensor<3x32xf32>)
func.func @scan(%s: tensor<6x4x5x8xf32>, %x: tensor<3x52xf32>, %d: tensor<3x4xf32>, %a: tensor<4xf32>, %p: tensor<1xi32>) -> (tensor<6x4x5x8xf32>, tensor<3x32xf32>) {
  %n, %y = nn.selective_scan %s, %x, %d, %a, %a at %p of %p count %p : (tensor<6x4x5x8xf32>, tensor<3x52xf32>, tensor<3x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> (tensor<6x4x5x8xf32>, tensor<3x32xf32>)
  return %n, %y : tensor<6x4x5x8xf32>, tensor<3x32xf32>
}

// -----

// A delta rule too: heads, width and length, groups, sequences, places, the bits of epsilon, whether heads take keys in turn.
// CHECK-LABEL: @delta
// CHECK: kernel.micro "ik_gated_delta"({{.*}}) params [3, 4, 8, 5, 2, 6, 1, 4602678819172646912, 1] scratch 1280 work 1920 {dest = 0 : i64} : {{.*}} -> (tensor<6x4x5x8xf32>, tensor<3x32xf32>)
func.func @delta(%s: tensor<6x4x5x8xf32>, %x: tensor<3x52xf32>, %d: tensor<3x4xf32>, %p: tensor<1xi32>) -> (tensor<6x4x5x8xf32>, tensor<3x32xf32>) {
  %n, %y = nn.gated_delta %s, %x, %d, %d at %p of %p count %p epsilon 0.5 cyclic : (tensor<6x4x5x8xf32>, tensor<3x52xf32>, tensor<3x4xf32>, tensor<3x4xf32>, tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> (tensor<6x4x5x8xf32>, tensor<3x32xf32>)
  return %n, %y : tensor<6x4x5x8xf32>, tensor<3x32xf32>
}

// -----

// Keys and values of different types have no kernel.
func.func @mixed(%q: tensor<2x4x8xf32>, %k: tensor<2x16x8xf16>, %v: tensor<2x16x8xf32>, %p: tensor<1xi32>) -> tensor<2x4x8xf32> {
  // expected-error @+1 {{unsupported: nn.cached_attention: attention over keys and values of different types}}
  %y = nn.cached_attention %q, %k, %v, %p scale 0.5 : (tensor<2x4x8xf32>, tensor<2x16x8xf16>, tensor<2x16x8xf32>, tensor<1xi32>) -> tensor<2x4x8xf32>
  return %y : tensor<2x4x8xf32>
}
