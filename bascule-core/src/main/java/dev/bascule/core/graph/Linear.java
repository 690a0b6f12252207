package dev.bascule.core.graph;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.ShapeException;
import dev.bascule.core.Tensor;
import dev.bascule.core.TensorType;
import dev.bascule.core.quant.WeightType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Linear layers over one input: for each weight [n, k], stored row by row in its type, {@code x [m,
 * k] -> [m, n]}, all in f32. Several weights share one launch: query, key and value, or gate and
 * up.
 *
 * <p>Operands: x f32 [m, k]; the weights, floats [n, k] or blocks as u8 [n, bytes of a row]; and
 * when {@code grouped}, i64 offsets [experts + 1], ascending from 0 to m: rows offsets[e] to
 * offsets[e + 1] are multiplied with expert e of weights [experts, n, ...].
 *
 * <p>Float weights: one accumulator for each output, {@code acc = fma(x, w, acc)} for k ascending
 * from 0. Quantised weights, with {@link Activations#F32}: the same over the decoded weights. With
 * {@link Activations#INT8}: each 32 elements of x are rounded to whole numbers q of a scale d =
 * max|x| / 127, {@code q = round(x * (127 / max|x|))} to even and within 127; then for the weight's
 * groups g in ascending order {@code acc = fma(sum(q w), scale[g] * d, acc)}, the sum in exact
 * integers, and where the type has offsets, {@code acc = fma(sum(q), offset[g] * d, acc)} right
 * after.
 */
public record Linear(List<WeightType> weights, Activations activations, boolean grouped)
    implements Op, LibraryOp {
  /** Elements of x that share a scale. */
  public static final int ACTIVATION_BLOCK = 32;

  /** What becomes of x before it meets quantised weights. */
  public enum Activations {
    /** Stays as it is. */
    F32,
    /** Rounded to 8 bits, with a scale for each {@link #ACTIVATION_BLOCK}. */
    INT8
  }

  public Linear {
    weights = List.copyOf(weights);
    if (weights.isEmpty()) {
      throw new ShapeException("Linear needs a weight");
    }
  }

  @Override
  public String name() {
    return "Linear";
  }

  @Override
  public List<TensorType> infer(List<TensorType> operands) {
    requireOperands(operands, 1 + weights.size() + (grouped ? 1 : 0));
    TensorType x = operands.getFirst();
    if (x.dtype() != DType.F32 || x.shape().rank() != 2) {
      throw new ShapeException("Linear takes x f32 [m, k], got " + x);
    }
    Dim k = x.shape().dim(1);
    if (!k.isConstant()) {
      throw new ShapeException("Linear: k must be a constant, got x " + x);
    }
    List<TensorType> results = new ArrayList<>();
    for (int i = 0; i < weights.size(); i++) {
      WeightType type = weights.get(i);
      TensorType weight = operands.get(i + 1);
      int rank = grouped ? 3 : 2;
      long row = type.storedElements(k.constant());
      if (weight.dtype() != type.stored()
          || weight.shape().rank() != rank
          || !weight.shape().dim(rank - 1).is(row)) {
        throw new ShapeException(
            "Linear: weight "
                + i
                + " of type "
                + type
                + " for k = "
                + k
                + ": expected "
                + type.stored()
                + (grouped ? " [experts, n, " : " [n, ")
                + row
                + "], got "
                + weight);
      }
      results.add(TensorType.of(DType.F32, x.shape().dim(0), weight.shape().dim(rank - 2)));
    }
    if (grouped) {
      requireOffsets(operands);
    }
    return results;
  }

  private static void requireOffsets(List<TensorType> operands) {
    TensorType offsets = operands.getLast();
    Dim experts = operands.get(1).shape().dim(0);
    if (!offsets.equals(TensorType.of(DType.I64, experts.plus(Dim.ONE)))) {
      throw new ShapeException(
          "Linear: offsets must be i64 [experts + 1] for " + experts + " experts, got " + offsets);
    }
  }

  @Override
  public List<Value> decompose(Node node) {
    List<Value> results = new ArrayList<>();
    for (int i = 0; i < weights.size(); i++) {
      results.add(LinearMeaning.decompose(this, node, i));
    }
    return results;
  }

  /** Through the decomposition. */
  @Override
  public List<Optional<Value>> gradient(Node node, List<Optional<Value>> results) {
    throw new ShapeException("Linear is differentiated through its decomposition");
  }

  @Override
  public List<Tensor> evaluate(Node node, List<Tensor> operands, Bindings dims) {
    List<Tensor> results = new ArrayList<>();
    for (int i = 0; i < weights.size(); i++) {
      long[] extents = node.results().get(i).shape().evaluate(dims);
      results.add(LinearMeaning.evaluate(this, operands, i, extents));
    }
    return results;
  }

  /** One layer: {@code x [m, k]} times a weight [n, k]. */
  public static Value of(Value x, Value weight, WeightType type, Activations activations) {
    return of(x, List.of(weight), List.of(type), activations).getFirst();
  }

  /** Several layers over one input. */
  public static List<Value> of(
      Value x, List<Value> weights, List<WeightType> types, Activations activations) {
    List<Value> operands = new ArrayList<>(weights);
    operands.addFirst(x);
    return Node.of("", new Linear(types, activations, false), operands).results();
  }

  /** Layers of experts over rows that are sorted by expert. */
  public static List<Value> grouped(
      Value x,
      List<Value> weights,
      List<WeightType> types,
      Activations activations,
      Value offsets) {
    List<Value> operands = new ArrayList<>(weights);
    operands.addFirst(x);
    operands.add(offsets);
    return Node.of("", new Linear(types, activations, true), operands).results();
  }
}
