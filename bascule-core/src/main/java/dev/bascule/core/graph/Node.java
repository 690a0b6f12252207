package dev.bascule.core.graph;

import dev.bascule.core.ShapeException;
import dev.bascule.core.TensorType;
import java.util.ArrayList;
import java.util.List;

/**
 * An op applied to values. Nodes are immutable and refer only to earlier values, so a graph cannot
 * contain a cycle. Compared by identity.
 */
public final class Node {
  private final Op op;
  private final List<Value> operands;
  private final List<Value> results;
  private final String label;

  private Node(Op op, List<Value> operands, String label) {
    this.op = op;
    this.operands = List.copyOf(operands);
    this.label = label.isEmpty() ? op.name() : label;
    List<Value> values = new ArrayList<>();
    for (TensorType type : infer()) {
      values.add(new Value(this, values.size(), type));
    }
    this.results = List.copyOf(values);
  }

  private List<TensorType> infer() {
    List<TensorType> types = operands.stream().map(Value::type).toList();
    try {
      return op.infer(types);
    } catch (ShapeException e) {
      if (label.equals(op.name())) {
        throw e;
      }
      throw new ShapeException("'" + label + "': " + e.getMessage(), e);
    }
  }

  /**
   * Applies {@code op}; the types are checked now. The label (may be empty) is for errors and
   * {@code --explain}.
   */
  public static Node of(String label, Op op, List<Value> operands) {
    return new Node(op, operands, label);
  }

  public static Value value(Op op, Value... operands) {
    return new Node(op, List.of(operands), "").results.getFirst();
  }

  public Op op() {
    return op;
  }

  public List<Value> operands() {
    return operands;
  }

  public Value operand(int index) {
    return operands.get(index);
  }

  public List<Value> results() {
    return results;
  }

  public Value result() {
    return results.getFirst();
  }

  public String label() {
    return label;
  }

  @Override
  public String toString() {
    return label + "(" + operands + ") -> " + results.stream().map(Value::type).toList();
  }
}
