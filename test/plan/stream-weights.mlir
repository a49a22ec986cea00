// RUN: %ingot-opt --ingot-stream-weights=window-bytes=524288 --split-input-file --verify-diagnostics %s | FileCheck %s
// RUN: %ingot-opt --ingot-stream-weights --split-input-file %s | FileCheck %s --check-prefix=NONE

// Parts of an eighth of the window: a product with more weights stands alone and is cut. What is left of the window keeps the first weights: here the first product's.
// Tables, of which rows are read, are not read ahead. The 64 KiB around a range come into memory with it.
// NONE-NOT: stream
// NONE-NOT: slices
// CHECK: name = "STREAM_BYTES", value = 524288 : i64
// CHECK: deploy.call "rows"
// CHECK-NEXT: deploy.barrier {stream = {ahead = array<i64>, drop = array<i64: 0, 65536>}}
// CHECK-NEXT: deploy.call "ik_block_matmul_q8_0"
// CHECK-SAME: slices = [{ahead = array<i64>, drop = array<i64>}, {ahead = array<i64: 262144, 327680>, drop = array<i64: 65536, 131072>}, {ahead = array<i64: 327680, 393216>, drop = array<i64>}, {{.*}}, {ahead = array<i64: 1376256, 1441792>, drop = array<i64: 1179648, 1245184>}]
// CHECK-NEXT: deploy.barrier {stream = {ahead = array<i64>, drop = array<i64: 1245184, 1310720>}}
// CHECK-NEXT: deploy.call "tail"
// CHECK-NEXT: deploy.barrier {stream = {ahead = array<i64>, drop = array<i64: 1310720, 1441792>}}
module attributes {deploy.weights_bytes = 1441792 : i64} {
  deploy.program @run arena 64 scratch 0 workers 2 {
    deploy.call "rows" params [] places [#deploy.place<weights, 0, 0, 131072>, #deploy.place<arena, 0, 0, 64>] work 64
    deploy.barrier
    deploy.call "ik_block_matmul_q8_0" params [] places [#deploy.place<arena, 0, 0, 64>, #deploy.place<weights, 0, 131072, 1245184>, #deploy.place<arena, 0, 0, 64>] work 2000000
    deploy.call "tail" params [] places [#deploy.place<weights, 0, 1376256, 65536>, #deploy.place<arena, 0, 0, 64>] work 65536
  }
}

// -----

// Small weights that many parts read are never dropped; a serial product is not cut, and a call between barriers joins a part that has room.
// CHECK: deploy.call "a"
// CHECK-NOT: slices
// CHECK: deploy.barrier {stream = {ahead = array<i64: 606208, 638976>, drop = array<i64: 409600, 475136>}}
// CHECK-NEXT: deploy.call "c"
// CHECK-NEXT: deploy.barrier {stream = {ahead = array<i64>, drop = array<i64: 475136, 540672>}}
// CHECK-NEXT: deploy.call "d"
// CHECK-NEXT: deploy.barrier{{$}}
// CHECK-NEXT: deploy.call "none"
// CHECK-NEXT: deploy.barrier {stream = {ahead = array<i64>, drop = array<i64: 540672, 704512>}}
module attributes {deploy.weights_bytes = 737280 : i64} {
  deploy.program @run arena 64 scratch 0 workers 2 {
    deploy.call "a" params [] places [#deploy.place<weights, 0, 0, 16384>, #deploy.place<weights, 0, 16384, 65536>, #deploy.place<arena, 0, 0, 64>] work 65536
    deploy.barrier
    deploy.call "ik_block_matmul_q8_0" params [] places [#deploy.place<weights, 0, 475136, 65536>, #deploy.place<arena, 0, 0, 64>] work 65536 {serial}
    deploy.barrier
    deploy.call "c" params [] places [#deploy.place<weights, 0, 0, 16384>, #deploy.place<weights, 0, 540672, 65536>, #deploy.place<arena, 0, 0, 64>] work 65536
    deploy.barrier
    deploy.call "d" params [] places [#deploy.place<weights, 0, 0, 16384>, #deploy.place<weights, 0, 606208, 32768>, #deploy.place<arena, 0, 0, 64>] work 65536
    deploy.barrier
    deploy.call "none" params [] places [#deploy.place<arena, 0, 0, 64>] work 65536
  }
}

// -----

// expected-error @+1 {{window: 524288 bytes are too few for weights that are streamed: 1310720 are needed at once, of 737280}}
module attributes {deploy.weights_bytes = 737280 : i64} {
  deploy.program @run arena 64 scratch 0 workers 2 {
    deploy.call "a" params [] places [#deploy.place<weights, 0, 0, 524288>, #deploy.place<arena, 0, 0, 64>] work 524288
  }
}

// -----

// Does not fire when all weights fit.
// CHECK: deploy.program @small
// CHECK-NOT: stream
module attributes {deploy.weights_bytes = 4096 : i64} {
  deploy.program @small arena 64 scratch 0 workers 2 {
    deploy.call "a" params [] places [#deploy.place<weights, 0, 0, 4096>, #deploy.place<arena, 0, 0, 64>] work 4096
    deploy.barrier
    deploy.call "b" params [] places [#deploy.place<arena, 0, 0, 64>] work 16
  }
}
