package dev.bascule.formats.importer;

import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.graph.Elementwise;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Reduce;
import dev.bascule.core.graph.Value;
import dev.bascule.formats.importer.Operators.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Reductions over axes, the search for the largest element, and sums along an axis. */
final class ReductionOperators {
  private ReductionOperators() {}

  /** Folds axes of a value. */
  private interface Fold {
    Value fold(Value x, List<Integer> axes, boolean keep);
  }

  static void addTo(Table table) {
    // Since when the axes are an input: 13 for the sum, 18 for the others; both places are looked
    // at.
    reduction(table, "ReduceSum", Ops::sum);
    reduction(table, "ReduceMean", Ops::mean);
    reduction(table, "ReduceMax", (x, axes, keep) -> Ops.reduce(Reduce.Kind.MAX, x, axes, keep));
    reduction(table, "ReduceMin", (x, axes, keep) -> Ops.reduce(Reduce.Kind.MIN, x, axes, keep));
    reduction(
        table, "ReduceProd", (x, axes, keep) -> Ops.reduce(Reduce.Kind.PRODUCT, x, axes, keep));
    reduction(
        table, "ReduceL1", (x, axes, keep) -> Ops.sum(Ops.apply(Elementwise.ABS, x), axes, keep));
    reduction(table, "ReduceL2", (x, axes, keep) -> Ops.sqrt(Ops.sum(Ops.mul(x, x), axes, keep)));
    reduction(table, "ReduceSumSquare", (x, axes, keep) -> Ops.sum(Ops.mul(x, x), axes, keep));
    reduction(table, "ReduceLogSum", (x, axes, keep) -> Ops.log(Ops.sum(x, axes, keep)));
    reduction(table, "ReduceLogSumExp", ReductionOperators::logSumExp);
    table.row("ArgMax", 6, node -> extreme(node, Reduce.Kind.MAX));
    table.row("ArgMin", 6, node -> extreme(node, Reduce.Kind.MIN));
    table.row("Hardmax", 6, node -> hardmax(node, false));
    table.row("Hardmax", 13, node -> hardmax(node, true));
    table.row("CumSum", 11, ReductionOperators::cumulativeSum);
    table.row("GlobalAveragePool", 1, node -> Ops.mean(node.input(0), spatial(node), true));
    table.row(
        "GlobalMaxPool",
        1,
        node -> Ops.reduce(Reduce.Kind.MAX, node.input(0), spatial(node), true));
  }

  private static List<Integer> spatial(NodeContext node) {
    return IntStream.range(2, node.rank(0)).boxed().toList();
  }

  static List<Integer> allAxes(Value x) {
    return IntStream.range(0, x.shape().rank()).boxed().toList();
  }

  private static void reduction(Table table, String name, Fold fold) {
    table.row(
        name,
        6,
        node -> {
          Value x = node.input(0);
          List<Long> given = node.integers("axes", 1).orElse(List.of());
          List<Integer> axes = given.isEmpty() ? allAxes(x) : node.axes(given, x.shape().rank());
          if (given.isEmpty() && node.flag("noop_with_empty_axes", false)) {
            axes = List.of();
          }
          return fold.fold(x, axes, node.flag("keepdims", true));
        });
  }

  /** Stable: the largest element is taken out, unless it is infinite. */
  private static Value logSumExp(Value x, List<Integer> axes, boolean keep) {
    Value peak = Ops.reduce(Reduce.Kind.MAX, x, axes, true);
    Value isInfinite =
        Ops.eq(Ops.apply(Elementwise.ABS, peak), Ops.like(peak, Double.POSITIVE_INFINITY));
    Value shift = Ops.select(isInfinite, Ops.like(peak, 0), peak);
    Value sum = Ops.sum(Ops.exp(Ops.sub(x, shift)), axes, true);
    Value result = Ops.add(Ops.log(sum), shift);
    return keep ? result : dropAxes(result, axes);
  }

  private static Value dropAxes(Value x, List<Integer> axes) {
    List<Dim> dims = new ArrayList<>();
    for (int axis = 0; axis < x.shape().rank(); axis++) {
      if (!axes.contains(axis)) {
        dims.add(x.shape().dim(axis));
      }
    }
    return Ops.reshape(x, new Shape(dims));
  }

  private static Value extreme(NodeContext node, Reduce.Kind kind) {
    Value x = node.input(0);
    int axis = node.axis(node.integer("axis", 0), x.shape().rank());
    Value index = indexOf(x, axis, kind, node.flag("select_last_index", false));
    return node.flag("keepdims", true) ? index : dropAxes(index, List.of(axis));
  }

  /**
   * The first (or last) place of the extreme element along an axis, which is kept; a NaN is
   * extreme, as in NumPy.
   */
  private static Value indexOf(Value x, int axis, Reduce.Kind kind, boolean last) {
    Value peak = Ops.broadcast(Ops.reduce(kind, x, List.of(axis), true), x.shape());
    Value hit = Ops.eq(x, peak);
    if (x.dtype().isFloat()) {
      hit = Ops.apply(Elementwise.OR, hit, Ops.apply(Elementwise.IS_NAN, x));
    }
    Value places = Ops.iota(x.shape(), axis);
    Value never =
        last ? Ops.like(places, -1) : Ops.broadcast(Ops.dimension(x.shape().dim(axis)), x.shape());
    Reduce.Kind pick = last ? Reduce.Kind.MAX : Reduce.Kind.MIN;
    return Ops.reduce(pick, Ops.select(hit, places, never), List.of(axis), true);
  }

  /** Before opset 13 the axes from the given one on were one. */
  private static Value hardmax(NodeContext node, boolean oneAxis) {
    Value x = node.input(0);
    int axis = node.axis(node.integer("axis", oneAxis ? -1 : 1), x.shape().rank());
    Value rows = oneAxis ? x : Ops.reshape(x, NormalizationOperators.flat(x.shape(), axis));
    int along = oneAxis ? axis : 1;
    Value index = indexOf(rows, along, Reduce.Kind.MAX, false);
    Value hit = Ops.eq(Ops.iota(rows.shape(), along), index);
    return Ops.reshape(Ops.cast(hit, x.dtype()), x.shape());
  }

  /**
   * Each element is the sum of those up to it: a triangular selection and a reduction, quadratic in
   * the axis. A scan op will be linear.
   */
  private static Value cumulativeSum(NodeContext node) {
    Value x = node.input(0);
    List<Long> axes = node.integers(1);
    int axis = node.axis(axes.getFirst(), x.shape().rank());
    boolean exclusive = node.flag("exclusive", false);
    List<Dim> dims = new ArrayList<>(x.shape().dims());
    dims.add(axis, x.shape().dim(axis));
    Shape square = new Shape(dims); // [..., to, from, ...]
    Value to = Ops.iota(square, axis);
    Value from = Ops.iota(square, axis + 1);
    boolean reverse = node.flag("reverse", false);
    Value low = reverse ? to : from;
    Value high = reverse ? from : to;
    Value counts = exclusive ? Ops.lt(low, high) : Ops.le(low, high);
    Value spread = Ops.broadcast(Ops.unsqueeze(x, axis), square);
    Value terms = Ops.select(counts, spread, Ops.zeros(x.dtype(), square));
    return Ops.sum(terms, List.of(axis + 1), false);
  }
}
