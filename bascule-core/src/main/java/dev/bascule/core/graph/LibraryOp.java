package dev.bascule.core.graph;

import dev.bascule.core.Bindings;
import dev.bascule.core.Tensor;
import java.util.List;

/**
 * An op that devices have hand-written kernels for. {@link #decompose} is its meaning in
 * primitives: its oracle, and what runs where a device has no kernel - with the same bits.
 */
public sealed interface LibraryOp permits Matmul, Attention, CachedAttention, Linear {
  List<Value> decompose(Node node);

  /** The reference meaning: the decomposition's. */
  default List<Tensor> evaluateDecomposed(Node node, List<Tensor> operands, Bindings dims) {
    return Reference.evaluate(node.operands(), operands, decompose(node), dims);
  }
}
