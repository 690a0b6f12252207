package dev.bascule.core.graph;

import dev.bascule.core.DType;
import dev.bascule.core.Shape;
import dev.bascule.core.TensorType;

/** One result of a node: what edges of a graph carry. Compared by identity. */
public final class Value {
  private final Node node;
  private final int index;
  private final TensorType type;

  Value(Node node, int index, TensorType type) {
    this.node = node;
    this.index = index;
    this.type = type;
  }

  /** The node that gives this value. */
  public Node node() {
    return node;
  }

  /** Which of the node's results this is. */
  public int index() {
    return index;
  }

  public TensorType type() {
    return type;
  }

  public DType dtype() {
    return type.dtype();
  }

  public Shape shape() {
    return type.shape();
  }

  @Override
  public String toString() {
    return node.label() + ":" + type;
  }
}
