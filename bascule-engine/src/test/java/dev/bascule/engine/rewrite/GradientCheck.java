package dev.bascule.engine.rewrite;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Tensor;
import dev.bascule.core.TensorType;
import dev.bascule.core.graph.Constant;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Parameter;
import dev.bascule.core.graph.Reference;
import dev.bascule.core.graph.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.DoubleSupplier;
import java.util.function.Function;

/**
 * Compares gradients in f64 with central finite differences of the reference interpreter. The loss
 * is a sum of the results under random weights, so that no error cancels.
 */
final class GradientCheck {
  /**
   * Central differences with this step err by step^2 in the formula and by 2^-52 / step in the
   * subtraction: about 1e-10 both.
   */
  private static final double STEP = 1e-5;

  private final Random random;
  private final Map<String, Tensor> inputs = new LinkedHashMap<>();
  private final List<Value> parameters = new ArrayList<>();

  GradientCheck(long seed) {
    random = new Random(seed);
  }

  /** An operand with elements between the bounds. */
  GradientCheck operand(double low, double high, long... extents) {
    return operand(() -> random.nextDouble(low, high), extents);
  }

  GradientCheck operand(DoubleSupplier elements, long... extents) {
    String name = "x" + parameters.size();
    Tensor tensor = Tensor.zeros(DType.F64, extents);
    double[] values = new double[(int) tensor.elements()];
    for (int i = 0; i < values.length; i++) {
      values[i] = elements.getAsDouble();
    }
    inputs.put(name, Tensor.of(values, extents));
    parameters.add(Parameter.input(name, TensorType.of(DType.F64, extents)));
    return this;
  }

  /** Checks the gradients of {@code formula} with respect to all operands. */
  void check(double tolerance, Function<List<Value>, Value> formula) {
    Value result = formula.apply(List.copyOf(parameters));
    long[] extents = result.shape().dims().stream().mapToLong(Dim::constant).toArray();
    Tensor weights = Tensor.zeros(DType.F64, extents);
    double[] numbers = random.doubles(weights.elements(), 0.5, 1.5).toArray();
    Value weighted = Ops.mul(result, Constant.of(Tensor.of(numbers, extents)));
    Graph loss = Graph.of("loss", parameters, List.of(Ops.sumAll(weighted)));
    Graph gradients =
        Graph.of(
            "gradients", parameters, Differentiator.gradients(loss.roots().getFirst(), parameters));
    List<Tensor> analytic =
        List.copyOf(Reference.run(Simplifier.simplify(gradients), inputs).values());
    int at = 0;
    for (String name : inputs.keySet()) {
      compare(name, analytic.get(at++), loss, tolerance);
    }
  }

  private void compare(String name, Tensor analytic, Graph loss, double tolerance) {
    double[] values = analytic.doubles();
    for (int i = 0; i < values.length; i++) {
      double difference = (moved(loss, name, i, STEP) - moved(loss, name, i, -STEP)) / (2 * STEP);
      assertThat(Math.abs(values[i] - difference) / Math.max(1, Math.abs(difference)))
          .as("d/d%s[%d] is %s, differences give %s", name, i, values[i], difference)
          .isLessThanOrEqualTo(tolerance);
    }
  }

  /** The loss where one element has moved by {@code step}. */
  private double moved(Graph loss, String name, int element, double step) {
    Map<String, Tensor> near = new HashMap<>(inputs);
    near.computeIfPresent(
        name,
        (key, tensor) -> {
          double[] values = tensor.doubles();
          values[element] += step;
          return Tensor.of(values, tensor.extents());
        });
    return List.copyOf(Reference.run(loss, near).values()).getFirst().number(0);
  }
}
