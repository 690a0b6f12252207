package dev.bascule.certify;

import dev.bascule.core.Tensor;
import dev.bascule.core.graph.Graph;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** A model with the inputs that all devices get. */
public interface Subject extends AutoCloseable {
  /** What is certified. */
  Graph graph();

  /**
   * The same computation without the roundings that settings add to the model's own numbers, to be
   * widened to f64. Its values have the labels of {@link #graph}'s.
   */
  Graph truth();

  /**
   * The numbers that a labelled value stands for: itself, unless it is kept in a form that takes
   * another to read, such as whole numbers beside their scales.
   *
   * @param tensors values by their labels
   */
  default Optional<Tensor> value(String label, Function<String, Optional<Tensor>> tensors) {
    return tensors.apply(label);
  }

  /**
   * Inputs of the runs, in order, that together take everything.
   *
   * @param chunk tokens of a run; 0 for all at once
   */
  List<Map<String, Tensor>> runs(int chunk);

  /** Whether the inputs can be cut into chunks at all. */
  boolean isCut();

  /** What a language model reads: token i + 1 is what its logits i should foretell. */
  Optional<int[]> ids();

  /** The model's files and what else identifies it, as JSON. */
  Map<String, Object> model();

  @Override
  void close();
}
