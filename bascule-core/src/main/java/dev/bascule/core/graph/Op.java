package dev.bascule.core.graph;

import dev.bascule.core.TensorType;
import java.util.List;

/** An operation with its attributes: what a {@link Node} does to its operands. */
public interface Op {
  /** The name in errors, dumps and the support matrix. */
  String name();

  /** The result types for these operand types; refuses operands that do not fit, naming them. */
  List<TensorType> infer(List<TensorType> operands);
}
