// RUN: %ingot-opt --ingot-outline-maps --ingot-plan-program --split-input-file --verify-diagnostics %s | FileCheck %s

// Two entry points share weights and states: one place each, whichever names it first. The kernel works in the state's buffer; a barrier
// stands between it and the reader.
// CHECK: module attributes {deploy.state_bytes = 128 : i64
// CHECK-SAME: {bytes = 64 : i64, name = "k", offset = 0 : i64}, {bytes = 32 : i64, name = "v", offset = 64 : i64}
// CHECK-SAME: deploy.weights_bytes = 64 : i64
// CHECK: deploy.program @prefill
// CHECK: deploy.call "append" {{.*}} places [#deploy.place<state, 0, 0, 64>, #deploy.place<input, 0, 0, 64>, #deploy.place<state, 0, 0, 64>]
// CHECK-NEXT: deploy.barrier
// CHECK-NEXT: deploy.call "attend" {{.*}} places [#deploy.place<state, 0, 0, 64>, #deploy.place<weights, 0, 0, 64>, #deploy.place<output, 0, 0, 64>]
// CHECK: deploy.program @decode
// CHECK: deploy.call "read" {{.*}} places [#deploy.place<state, 0, 64, 32>, #deploy.place<state, 0, 0, 64>, #deploy.place<weights, 0, 0, 64>, #deploy.place<output, 0, 0, 32>]
func.func @prefill(%x: tensor<16xf32>) -> tensor<16xf32> {
  %w = nn.constant dense<1.0> : tensor<16xf32>
  %k = nn.state @k : tensor<16xf32>
  %n = kernel.micro "append"(%k, %x) params [] scratch 0 work 16384000 {dest = 0 : i64} : (tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
  nn.write_state %n, @k : tensor<16xf32>
  %y = kernel.micro "attend"(%n, %w) params [] scratch 0 work 16384000 : (tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
  return %y : tensor<16xf32>
}
func.func @decode(%x: tensor<16xf32>) -> tensor<8xf32> {
  %w = nn.constant dense<1.0> : tensor<16xf32>
  %v = nn.state @v : tensor<8xf32>
  %k = nn.state @k : tensor<16xf32>
  %y = kernel.micro "read"(%v, %k, %w) params [] scratch 0 work 16384000 : (tensor<8xf32>, tensor<16xf32>, tensor<16xf32>) -> tensor<8xf32>
  return %y : tensor<8xf32>
}

// -----

// A value made elsewhere is copied into the state at the end, after the last reader; a returned state is copied out.
// CHECK: deploy.call "make" {{.*}} places [#deploy.place<input, 0, 0, 64>, #deploy.place<arena, 0, 0, 64>]
// CHECK-NEXT: deploy.call "map_{{.*}} places [#deploy.place<state, 0, 0, 64>, #deploy.place<output, 0, 0, 64>]
// CHECK-NEXT: deploy.barrier
// CHECK-NEXT: deploy.call "map_{{.*}} places [#deploy.place<arena, 0, 0, 64>, #deploy.place<state, 0, 0, 64>]
func.func @main(%x: tensor<16xf32>) -> tensor<16xf32> {
  %n = kernel.micro "make"(%x) params [] scratch 0 work 16384000 : (tensor<16xf32>) -> tensor<16xf32>
  nn.write_state %n, @s : tensor<16xf32>
  %old = nn.state @s : tensor<16xf32>
  return %old : tensor<16xf32>
}

// -----

func.func @main(%x: tensor<16xf32>) -> tensor<16xf32> {
  %old = nn.state @s : tensor<16xf32>
  %n = kernel.micro "append"(%old, %x) params [] scratch 0 work 1 {dest = 0 : i64} : (tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
  nn.write_state %n, @s : tensor<16xf32>
  // expected-error @+1 {{a state is read after its next value has been written over it}}
  %y = kernel.micro "late"(%old) params [] scratch 0 work 1 : (tensor<16xf32>) -> tensor<16xf32>
  return %y : tensor<16xf32>
}

// -----

func.func @main(%x: tensor<16xf32>) -> tensor<16xf32> {
  %old = nn.state @s : tensor<16xf32>
  // expected-error @+1 {{a state is overwritten without nn.write_state}}
  %n = kernel.micro "append"(%old, %x) params [] scratch 0 work 1 {dest = 0 : i64} : (tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
  %y = kernel.micro "use"(%n) params [] scratch 0 work 1 : (tensor<16xf32>) -> tensor<16xf32>
  return %y : tensor<16xf32>
}

// -----

func.func @prefill() -> tensor<16xf32> {
  %old = nn.state @s : tensor<16xf32>
  %y = kernel.micro "use"(%old) params [] scratch 0 work 1 : (tensor<16xf32>) -> tensor<16xf32>
  return %y : tensor<16xf32>
}
func.func @decode() -> tensor<8xf32> {
  // expected-error @+1 {{V1: the state has another type elsewhere}}
  %old = nn.state @s : tensor<8xf32>
  %y = kernel.micro "use"(%old) params [] scratch 0 work 1 : (tensor<8xf32>) -> tensor<8xf32>
  return %y : tensor<8xf32>
}
