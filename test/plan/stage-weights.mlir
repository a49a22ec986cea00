// RUN: %ingot-opt --ingot-stage-weights=fast-bytes=16384 --split-input-file %s | FileCheck %s
// RUN: %ingot-opt --ingot-stage-weights --split-input-file %s | FileCheck %s --check-prefix=NONE

// Fires for calls of later intervals: each copy stands one interval ahead, halves alternate, the arena grows by both.
// NONE-NOT: ik_stage
// CHECK: deploy.program @run arena 8256 scratch 0 workers 2
// CHECK-NEXT: deploy.call "ik_stage" params [4096] places [#deploy.place<weights, 0, 64, 4096>, #deploy.place<arena, 0, 4160, 4096>] work 4096 {source = "weights of b"}
// CHECK-NEXT: deploy.call "a" {{.*}}#deploy.place<weights, 0, 0, 4096>
// CHECK-NEXT: deploy.barrier
// CHECK-NEXT: deploy.call "ik_stage" params [2048] places [#deploy.place<weights, 0, 8192, 2048>, #deploy.place<arena, 0, 64, 2048>]
// CHECK-NEXT: deploy.call "b" params [] places [#deploy.place<arena, 0, 0, 64>, #deploy.place<arena, 0, 4160, 4096>, #deploy.place<arena, 0, 0, 64>]
// CHECK-NEXT: deploy.barrier
// CHECK-NEXT: deploy.call "c" {{.*}}#deploy.place<arena, 0, 64, 2048>
// CHECK: buffers = array<i64: 0, 64, 1, 4, 4160, 4096, 0, 3, 64, 2048, 2, 4>
deploy.program @run arena 64 scratch 0 workers 2 {
  deploy.call "a" params [] places [#deploy.place<input, 0, 0, 64>, #deploy.place<weights, 0, 0, 4096>, #deploy.place<arena, 0, 0, 64>] work 2000000
  deploy.barrier
  deploy.call "b" params [] places [#deploy.place<arena, 0, 0, 64>, #deploy.place<weights, 0, 64, 4096>, #deploy.place<arena, 0, 0, 64>] work 2000000 {source = "b"}
  deploy.barrier
  deploy.call "c" params [] places [#deploy.place<arena, 0, 0, 64>, #deploy.place<weights, 0, 8192, 2048>, #deploy.place<output, 0, 0, 64>] work 2000000
} {buffers = array<i64: 0, 64, 0, 2>}

// -----

// Does not fire: weights used seldom, a serial call, weights larger than a half, and an arena that fills the memory.
// CHECK: deploy.program @run arena 64
// CHECK-NOT: ik_stage
// CHECK: deploy.program @full
// CHECK-NOT: ik_stage
deploy.program @run arena 64 scratch 0 workers 2 {
  deploy.call "a" params [] places [#deploy.place<input, 0, 0, 64>, #deploy.place<arena, 0, 0, 64>] work 20
  deploy.barrier
  deploy.call "seldom" params [] places [#deploy.place<weights, 0, 0, 4096>, #deploy.place<arena, 0, 0, 64>] work 8192
  deploy.barrier
  deploy.call "serial" params [] places [#deploy.place<weights, 0, 0, 4096>, #deploy.place<arena, 0, 0, 64>] work 2000000 {serial}
  deploy.barrier
  deploy.call "large" params [] places [#deploy.place<weights, 0, 0, 12288>, #deploy.place<arena, 0, 0, 64>] work 200000000
}
deploy.program @full arena 16000 scratch 0 workers 2 {
  deploy.call "a" params [] places [#deploy.place<input, 0, 0, 64>, #deploy.place<arena, 0, 0, 64>] work 20
  deploy.barrier
  deploy.call "b" params [] places [#deploy.place<weights, 0, 0, 4096>, #deploy.place<arena, 0, 0, 64>] work 2000000
}
