package dev.bascule.core.graph;

import dev.bascule.core.Bindings;
import dev.bascule.core.ShapeException;
import dev.bascule.core.Tensor;
import dev.bascule.core.TensorType;
import java.util.List;
import java.util.Optional;

/**
 * An operation with its attributes: what a {@link Node} does to its operands. Everything about an
 * op is in its own place: the type and shape rule, the gradient, and the reference meaning.
 */
public sealed interface Op
    permits Attention,
        Bitcast,
        Broadcast,
        CachedAttention,
        Call,
        Cast,
        Concat,
        Constant,
        DimensionValue,
        Dot,
        Elementwise,
        Gather,
        Iota,
        Linear,
        Matmul,
        NonZero,
        Pad,
        Parameter,
        Permute,
        Reduce,
        Reshape,
        Scatter,
        Slice {
  /** The name in errors, dumps and the support matrix. */
  String name();

  /** The result types for these operand types; refuses operands that do not fit, naming them. */
  List<TensorType> infer(List<TensorType> operands);

  /**
   * The gradients of the operands, given those of the results (empty where a result has none). An
   * empty entry means that the op is constant in that operand.
   */
  default List<Optional<Value>> gradient(Node node, List<Optional<Value>> results) {
    throw new ShapeException("op " + name() + " is not differentiable");
  }

  /**
   * What the op means: its results for these operands, bit for bit. Parameters have no meaning of
   * their own.
   */
  List<Tensor> evaluate(Node node, List<Tensor> operands, Bindings dims);

  /** Refuses an operand count that is not {@code count}. */
  default void requireOperands(List<TensorType> operands, int count) {
    if (operands.size() != count) {
      throw new ShapeException(
          name() + " takes " + count + " operands, got " + operands.size() + ": " + operands);
    }
  }
}
