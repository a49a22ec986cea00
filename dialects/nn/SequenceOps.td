// Ops of models that make a sequence step by step: tensors that live from run to run, rotary positions, the key/value cache, causal convolutions, recurrences.
// Everywhere a position p below 0 counts as 0, and positions are added in 64 bits. Row m of a step stands at position + m, or, where positions have an
// element a row, at position[m]. Included by Ops.td.
#ifndef INGOT_DIALECTS_NN_SEQUENCEOPS
#define INGOT_DIALECTS_NN_SEQUENCEOPS

def Nn_StateOp : Nn_Op<"state"> {
  let summary = "the value a persistent tensor has when the run begins";
  let description = [{
    `result = state[symbol]`: what the last run of any entry point wrote, zeros before the first. All entry points of a module share their states by
    name. Rule V1: every op that names a state gives it the same type (checked when the program is planned).

    Example:
    ```mlir
    %k = nn.state @layer0.key : tensor<2x16x4xf16>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$symbol);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$symbol attr-dict `:` type($result)";
}

def Nn_WriteStateOp : Op<NnDialect, "write_state", [MemoryEffects<[MemWrite]>]> {
  let summary = "the value a persistent tensor has in the next run";
  let description = [{
    `state[symbol] = value` when the run ends; `nn.state` of the same run does not see it. At most one a state and entry point.
    Planning keeps the state in one buffer: a value that was made from the state by kernels that work in place (`nn.cache_append`) costs nothing,
    any other value is copied in at the end. It is an error when the old value is read after it has been overwritten. Rule V1.

    Example:
    ```mlir
    nn.write_state %k, @layer0.key : tensor<2x16x4xf16>
    ```
  }];
  let arguments = (ins Tensor:$value, FlatSymbolRefAttr:$symbol);
  let assemblyFormat = "$value `,` $symbol attr-dict `:` type($value)";
}

def Nn_RopePairs : Enum<NnDialect, "RopePairs", "which elements of a head turn together", ["adjacent", "halves"]>;

def Nn_RopeOp : Nn_Op<"rope"> {
  let summary = "rotary position embedding from a table";
  let description = [{
    Input [M, H, D], table [T, R], position [1] or [M]. Row m stands at t = min(its position, T - 1); `table[t]` holds R/2 cosines, then R/2 sines.
    Pair i < R/2 is (a, b) = elements (2i, 2i + 1) with `adjacent`, (i, i + R/2) with `halves`; with c, s of the pair
    `a' = fma(a, c, -(b * s))`, `b' = fma(a, s, b * c)`, the products rounded to f32. Elements from R on are copied.
    Rules: H1: result and input have one type, rank 3, f32. H2: the table is f32, rank 2, with an even R <= D and T >= 1; positions are i32.

    Example:
    ```mlir
    %y = nn.rope %x, %table, %position pairs halves : (tensor<2x3x8xf32>, tensor<16x4xf32>, tensor<1xi32>) -> tensor<2x3x8xf32>
    ```
  }];
  let arguments = (ins Tensor:$input, Tensor:$table, Tensor:$position, Nn_RopePairs:$pairs);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$input `,` $table `,` $position `pairs` $pairs attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Nn_CacheAppendOp : Nn_Op<"cache_append"> {
  let summary = "puts the rows of a step into a key or value cache";
  let description = [{
    A copy of `cache` [H, T, D] in which `result[h, position + m, :] = rows[m, h, :]`, rounded half to even; rows with position + m >= T are dropped.
    With `ring` the row goes to (position + m) mod T and none is dropped: the cache holds the last T positions.
    A cache of ui8 [H, T, D + D mod 2 + 2 ceil(D / 32)] holds rows in 8 bits: D signed bytes, behind them for each 32 a scale s = f16(amax / 127);
    byte = roundHalfEven(x * (127 / amax)), value = s * byte.
    With `of` a sequence the cache is [S, H, T, D], one such cache a sequence: positions and sequences have one element for all rows, or one a row, and
    a row goes to the cache of its own. A row whose sequence is not in 0 .. S - 1 is dropped. Two rows must not have one place: rows of one sequence
    have different positions, in a ring less than T apart.
    Rules: H3: cache and result have one type, f16, f32 or ui8, rank 3, with a sequence 4; rows are f32 [M, H, D], with `ring` M <= T; the
    position is one i32, with a sequence positions and sequences are i32 [1] or [M].

    Example:
    ```mlir
    %k = nn.cache_append %cache, %rows, %position : (tensor<3x16x8xf16>, tensor<2x3x8xf32>, tensor<1xi32>) -> tensor<3x16x8xf16>
    ```
  }];
  let arguments = (ins Tensor:$cache, Tensor:$rows, Tensor:$position, Optional<Tensor>:$sequence, UnitAttr:$ring);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$cache `,` $rows `,` $position (`of` $sequence^)? (`ring` $ring^)? attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Nn_CachedAttentionOp : Nn_Op<"cached_attention", [AttrSizedOperandSegments]> {
  let summary = "attention of a step's queries over a key/value cache";
  let description = [{
    Queries [M, Hq, D], keys [Hk, T, D], values [Hk, T, E] (f16, f32, or ui8 rows as in nn.cache_append), position [1]. Query row m sees the cache rows t in 0 .. min(position + m, T - 1),
    with `window` W > 0 the last W of them. With `ring` position t is row t mod T and nothing ends at T - 1; what a query sees must still be there.
    With `piecewise` a query at p sees nothing before position p - p mod W.
    With `whole` the position is that of the last row and each query sees all rows 0 .. position, with a window those at most W / 2 from its own
    min(m, position); rows m stand at m. Head h uses the cache's head h / (Hq / Hk). `s_t = scale * sum over d of q[d] * k[t, d]`, with `softcap` C > 0
    `s_t = C * tanh(s_t / C)`, with `alibi` B > 0 then `s_t = s_t - 2^(-B k / n) * |p - t|` of a query
    at p, n the largest power of 2 <= Hq, k = h + 1 in heads h < n and h - n + 0.5 in the others; `sinks` [Hq] adds one score a head that weighs nothing but takes its share; `result[m, h, :] = sum over t of softmax(s)_t * v[t, :]`. f32 arithmetic: dot products in the order of 16 lanes, the
    context in chunks of a fixed size that are merged in order, so that the bits depend on neither M nor the number of workers.
    With `of` a sequence keys are [S, Hk, T, D] and values [S, Hk, T, E], and positions and sequences as in nn.cache_append: each row sees the cache of its
    own sequence, with what the step's other rows put there. The result of a row whose sequence is not in 0 .. S - 1 is 0.
    Rules: H4: queries and result are f32 of rank 3; shapes agree in S, M, Hq, D, T, E; Hk divides Hq; sinks are f32 [Hq]. H5: the position is one i32, with
    a sequence positions and sequences are i32 [1] or [M]; window, softcap and alibi are not
    negative. H6: a ring has a window, is not `whole`, and T >= W + M - 1 is a
    multiple of 48 (positions that kernels walk together). H7: with a sequence attention is not `whole`; `piecewise` there is a window, and
    it is not `whole`.

    Example:
    ```mlir
    %y = nn.cached_attention %q, %k, %v, %position scale 0.5 window 8 : (tensor<2x4x8xf32>, tensor<2x16x8xf16>, tensor<2x16x6xf16>, tensor<1xi32>) -> tensor<2x4x6xf32>
    ```
  }];
  let arguments = (ins Tensor:$query, Tensor:$key, Tensor:$value, Tensor:$position, Optional<Tensor>:$sequence, Optional<Tensor>:$sinks, F64Attr:$scale,
    DefaultValuedAttr<F64Attr, "0.0">:$softcap, DefaultValuedAttr<I64Attr, "0">:$window, DefaultValuedAttr<F64Attr, "0.0">:$alibi, UnitAttr:$ring,
    UnitAttr:$whole, UnitAttr:$piecewise);
  let results = (outs Tensor:$result);
  let assemblyFormat = [{$query `,` $key `,` $value `,` $position (`of` $sequence^)? (`sinks` $sinks^)? `scale` $scale (`softcap` $softcap^)? (`window` $window^)?
    (`alibi` $alibi^)? (`ring` $ring^)? (`whole` $whole^)? (`piecewise` $piecewise^)? attr-dict `:` functional-type(operands, results)}];
  let hasVerifier = 1;
}

def Nn_CausalConvOp : Nn_Op<"causal_conv"> {
  let summary = "a depthwise convolution over a step's rows and those before it";
  let description = [{
    Rows [M, E] follow each other from a position on; the state [S, T, E] holds the T rows before them of each sequence, position p's in row p mod T.
    With x(i) = rows[i] for i >= 0 and what the state holds of position + i for i < 0: `result[m, e] = sum over j = 0 .. T of filter[j, e] * x(m - T + j)[e]`,
    in that order, by fused multiply-adds from 0 on; what lies before position 0 adds nothing. `after` is the state with the last T of the rows m < count, each
    in its place: rows from `count` on, which are padding, leave no trace. So a step goes on where the one before it ended, or begins a sequence at position 0.
    Where positions and sequences have an element a row, each row below `count` is a step of its own, in the order of rows. A sequence that is not in
    0 .. S - 1 is none: it has the result 0 and changes no state.
    Rules: H8: state and after are one f32 [S, T, E] with S, T >= 1, rows and result one f32 [M, E], the filter is f32 [T + 1, E]. H9: positions and
    sequences are i32 [1] or [M], the count is i32 [1].

    Example:
    ```mlir
    %after, %y = nn.causal_conv %state, %rows, %filter at %position of %sequence count %count : (tensor<1x2x8xf32>, tensor<4x8xf32>, tensor<3x8xf32>, tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> (tensor<1x2x8xf32>, tensor<4x8xf32>)
    ```
  }];
  let arguments = (ins Tensor:$state, Tensor:$rows, Tensor:$filter, Tensor:$position, Tensor:$sequence, Tensor:$count);
  let results = (outs Tensor:$after, Tensor:$result);
  let assemblyFormat = "$state `,` $rows `,` $filter `at` $position `of` $sequence `count` $count attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Nn_SelectiveScanOp : Nn_Op<"selective_scan"> {
  let summary = "the recurrence of Mamba-2 over a step's rows";
  let description = [{
    Each of H heads has a matrix s [N, P]. Rows [M, H P + 2 G N] are x [H, P], b [G, N] and c [G, N]; head h belongs to group g = h / (H / G). With
    d = `delta`[m, h] (not negative, after its softplus), a = exp(d * `decay`[h]): `s[n, p] = fma(s[n, p], a, b[g, n] * (x[h, p] * d))`, then
    `result[m, h P + p] = fma(x[h, p], skip[h], sum over n of s[n, p] * c[g, n])`, the sum by fused multiply-adds from 0 in order of n; products are rounded to
    f32. Rows m >= count are padding: they change nothing, and their result is 0. The state [S, H, N, P] holds the matrices of each sequence between
    steps: a step at position 0 begins with zeros, any other goes on where the sequence's last step ended. Positions and sequences of rows are those of nn.causal_conv.
    Rules: H10: state and after are one f32 [S, H, N, P] without empty extents; rows are f32 [M, H P + 2 G N] with a G >= 1 that divides H; delta is f32
    [M, H], decay and skip are f32 [H], the result is f32 [M, H P]. H11: positions, sequences and count as in H9.

    Example:
    ```mlir
    %after, %y = nn.selective_scan %state, %rows, %delta, %decay, %skip at %position of %sequence count %count : (tensor<1x2x4x8xf32>, tensor<3x24xf32>, tensor<3x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> (tensor<1x2x4x8xf32>, tensor<3x16xf32>)
    ```
  }];
  let arguments = (ins Tensor:$state, Tensor:$rows, Tensor:$delta, Tensor:$decay, Tensor:$skip, Tensor:$position, Tensor:$sequence, Tensor:$count);
  let results = (outs Tensor:$after, Tensor:$result);
  let assemblyFormat = [{$state `,` $rows `,` $delta `,` $decay `,` $skip `at` $position `of` $sequence `count` $count attr-dict `:`
    functional-type(operands, results)}];
  let hasVerifier = 1;
}

def Nn_GatedDeltaOp : Nn_Op<"gated_delta"> {
  let summary = "the gated delta rule over a step's rows";
  let description = [{
    Each of H heads has a matrix s [N, P] that gives values for keys (Gated DeltaNet, arXiv 2412.06464). Rows [M, 2 G N + H P] are q [G, N], k [G, N] and
    v [H, P]; head h reads the q and k of g = h / (H / G), or of g = h mod G where they are `cyclic`. With a = `decay`[m, h], b = `beta`[m, h],
    k' = k / max(|k|, epsilon) and q' = q / (max(|q|, epsilon) sqrt(N)): `s = a s`, then `s = s + k' (b (v - s^T k'))^T`, then `result[m, h P + p] = (s^T q')[p]`.
    In f32: K = 1 / max(sqrt(k.k), epsilon), Q = 1 / (max(sqrt(q.q), epsilon) sqrt(N)), w[p] = (b * K) * fma(-(a * K), sum over n of s[n, p] k[n], v[p]),
    `result = Q * fma(w[p], k.q, a * sum over n of s[n, p] q[n])` of the matrix as it was, then `s[n, p] = fma(k[n], w[p], s[n, p] * a)`. Sums over n are fused
    multiply-adds from 0 in order of n; k.k, q.q and k.q are in 16 lanes by n mod 16, joined in halves. Padding, the state [S, H, N, P], positions and
    sequences of rows are those of nn.selective_scan.
    Rules: H12: state and after are one f32 [S, H, N, P] without empty extents; rows are f32 [M, 2 G N + H P] with a G >= 1 that divides H; decay and beta are
    f32 [M, H], the result is f32 [M, H P]; epsilon > 0. H13: positions, sequences and count as in H9.

    Example:
    ```mlir
    %after, %y = nn.gated_delta %state, %rows, %decay, %beta at %position of %sequence count %count epsilon 1.0e-6 : (tensor<1x2x4x8xf32>, tensor<3x24xf32>, tensor<3x2xf32>, tensor<3x2xf32>, tensor<1xi32>, tensor<1xi32>, tensor<1xi32>) -> (tensor<1x2x4x8xf32>, tensor<3x16xf32>)
    ```
  }];
  let arguments = (ins Tensor:$state, Tensor:$rows, Tensor:$decay, Tensor:$beta, Tensor:$position, Tensor:$sequence, Tensor:$count, F64Attr:$epsilon, UnitAttr:$cyclic);
  let results = (outs Tensor:$after, Tensor:$result);
  let assemblyFormat = [{$state `,` $rows `,` $decay `,` $beta `at` $position `of` $sequence `count` $count `epsilon` $epsilon (`cyclic` $cyclic^)? attr-dict `:`
    functional-type(operands, results)}];
  let hasVerifier = 1;
}

#endif
