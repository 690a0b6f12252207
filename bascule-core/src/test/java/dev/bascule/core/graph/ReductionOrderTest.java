package dev.bascule.core.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Tensor;
import dev.bascule.core.kernel.Access;
import dev.bascule.core.kernel.KernelBuilder;
import dev.bascule.core.kernel.KernelInterpreter;
import dev.bascule.core.kernel.Reduction;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.BinaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The order of sums, told another way than the code does: as a tree. Element i is appended to
 * branch i mod 32; then the tree of branches is folded by halves.
 */
class ReductionOrderTest {
  private static float ordered(float[] row, float identity, BinaryOperator<Float> op) {
    List<Float> level = new ArrayList<>();
    for (int branch = 0; branch < 32; branch++) {
      float sum = identity;
      for (int i = branch; i < row.length; i += 32) {
        sum = op.apply(sum, row[i]);
      }
      level.add(sum);
    }
    while (level.size() > 1) {
      int half = level.size() / 2;
      List<Float> folded = new ArrayList<>();
      for (int i = 0; i < half; i++) {
        folded.add(op.apply(level.get(i), level.get(i + half)));
      }
      level = folded;
    }
    return level.getFirst();
  }

  private static float[] row(int length) {
    Random random = new Random(length);
    float[] row = new float[length];
    for (int i = 0; i < length; i++) {
      // magnitudes far apart, so that another order would be seen
      row[i] = (float) (random.nextGaussian() * Math.pow(2, random.nextInt(-12, 12)));
    }
    return row;
  }

  private static float reduced(Reduce.Kind kind, Tensor tensor, List<Integer> axes) {
    Value x = Parameter.input("x", tensor.type());
    Graph graph = Graph.of("fold", List.of(x), List.of(Ops.reduce(kind, x, axes, false)));
    return List.copyOf(Reference.run(graph, Map.of("x", tensor)).values()).getFirst().floats()[0];
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 31, 32, 33, 63, 64, 65, 96, 127, 1000, 4099})
  void sumsAndProductsFoldInLanesThenHalves(int length) {
    float[] row = row(length);
    Tensor tensor = Tensor.of(row, length);
    assertThat(reduced(Reduce.Kind.SUM, tensor, List.of(0))).isEqualTo(ordered(row, 0, Float::sum));
    assertThat(reduced(Reduce.Kind.PRODUCT, tensor, List.of(0)))
        .isEqualTo(ordered(row, 1, (a, b) -> a * b));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 33, 1000})
  void theKernelInterpreterFoldsInTheSameOrder(int length) {
    float[] row = row(length);
    Tensor input = Tensor.of(row, length);
    Tensor output = Tensor.zeros(DType.F32);
    KernelBuilder b = new KernelBuilder("sum", List.of(Dim.of(length)), 1);
    int x = b.input("x", DType.F32);
    int y = b.output("y", DType.F32);
    b.store(
        new Access(y, Dim.ZERO, List.of(Dim.ZERO)),
        b.reduce(Reduction.SUM, b.load(new Access(x, Dim.ZERO, List.of(Dim.ONE)))));
    KernelInterpreter.run(b.build(), List.of(input.bytes(), output.bytes()), Bindings.NONE);
    assertThat(output.floats()[0]).isEqualTo(ordered(row, 0, Float::sum));
  }

  @Test
  void theRowIsFlattenedOverAllItsAxes() {
    float[] row = row(12 * 7);
    assertThat(reduced(Reduce.Kind.SUM, Tensor.of(row, 12, 7), List.of(0, 1)))
        .isEqualTo(ordered(row, 0, Float::sum));
    // over axes 0 and 2 of [2, 3, 20] for the first of axis 1
    float[] all = row(120);
    float[] first = new float[40];
    for (int i = 0; i < 40; i++) {
      first[i] = all[i / 20 * 60 + i % 20];
    }
    assertThat(reduced(Reduce.Kind.SUM, Tensor.of(all, 2, 3, 20), List.of(0, 2)))
        .isEqualTo(ordered(first, 0, Float::sum));
  }

  @Test
  void anEmptyFoldGivesTheIdentity() {
    Tensor none = Tensor.zeros(DType.F32, 0);
    assertThat(reduced(Reduce.Kind.SUM, none, List.of(0))).isEqualTo(0);
    assertThat(reduced(Reduce.Kind.PRODUCT, none, List.of(0))).isEqualTo(1);
    assertThat(reduced(Reduce.Kind.MAX, none, List.of(0))).isEqualTo(Float.NEGATIVE_INFINITY);
    assertThat(reduced(Reduce.Kind.MIN, none, List.of(0))).isEqualTo(Float.POSITIVE_INFINITY);
  }

  @Test
  void aNanWinsAndASumOfNegativeZerosIsZero() {
    Tensor mixed = Tensor.of(new float[] {1, Float.NaN, Float.POSITIVE_INFINITY}, 3);
    assertThat(reduced(Reduce.Kind.MAX, mixed, List.of(0))).isNaN();
    assertThat(reduced(Reduce.Kind.MIN, mixed, List.of(0))).isNaN();
    Tensor zeros = Tensor.of(new float[] {-0f, -0f}, 2);
    assertThat(Float.floatToRawIntBits(reduced(Reduce.Kind.SUM, zeros, List.of(0)))).isZero();
  }

  @Test
  void aDotIsOneAccumulatorOfFusedMultiplyAdds() {
    float[] a = row(70);
    float[] b = row(70);
    float expected = 0.25f;
    for (int i = 0; i < 70; i++) {
      // a fused multiply-add is the exact a*b + c, rounded once: exact in 2 * 24 + 3 bits or more
      expected =
          new java.math.BigDecimal(a[i])
              .multiply(new java.math.BigDecimal(b[i]))
              .add(new java.math.BigDecimal(expected))
              .floatValue();
    }
    Value x = Constant.of(Tensor.of(a, 70));
    Value y = Constant.of(Tensor.of(b, 70));
    Value dot = Node.value(new Dot(), x, y, Ops.scalar(DType.F32, 0.25));
    Graph graph = Graph.of("dot", List.of(), List.of(dot));
    float[] actual = List.copyOf(Reference.run(graph, Map.of()).values()).getFirst().floats();
    assertThat(actual).containsExactly(expected);
  }
}
