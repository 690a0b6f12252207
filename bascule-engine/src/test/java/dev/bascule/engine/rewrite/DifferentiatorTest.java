package dev.bascule.engine.rewrite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bascule.core.DType;
import dev.bascule.core.Shape;
import dev.bascule.core.ShapeException;
import dev.bascule.core.Tensor;
import dev.bascule.core.TensorType;
import dev.bascule.core.graph.Bitcast;
import dev.bascule.core.graph.Elementwise;
import dev.bascule.core.graph.Functions;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Parameter;
import dev.bascule.core.graph.Reference;
import dev.bascule.core.graph.Scatter;
import dev.bascule.core.graph.Value;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DifferentiatorTest {
  private static final Value X = Parameter.input("x", TensorType.of(DType.F64, 3));
  private static final Value Y = Parameter.input("y", TensorType.of(DType.F64, 3));
  private static final Map<String, Tensor> POINT =
      Map.of("x", Tensor.of(new double[] {1, 2, 3}, 3), "y", Tensor.of(new double[] {4, 5, 6}, 3));

  private static List<double[]> at(List<Value> gradients) {
    Graph graph = Graph.of("gradients", List.of(X, Y), gradients);
    return Reference.run(graph, POINT).values().stream().map(Tensor::doubles).toList();
  }

  @Test
  void aSumOfProductsHasTheOtherFactorAsGradient() {
    Value loss = Ops.sumAll(Ops.mul(X, Y));
    List<double[]> gradients = at(Differentiator.gradients(loss, List.of(X, Y)));
    assertThat(gradients.get(0)).containsExactly(4, 5, 6);
    assertThat(gradients.get(1)).containsExactly(1, 2, 3);
  }

  @Test
  void aValueThatIsReadTwiceGathersBothGradients() {
    Value loss = Ops.sumAll(Ops.add(Ops.mul(X, X), X));
    assertThat(at(Differentiator.gradients(loss, List.of(X))).getFirst()).containsExactly(3, 5, 7);
  }

  @Test
  void whatDoesNotInfluenceTheLossHasGradientZero() {
    assertThat(at(Differentiator.gradients(Ops.sumAll(X), List.of(Y))).getFirst())
        .containsExactly(0, 0, 0);
  }

  @Test
  void intermediateValuesAndTheLossItselfCanBeVariables() {
    Value square = Functions.relu(Ops.mul(X, X));
    Value loss = Ops.sumAll(Ops.mul(square, Y));
    List<double[]> gradients = at(Differentiator.gradients(loss, List.of(square, loss, X)));
    assertThat(gradients.get(0)).containsExactly(4, 5, 6);
    assertThat(gradients.get(1)).containsExactly(1);
    assertThat(gradients.get(2)).containsExactly(8, 20, 36);
  }

  @Test
  void comparisonsAndRoundingAreConstantAlmostEverywhere() {
    Value rounded = Ops.cast(Ops.cast(X, DType.I64), DType.F64);
    Value chosen = Ops.select(Ops.lt(X, Y), Ops.apply(Elementwise.FLOOR, X), rounded);
    assertThat(at(Differentiator.gradients(Ops.sumAll(chosen), List.of(X))).getFirst())
        .containsExactly(0, 0, 0);
  }

  @Test
  void outputsForGradientsAreNamed() {
    Graph graph = Graph.of("model", List.of(X, Y), Map.of("loss", Ops.sumAll(Ops.mul(X, Y))));
    Graph training = Differentiator.differentiate(graph, "loss", Map.of("x", X));
    assertThat(training.outputs().keySet()).containsExactly("loss", "gradient of x");
    assertThatThrownBy(() -> Differentiator.differentiate(graph, "cost", Map.of("x", X)))
        .isInstanceOf(ShapeException.class)
        .hasMessage("graph 'model' has no output 'cost'; it has [loss]");
  }

  @Test
  void aLossThatIsNoScalarIsRefused() {
    assertThatThrownBy(() -> Differentiator.gradients(Ops.neg(X), List.of(X)))
        .isInstanceOf(ShapeException.class)
        .hasMessage("the loss 'NEG' is f64[3], expected a float scalar; sum or average it first");
  }

  @Test
  void integersHaveNoGradient() {
    Value n = Parameter.input("n", TensorType.of(DType.I64, 3));
    assertThatThrownBy(() -> Differentiator.gradients(Ops.sumAll(X), List.of(n)))
        .hasMessage(
            "the gradient of 'ReduceSum' with respect to 'n' does not exist: it is i64[3],"
                + " expected floats");
  }

  @Test
  void anOpWithoutGradientOnThePathIsNamed() {
    Value indices = Ops.iota(Shape.of(3), 0);
    Value highest =
        Node.of("peaks", new Scatter(Scatter.Kind.MAX), List.of(Y, indices, X)).result();
    assertThatThrownBy(() -> Differentiator.gradients(Ops.sumAll(highest), List.of(X)))
        .isInstanceOf(ShapeException.class)
        .hasMessageStartingWith("'peaks' lies between the loss and a variable, and has no gradient")
        .hasMessageContaining("Scatter MAX is not differentiable");
    Value bits = Node.value(new Bitcast(DType.F64), Node.value(new Bitcast(DType.I64), X));
    assertThatThrownBy(() -> Differentiator.gradients(Ops.sumAll(bits), List.of(X)))
        .hasMessageContaining("Bitcast is not differentiable");
    // off the path it does not matter
    assertThat(Differentiator.gradients(Ops.sumAll(Ops.mul(bits, Y)), List.of(Y))).hasSize(1);
  }

  @Test
  void depthIsNoMatter() {
    Value value = X;
    for (int i = 0; i < 20_000; i++) {
      value = Ops.add(value, Y);
    }
    List<Value> gradients = Differentiator.gradients(Ops.sumAll(value), List.of(X, Y));
    Graph graph = Graph.of("deep", List.of(X, Y), gradients);
    assertThat(Simplifier.simplify(graph).nodes()).hasSizeLessThan(20_010);
  }
}
