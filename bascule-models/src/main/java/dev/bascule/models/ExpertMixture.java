package dev.bascule.models;

import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.graph.Call;
import dev.bascule.core.graph.Elementwise;
import dev.bascule.core.graph.Functions;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Reduce;
import dev.bascule.core.graph.Scatter;
import dev.bascule.core.graph.Value;
import java.util.List;
import java.util.Map;

/**
 * A mixture of experts: a router sends each token to a few of them. Instead of sorting, ranks are
 * counted: an expert's rank is the number of those with larger scores, or equal ones and a lower
 * number, so that ties are decided alike everywhere. Tokens are brought into the order of their
 * experts the same way, which keeps the order of tokens within an expert.
 *
 * <p>Sources: DeepSeek-V3, 2024, section 2.1.2 (sigmoid scores, the bias, groups); Qwen3, 2025.
 */
final class ExpertMixture {
  /** Keeps a sum of weights from being 0; too small to change any other. */
  private static final double LEAST_SUM = 1e-20;

  private ExpertMixture() {}

  /** The experts of each token and what their results are multiplied by, both [n, used]. */
  private record Routes(Value experts, Value weights) {}

  /** Of x [n, hidden], to [n, hidden]. */
  static Value of(Layer layer, DecoderConfig.Experts experts, Value x) {
    Value logits = layer.linear(layer.label("router"), x, Role.ROUTER); // [n, experts]
    Routes routes = route(layer, experts, logits);
    Dim tokens = x.shape().dim(0);
    Dim used = Dim.of(experts.used());
    Dim pairs = tokens.times(used);
    Value expert = Ops.reshape(routes.experts, Shape.of(pairs)); // of token i, pairs i * used + j
    Value place = Layer.named(layer.label("expert_order"), places(expert));
    Value offsets = Layer.named(layer.label("expert_offsets"), offsets(expert, experts.count()));
    Value sorted =
        Layer.named(
            layer.label("expert_rows"),
            Ops.gather(x, tokenAt(layer, place, experts.used()), 0)); // [pairs, hidden]
    List<Value> both =
        layer.grouped(
            layer.label("expert_gate_up"),
            sorted,
            List.of(Role.EXPERT_GATE, Role.EXPERT_UP),
            offsets);
    Value product =
        Layer.named(
            layer.label("expert_activation"), Ops.mul(Functions.silu(both.get(0)), both.get(1)));
    Value down =
        layer
            .grouped(layer.label("expert_down"), product, List.of(Role.EXPERT_DOWN), offsets)
            .getFirst();
    Value back = Ops.reshape(Ops.gather(down, place, 0), Shape.of(tokens, used, x.shape().dim(1)));
    Value weighted = Ops.mul(back, Ops.unsqueeze(routes.weights, 2));
    return Layer.named(layer.label("expert_sum"), Ops.sum(weighted, List.of(1), false));
  }

  /** The token whose pair comes to each place, i64 [pairs]. */
  private static Value tokenAt(Layer layer, Value place, int used) {
    Value pair = Ops.iota(place.shape(), 0);
    Value token = Ops.apply(Elementwise.DIV, pair, Ops.like(pair, used));
    return Layer.named(
        layer.label("expert_tokens"),
        Ops.scatter(Scatter.Kind.SET, Ops.like(pair, 0), place, token));
  }

  private static Routes route(Layer layer, DecoderConfig.Experts experts, Value logits) {
    Value scores =
        switch (experts.scoring()) {
          case SOFTMAX -> Functions.softmax(logits, 1);
          case SIGMOID -> Functions.sigmoid(logits);
        };
    scores = Layer.named(layer.label("router_scores"), scores);
    Value choice =
        experts.scoring() == DecoderConfig.Scoring.SIGMOID
            ? Ops.add(scores, layer.weights().vector(Role.ROUTER_BIAS, layer.number()))
            : scores;
    Value ranks = Layer.named(layer.label("router_ranks"), ranks(withinGroups(experts, choice)));
    // for each of a token's places j the expert of rank j, [n, used, experts]
    Dim tokens = logits.shape().dim(0);
    Shape shape = Shape.of(tokens, Dim.of(experts.used()), Dim.of(experts.count()));
    Value hit =
        Ops.eq(
            Ops.broadcast(Ops.unsqueeze(ranks, 1), shape), Ops.cast(Ops.iota(shape, 1), DType.I32));
    Value expert =
        Ops.reduce(
            Reduce.Kind.MAX,
            Ops.select(hit, Ops.iota(shape, 2), Ops.zeros(DType.I64, shape)),
            List.of(2),
            false);
    Value weights =
        Ops.sum(
            Ops.select(
                hit, Ops.broadcast(Ops.unsqueeze(scores, 1), shape), Ops.zeros(DType.F32, shape)),
            List.of(2),
            false);
    if (experts.normed()) {
      Value sum = Ops.sum(weights, List.of(1), true);
      weights = Ops.div(weights, Ops.add(sum, Ops.like(sum, LEAST_SUM)));
    }
    if (experts.scale() != 1) {
      weights = Ops.mul(weights, Ops.like(weights, experts.scale()));
    }
    return new Routes(
        Layer.named(layer.label("router_choice"), expert),
        Layer.named(layer.label("router_weights"), weights));
  }

  /** Scores of the experts in the best groups; the others can not be chosen any more. */
  private static Value withinGroups(DecoderConfig.Experts experts, Value scores) {
    if (experts.groupsUsed() == experts.groups()) {
      return scores;
    }
    Dim tokens = scores.shape().dim(0);
    Dim groups = Dim.of(experts.groups());
    Dim size = Dim.of(experts.count() / experts.groups());
    Value members = Ops.reshape(scores, Shape.of(tokens.times(groups), size));
    Value best =
        switch (experts.scoring()) {
          case SOFTMAX -> Ops.reduce(Reduce.Kind.MAX, members, List.of(1), false);
          case SIGMOID -> {
            Value ranks = ranks(members);
            Value first = Ops.lt(ranks, Ops.like(ranks, 2));
            yield Ops.sum(Ops.select(first, members, Ops.like(members, 0)), List.of(1), false);
          }
        };
    Value groupRanks = ranks(Ops.reshape(best, Shape.of(tokens, groups)));
    Value open = Ops.lt(groupRanks, Ops.like(groupRanks, experts.groupsUsed()));
    Shape all = Shape.of(tokens, groups, size);
    Value openToAll = Ops.reshape(Ops.broadcast(Ops.unsqueeze(open, 2), all), scores.shape());
    return Ops.select(openToAll, scores, Ops.like(scores, Double.NEGATIVE_INFINITY));
  }

  /** The place of each element of a row of [rows, n] in descending order, i32. */
  private static Value ranks(Value scores) {
    return Call.of(
        "DescendingRank",
        Map.of(),
        List.of(scores),
        p -> {
          Dim n = scores.shape().dim(1);
          Shape shape = Shape.of(scores.shape().dim(0), n, n);
          Value own = Ops.broadcast(Ops.unsqueeze(p.getFirst(), 2), shape);
          Value other = Ops.broadcast(Ops.unsqueeze(p.getFirst(), 1), shape);
          return count(ahead(Ops.lt(own, other), Ops.eq(own, other), shape, 2, 1), 2);
        });
  }

  /** The place of each pair when they are sorted by expert, i64 [pairs]. */
  private static Value places(Value expert) {
    return Call.of(
        "AscendingRank",
        Map.of(),
        List.of(expert),
        p -> {
          Dim n = expert.shape().dim(0);
          Shape shape = Shape.of(n, n);
          Value narrow = Ops.cast(p.getFirst(), DType.I32);
          Value own = Ops.broadcast(Ops.unsqueeze(narrow, 1), shape);
          Value other = Ops.broadcast(Ops.unsqueeze(narrow, 0), shape);
          Value count = count(ahead(Ops.lt(other, own), Ops.eq(own, other), shape, 1, 0), 1);
          return Ops.cast(count, DType.I64);
        });
  }

  /** Better, or as good with a lower number: {@code other} along one axis, own along another. */
  private static Value ahead(Value better, Value equal, Shape shape, int other, int own) {
    Value earlier = Ops.lt(Ops.iota(shape, other), Ops.iota(shape, own));
    return Ops.apply(Elementwise.OR, better, Ops.apply(Elementwise.AND, equal, earlier));
  }

  private static Value count(Value truths, int axis) {
    return Ops.sum(Ops.cast(truths, DType.I32), List.of(axis), false);
  }

  /** Where the rows of each expert begin, and where the last one's end, i64 [experts + 1]. */
  private static Value offsets(Value expert, int count) {
    Shape shape = Shape.of(Dim.of(count + 1L), expert.shape().dim(0));
    Value before = Ops.lt(Ops.broadcast(expert, shape), Ops.iota(shape, 0));
    return Ops.sum(Ops.cast(before, DType.I64), List.of(1), false);
  }
}
