// Several streams side by side, of which a block computes the first: it predicts all of them from each other, and corrects them by what came out (alternating
// updates: Baykal et al. 2023, arXiv 2301.13310). Beside its attention a product of low rank (Laurel: Menghani et al. 2024, arXiv 2411.07501), and gates of
// which only the largest count.
// Shapes in comments: M rows, A streams, E width.
#include "compiler/import/gguf/LlmGraph.h"

#include <cmath>

using namespace mlir;

namespace ingot {

/// The root of the sum of squares over the last axis, which stays with extent 1.
Value LlmGraph::magnitude(Value input) {
  llvm::SmallVector<int64_t> shape(shapeOf(input));
  shape.back() = 1;
  Value sum = nn::ReduceOp::create(builder, loc, f32(shape), nn::ReduceKind::sum_square, input, builder.getDenseI64ArrayAttr({static_cast<int64_t>(shape.size()) - 1}));
  return unary(sum, nn::UnaryKind::sqrt);
}

Value LlmGraph::streamsFrom(Value streams, int64_t first, int64_t count) {
  return nn::SliceOp::create(builder, loc, f32({rowsOf(streams), count, model.width}), streams, builder.getDenseI64ArrayAttr({0, first, 0}), builder.getDenseI64ArrayAttr({1, 1, 1}));
}

/// [M, A, E] -> [M, E]
Value LlmGraph::firstOf(Value streams) { return reshape(streamsFrom(streams, 0, 1), {rowsOf(streams), model.width}); }

/// [M, E] -> [M, A, E]: the others are products of the first, as large as it. Without streams the stream itself.
Value LlmGraph::spread(Value stream) {
  if (!model.spec.streams)
    return stream;
  Value first = reshape(stream, {rowsOf(stream), 1, model.width});
  Value others = each(first, model.spread);
  others = binary(binary(others, magnitude(first), nn::BinaryKind::mul), magnitude(others), nn::BinaryKind::div);
  return nn::ConcatOp::create(builder, loc, f32({rowsOf(stream), model.streams, model.width}), ValueRange{first, others}, builder.getI64IntegerAttr(1));
}

/// [M, A, E] -> [M, E]: the mean of the first and of products of the others, as large as it.
Value LlmGraph::joined(Value streams) {
  if (!model.spec.streams)
    return streams;
  Value first = streamsFrom(streams, 0, 1), others = each(streamsFrom(streams, 1, model.streams - 1), model.gathered);
  others = binary(binary(others, magnitude(first), nn::BinaryKind::mul), magnitude(others), nn::BinaryKind::div);
  Value sum = nn::ReduceOp::create(builder, loc, first.getType(), nn::ReduceKind::sum, others, builder.getDenseI64ArrayAttr({1}));
  return reshape(scaled(binary(first, sum, nn::BinaryKind::add), 1 / static_cast<double>(model.streams)), {rowsOf(streams), model.width});
}

/// What streams are mixed by, [M, A], from the one [M, E] that is computed.
Value LlmGraph::routed(Value stream, const LlmBlockStreams &found) {
  return unary(linear(scaled(norm(stream, found.routerNorm), 1 / static_cast<double>(model.width)), found.router), nn::UnaryKind::tanh);
}

/// Each stream and a mixture of all, [M, A, E].
Value LlmGraph::predicted(Value streams, const LlmBlockStreams &found) {
  int64_t count = model.streams;
  Value shares = reshape(linear(routed(firstOf(streams), found), found.predict), {rowsOf(streams), count, count});
  return binary(streams, nn::MatmulOp::create(builder, loc, streams.getType(), shares, streams), nn::BinaryKind::add);
}

/// Predictions [M, A, E] and each one's share of what the computed stream [M, E] differs from the first.
Value LlmGraph::corrected(Value streams, Value computed, const LlmBlockStreams &found) {
  Value shares = binary(linear(routed(computed, found), found.correct), scalar(1), nn::BinaryKind::add);
  Value news = reshape(binary(computed, firstOf(streams), nn::BinaryKind::sub), {rowsOf(streams), 1, model.width});
  Value all = nn::BroadcastOp::create(builder, loc, streams.getType(), news);
  return binary(streams, binary(all, reshape(shares, {rowsOf(streams), model.streams, 1}), nn::BinaryKind::mul), nn::BinaryKind::add);
}

/// [M, E] and its product of low rank.
Value LlmGraph::laurel(Value normed, const LlmBlockStreams &found) {
  return binary(norm(linear(linear(normed, found.laurelDown), found.laurelUp), found.laurelAfter), normed, nn::BinaryKind::add);
}

/// What each of the gates [M, F] lies above the row's mean and so many standard deviations, else 0.
Value LlmGraph::sparse(Value gates, double deviations) {
  if (deviations == 0)
    return gates;
  auto over = [&](nn::ReduceKind kind, Value of) { return nn::ReduceOp::create(builder, loc, f32({rowsOf(gates), 1}), kind, of, builder.getDenseI64ArrayAttr({1})); };
  Value mean = over(nn::ReduceKind::mean, gates);
  Value squares = over(nn::ReduceKind::sum_square, binary(gates, mean, nn::BinaryKind::sub));
  double others = std::max<double>(1, static_cast<double>(shapeOf(gates)[1]) - 1);
  Value least = binary(mean, scaled(unary(scaled(squares, 1 / others), nn::UnaryKind::sqrt), deviations), nn::BinaryKind::add);
  return unary(binary(gates, least, nn::BinaryKind::sub), nn::UnaryKind::relu);
}

/// The streams [M, A, E], or the wanted rows of them, behind a block.
Value LlmGraph::passedStreams(Value streams, const LlmBlock &block, int64_t index, const Step &step) {
  const LlmBlockStreams &found = *block.streams;
  streams = predicted(streams, found);
  Value stream = firstOf(streams);
  Value added = mixed(stream, block, index, step); // the stream becomes the wanted rows
  streams = wanted(streams, step);
  Value low = laurel(norm(stream, block.attentionNorms.before), found);
  stream = scaled(binary(half(stream, added, block.attentionNorms), low, nn::BinaryKind::add), std::sqrt(0.5));
  stream = half(stream, feedForward(stream, stream, block), block.ffnNorms);
  streams = corrected(streams, stream, found);
  Value own = brought(block, index, binary(firstOf(streams), vector(*found.scale), nn::BinaryKind::mul), step);
  Value others = binary(streamsFrom(streams, 1, model.streams - 1), reshape(own, {rowsOf(streams), 1, model.width}), nn::BinaryKind::add);
  return nn::ConcatOp::create(builder, loc, streams.getType(), ValueRange{streamsFrom(streams, 0, 1), others}, builder.getI64IntegerAttr(1));
}

} // namespace ingot
