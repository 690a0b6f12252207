package dev.bascule.engine.rewrite;

import dev.bascule.core.Bindings;
import dev.bascule.core.DataException;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.Tensor;
import dev.bascule.core.graph.Attention;
import dev.bascule.core.graph.Bitcast;
import dev.bascule.core.graph.Broadcast;
import dev.bascule.core.graph.CachedAttention;
import dev.bascule.core.graph.Call;
import dev.bascule.core.graph.Cast;
import dev.bascule.core.graph.Concat;
import dev.bascule.core.graph.Constant;
import dev.bascule.core.graph.DimensionValue;
import dev.bascule.core.graph.Dot;
import dev.bascule.core.graph.Elementwise;
import dev.bascule.core.graph.Gather;
import dev.bascule.core.graph.Iota;
import dev.bascule.core.graph.Linear;
import dev.bascule.core.graph.Matmul;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.NonZero;
import dev.bascule.core.graph.Op;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Pad;
import dev.bascule.core.graph.Parameter;
import dev.bascule.core.graph.Permute;
import dev.bascule.core.graph.Reduce;
import dev.bascule.core.graph.Reshape;
import dev.bascule.core.graph.Scatter;
import dev.bascule.core.graph.Slice;
import dev.bascule.core.graph.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Evaluates ops on constants when the graph is compiled, with the reference meaning. Bounded: a
 * result larger than the limit is left to the run, and a broadcast constant stays a view, so
 * folding never blows a small literal up into a large tensor.
 */
final class Folding {
  /** Views of constants up to this size are written out where an op needs their elements. */
  private static final long VIEW_BYTES_MAX = 4096;

  /** Operands of ops that are slow to evaluate here, or free when the plan runs. */
  private static final long SMALL_BYTES_MAX = 1 << 16;

  private final long bytesMax;

  Folding(long bytesMax) {
    this.bytesMax = bytesMax;
  }

  /** The results of {@code node} as constants, or as views of constants. */
  Optional<List<Value>> fold(Node node) {
    return switch (node.op()) {
      case Elementwise op -> pointwise(node);
      case Cast cast -> pointwise(node);
      case Bitcast cast -> pointwise(node);
      // the same bytes under other extents: free, whatever the size
      case Reshape reshape -> reshape(node, reshape);
      // a view of a constant costs nothing; a second copy of a weight would
      case Permute p -> evaluate(node, Math.min(bytesMax, SMALL_BYTES_MAX));
      case Concat c -> evaluate(node, bytesMax);
      case Gather g -> evaluate(node, bytesMax);
      case Scatter s -> evaluate(node, bytesMax);
      case Reduce r -> evaluate(node, bytesMax);
      case Slice slice ->
          slice.starts().stream().allMatch(Dim::isConstant)
              ? evaluate(node, Math.min(bytesMax, SMALL_BYTES_MAX))
              : Optional.empty();
      case Pad pad ->
          pad.low().stream().allMatch(Dim::isConstant)
              ? evaluate(node, bytesMax)
              : Optional.empty();
      case Dot d -> evaluate(node, SMALL_BYTES_MAX);
      case Matmul m -> evaluate(node, SMALL_BYTES_MAX);
      case Attention a -> evaluate(node, SMALL_BYTES_MAX);
      case CachedAttention a -> evaluate(node, SMALL_BYTES_MAX);
      case Linear l -> evaluate(node, SMALL_BYTES_MAX);
      case Call c -> evaluate(node, SMALL_BYTES_MAX);
      case DimensionValue value ->
          value.dim().isConstant() ? evaluate(node, bytesMax) : Optional.empty();
      // broadcasts and coordinates are cheaper computed than read; counts bind a symbol
      case Broadcast b -> Optional.empty();
      case Iota i -> Optional.empty();
      case NonZero n -> Optional.empty();
      case Constant c -> Optional.empty();
      case Parameter p -> Optional.empty();
    };
  }

  private static Optional<List<Value>> reshape(Node node, Reshape reshape) {
    return node.operand(0).node().op() instanceof Constant constant && reshape.shape().isConstant()
        ? Optional.of(
            List.of(
                Constant.of(
                    node.operand(0).node().label(),
                    constant.tensor().reshaped(reshape.shape().evaluate(Bindings.NONE)))))
        : Optional.empty();
  }

  /**
   * Evaluates before the operands' broadcasts, on the smallest shape that shows all of them, and
   * broadcasts the result.
   */
  private Optional<List<Value>> pointwise(Node node) {
    Shape common = Shape.SCALAR;
    List<Value> inner = new ArrayList<>();
    for (Value operand : node.operands()) {
      Value unrepeated =
          operand.node().op() instanceof Broadcast ? operand.node().operand(0) : operand;
      if (!(unrepeated.node().op() instanceof Constant)) {
        return Optional.empty();
      }
      inner.add(unrepeated);
      common = Ops.common(node.label(), common, unrepeated.shape());
    }
    if (!fits(node.result().dtype().bits(), common, bytesMax)) {
      return Optional.empty();
    }
    List<Value> operands = new ArrayList<>();
    for (Value value : inner) {
      Node repeat = Ops.broadcast(value, common).node();
      operands.add(Constant.of(tensor(repeat)));
    }
    Node small = Node.of(node.label(), node.op(), operands);
    Value folded =
        Constant.of(small.op().evaluate(small, tensors(operands), Bindings.NONE).getFirst());
    return Optional.of(List.of(Ops.broadcast(folded, node.result().shape())));
  }

  private static Optional<List<Value>> evaluate(Node node, long limit) {
    for (Value result : node.results()) {
      if (!fits(result.dtype().bits(), result.shape(), limit)) {
        return Optional.empty();
      }
    }
    for (Value operand : node.operands()) {
      Op op = operand.node().op();
      boolean known =
          op instanceof Constant
              ? fits(operand.dtype().bits(), operand.shape(), limit)
              : op instanceof Broadcast
                  && operand.node().operand(0).node().op() instanceof Constant
                  && fits(operand.dtype().bits(), operand.shape(), VIEW_BYTES_MAX);
      if (!known) {
        return Optional.empty();
      }
    }
    try {
      List<Tensor> results = node.op().evaluate(node, tensors(node.operands()), Bindings.NONE);
      return Optional.of(results.stream().map(Constant::of).toList());
    } catch (DataException e) {
      // an index out of range is the run's to report
      return Optional.empty();
    }
  }

  private static boolean fits(int bits, Shape shape, long bytesMax) {
    return shape.isConstant() && shape.elements().constant() <= bytesMax * 8 / bits;
  }

  private static List<Tensor> tensors(List<Value> values) {
    return values.stream().map(value -> tensor(value.node())).toList();
  }

  private static Tensor tensor(Node node) {
    return node.op() instanceof Constant constant
        ? constant.tensor()
        : node.op()
            .evaluate(node, List.of(tensor(node.operand(0).node())), Bindings.NONE)
            .getFirst();
  }
}
