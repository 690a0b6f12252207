package dev.bascule.formats.importer;

import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.Tensor;
import dev.bascule.core.graph.Elementwise;
import dev.bascule.core.graph.Functions;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Value;
import dev.bascule.formats.importer.Operators.Table;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Softmax and the normalizations. */
final class NormalizationOperators {
  /** Channels that are added up one by one. */
  private static final int NEIGHBOURS_MAX = 1024;

  private NormalizationOperators() {}

  /** Softmax or its logarithm. */
  private interface Along {
    Value along(Value x, int axis);
  }

  static void addTo(Table table) {
    table.row("Softmax", 6, node -> flattened(node, Functions::softmax));
    table.row("Softmax", 13, node -> along(node, Functions::softmax));
    table.row("LogSoftmax", 6, node -> flattened(node, Functions::logSoftmax));
    table.row("LogSoftmax", 13, node -> along(node, Functions::logSoftmax));
    table.rows("LayerNormalization", 17, NormalizationOperators::layer);
    table.row("RMSNormalization", 23, NormalizationOperators::rootMeanSquare);
    table.rows("BatchNormalization", 6, NormalizationOperators::batch);
    table.row("InstanceNormalization", 6, NormalizationOperators::instance);
    table.row("GroupNormalization", 21, NormalizationOperators::group);
    table.row("MeanVarianceNormalization", 9, NormalizationOperators::meanVariance);
    table.row("LpNormalization", 6, NormalizationOperators::lp);
    table.row("LRN", 1, NormalizationOperators::localResponse);
    table.rows("Dropout", 6, NormalizationOperators::dropout);
  }

  /** Axes before {@code axis} as one, and the others as one. */
  static Shape flat(Shape shape, int axis) {
    return Shape.of(
        new Shape(shape.dims().subList(0, axis)).elements(),
        new Shape(shape.dims().subList(axis, shape.rank())).elements());
  }

  private static Value along(NodeContext node, Along function) {
    return function.along(node.input(0), node.axis(node.integer("axis", -1), node.rank(0)));
  }

  /** Before opset 13 all axes from the given one on were taken together. */
  private static Value flattened(NodeContext node, Along function) {
    Value x = node.input(0);
    int axis = node.axis(node.integer("axis", 1), x.shape().rank());
    if (axis == x.shape().rank() - 1) {
      return function.along(x, axis);
    }
    return Ops.reshape(function.along(Ops.reshape(x, flat(x.shape(), axis)), 1), x.shape());
  }

  private static List<Integer> axesFrom(int axis, int rank) {
    return IntStream.range(axis, rank).boxed().toList();
  }

  private static List<Value> layer(NodeContext node) {
    Value x = node.input(0);
    Value scale = node.input(1);
    int axis = node.axis(node.integer("axis", -1), x.shape().rank());
    double epsilon = node.number("epsilon", 1e-5);
    List<Integer> axes = axesFrom(axis, x.shape().rank());
    Shape normalized = new Shape(x.shape().dims().subList(axis, x.shape().rank()));
    boolean isPlain = scale.shape().equals(normalized) && !node.wants(1) && !node.wants(2);
    if (isPlain) {
      Value shift = node.optional(2).orElseGet(() -> Ops.zeros(x.dtype(), normalized));
      return List.of(Functions.layerNorm(x, scale, Ops.broadcast(shift, normalized), epsilon));
    }
    Value mean = Ops.mean(x, axes, true);
    Value centred = Ops.sub(x, mean);
    Value variance = Ops.mean(Ops.mul(centred, centred), axes, true);
    Value deviation = Ops.sqrt(Ops.add(variance, Ops.like(variance, epsilon)));
    Value scaled = Ops.mul(Ops.div(centred, deviation), scale);
    Value shifted = node.optional(2).map(shift -> Ops.add(scaled, shift)).orElse(scaled);
    return List.of(shifted, mean, Ops.div(Ops.like(deviation, 1), deviation));
  }

  private static Value rootMeanSquare(NodeContext node) {
    Value x = node.input(0);
    Value scale = node.input(1);
    int rank = x.shape().rank();
    int axis = node.axis(node.integer("axis", -1), rank);
    double epsilon = node.number("epsilon", 1e-5);
    if (axis == rank - 1 && scale.shape().equals(Shape.of(x.shape().dim(axis)))) {
      return Functions.rmsNorm(x, scale, epsilon);
    }
    Value square = Ops.mean(Ops.mul(x, x), axesFrom(axis, rank), true);
    return Ops.mul(Ops.div(x, Ops.sqrt(Ops.add(square, Ops.like(square, epsilon)))), scale);
  }

  /** A value per channel, as [1, channels, 1, ...]. */
  private static Value perChannel(Value channels, int rank) {
    List<Dim> dims = new ArrayList<>(Collections.nCopies(rank, Dim.ONE));
    dims.set(Math.min(1, rank - 1), channels.shape().elements());
    return Ops.reshape(channels, new Shape(dims));
  }

  private static Value normalized(Value x, Value mean, Value variance, double epsilon) {
    Value deviation = Ops.sqrt(Ops.add(variance, Ops.like(variance, epsilon)));
    return Ops.div(Ops.sub(x, mean), deviation);
  }

  private static List<Value> batch(NodeContext node) {
    Value x = node.input(0);
    int rank = x.shape().rank();
    if (node.opset() < 9 && !node.flag("spatial", true)) {
      throw node.unsupported("spatial 0");
    }
    Value scale = perChannel(node.input(1), rank);
    Value shift = perChannel(node.input(2), rank);
    double epsilon = node.number("epsilon", 1e-5);
    if (!node.flag("training_mode", false)) {
      Value mean = perChannel(node.input(3), rank);
      Value variance = perChannel(node.input(4), rank);
      return List.of(Ops.add(Ops.mul(normalized(x, mean, variance, epsilon), scale), shift));
    }
    List<Integer> axes = IntStream.range(0, rank).filter(axis -> axis != 1).boxed().toList();
    Value mean = Ops.mean(x, axes, true);
    Value centred = Ops.sub(x, mean);
    Value variance = Ops.mean(Ops.mul(centred, centred), axes, true);
    Value result = Ops.add(Ops.mul(normalized(x, mean, variance, epsilon), scale), shift);
    double momentum = node.number("momentum", 0.9);
    return List.of(
        result, running(node.input(3), mean, momentum), running(node.input(4), variance, momentum));
  }

  private static Value running(Value before, Value now, double momentum) {
    Value kept = Ops.mul(before, Ops.like(before, momentum));
    Value fresh = Ops.reshape(now, before.shape());
    return Ops.add(kept, Ops.mul(fresh, Ops.like(before, 1 - momentum)));
  }

  private static Value instance(NodeContext node) {
    Value x = node.input(0);
    int rank = x.shape().rank();
    Value normalized = standardized(x, axesFrom(2, rank), node.number("epsilon", 1e-5));
    return Ops.add(
        Ops.mul(normalized, perChannel(node.input(1), rank)), perChannel(node.input(2), rank));
  }

  private static Value standardized(Value x, List<Integer> axes, double epsilon) {
    Value centred = Ops.sub(x, Ops.mean(x, axes, true));
    Value variance = Ops.mean(Ops.mul(centred, centred), axes, true);
    return Ops.div(centred, Ops.sqrt(Ops.add(variance, Ops.like(variance, epsilon))));
  }

  private static Value group(NodeContext node) {
    Value x = node.input(0);
    int rank = x.shape().rank();
    Dim groups = Dim.of(node.integer("num_groups", 1));
    List<Dim> dims = new ArrayList<>(x.shape().dims());
    dims.set(1, x.shape().dim(1).floorDiv(groups));
    dims.add(1, groups);
    Value grouped = Ops.reshape(x, new Shape(dims));
    Value even = standardized(grouped, axesFrom(2, rank + 1), node.number("epsilon", 1e-5));
    Value back = Ops.reshape(even, x.shape());
    return Ops.add(Ops.mul(back, perChannel(node.input(1), rank)), perChannel(node.input(2), rank));
  }

  private static Value meanVariance(NodeContext node) {
    Value x = node.input(0);
    List<Integer> axes =
        node.axes(node.integers("axes").orElse(List.of(0L, 2L, 3L)), x.shape().rank());
    Value centred = Ops.sub(x, Ops.mean(x, axes, true));
    Value variance = Ops.mean(Ops.mul(centred, centred), axes, true);
    // The standard adds its epsilon behind the root.
    return Ops.div(centred, Ops.add(Ops.sqrt(variance), Ops.like(variance, 1e-9)));
  }

  private static Value lp(NodeContext node) {
    Value x = node.input(0);
    List<Integer> axes = List.of(node.axis(node.integer("axis", -1), x.shape().rank()));
    Value norm =
        switch ((int) node.integer("p", 2)) {
          case 1 -> Ops.sum(Ops.apply(Elementwise.ABS, x), axes, true);
          case 2 -> Ops.sqrt(Ops.sum(Ops.mul(x, x), axes, true));
          default -> throw node.unsupported("p " + node.integer("p", 2));
        };
    Value isZero = Ops.eq(norm, Ops.like(norm, 0));
    return Ops.select(isZero, Ops.like(x, 0), Ops.div(x, norm));
  }

  /**
   * Each element over the power of the squares of its neighbours in the channels. Source:
   * Krizhevsky et al., 2012.
   */
  private static Value localResponse(NodeContext node) {
    Value x = node.input(0);
    long size = node.integer("size", 1);
    if (size < 1 || size > NEIGHBOURS_MAX) {
      throw node.wrong("a size from 1 to " + NEIGHBOURS_MAX, Long.toString(size));
    }
    Dim channels = x.shape().dim(1);
    List<Dim> before = new ArrayList<>(Collections.nCopies(x.shape().rank(), Dim.ZERO));
    List<Dim> after = new ArrayList<>(before);
    before.set(1, Dim.of((size - 1) / 2));
    after.set(1, Dim.of(size / 2));
    Value squares = Ops.pad(Ops.mul(x, x), before, after);
    Value sum = Ops.sliceAxis(squares, 1, Dim.ZERO, channels);
    for (long i = 1; i < size; i++) {
      sum = Ops.add(sum, Ops.sliceAxis(squares, 1, Dim.of(i), channels));
    }
    double alpha = node.number("alpha", 1e-4);
    Value scaled = Ops.mul(sum, Ops.like(x, alpha / size));
    Value base = Ops.add(scaled, Ops.like(x, node.number("bias", 1)));
    return Ops.div(x, Ops.pow(base, Ops.like(x, node.number("beta", 0.75))));
  }

  /** In inference nothing is dropped. */
  private static List<Value> dropout(NodeContext node) {
    Value x = node.input(0);
    Optional<Tensor> training = node.constant(2);
    boolean isInference =
        node.opset() < 12
            || node.optional(2).isEmpty()
            || training.filter(flag -> flag.get(0) == 0).isPresent();
    boolean dropsNothing = node.constant(1).filter(ratio -> ratio.number(0) == 0).isPresent();
    if (!isInference && !dropsNothing) {
      throw node.unsupported("training");
    }
    DType mask = node.opset() < 10 ? x.dtype() : DType.BOOL;
    return List.of(x, Ops.fill(mask, x.shape(), 1));
  }
}
