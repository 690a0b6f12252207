package dev.bascule.core.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bascule.core.DType;
import dev.bascule.core.ShapeException;
import dev.bascule.core.Tensor;
import dev.bascule.core.TensorType;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ReferenceTest {
  private static final Value X = Parameter.input("x", TensorType.of(DType.F64, 2, 2));

  @Test
  void aLibraryOpIsEvaluatedWhateverComputesItsOperands() {
    Graph graph = Graph.of("square", List.of(X), List.of(Ops.matmul(Ops.neg(X), Ops.neg(X))));
    Tensor square =
        Reference.run(graph, Map.of("x", Tensor.of(new double[] {1, 2, 3, 4}, 2, 2))).get("0");
    assertThat(java.util.Objects.requireNonNull(square).doubles()).containsExactly(7, 10, 15, 22);
  }

  @Test
  void aMissingInputIsNamed() {
    Graph graph = Graph.of("neg", List.of(X), List.of(Ops.neg(X)));
    assertThatThrownBy(() -> Reference.run(graph, Map.of()))
        .isInstanceOf(ShapeException.class)
        .hasMessage("input 'x' f64[2, 2] is missing; given: []");
  }

  @Test
  void evenAnInputThatNothingReadsIsRequired() {
    Graph graph = Graph.of("one", List.of(X), List.of(Ops.scalar(DType.F32, 1)));
    assertThatThrownBy(() -> Reference.run(graph, Map.of())).hasMessageContaining("missing");
  }
}
