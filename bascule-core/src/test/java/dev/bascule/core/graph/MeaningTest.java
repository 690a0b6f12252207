package dev.bascule.core.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.bascule.core.DType;
import dev.bascule.core.DataException;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.Symbol;
import dev.bascule.core.Tensor;
import dev.bascule.core.kernel.Storage;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What each op means, on cases small enough to work out by hand. */
class MeaningTest {
  private static final double INFINITY = Double.POSITIVE_INFINITY;

  private static Value constant(DType type, List<Double> numbers, long... extents) {
    Tensor tensor = Tensor.zeros(type, extents);
    for (int i = 0; i < numbers.size(); i++) {
      Storage.storeNumber(type, tensor.bytes(), i, numbers.get(i));
    }
    return Constant.of(tensor);
  }

  private static Value vector(DType type, double... numbers) {
    return constant(type, Arrays.stream(numbers).boxed().toList(), numbers.length);
  }

  /** 1, 2, 3, ... */
  private static Value counting(long... extents) {
    Tensor tensor = Tensor.zeros(DType.F32, extents);
    for (int i = 0; i < tensor.elements(); i++) {
      Storage.storeNumber(DType.F32, tensor.bytes(), i, i + 1.0);
    }
    return Constant.of(tensor);
  }

  private static Tensor tensor(Value value) {
    Graph graph = Graph.of("meaning", List.of(), List.of(value));
    return List.copyOf(Reference.run(graph, Map.of()).values()).getFirst();
  }

  private static double[] run(Value value) {
    return tensor(value).doubles();
  }

  private static List<Dim> dims(long... values) {
    return Arrays.stream(values).mapToObj(Dim::of).toList();
  }

  @ParameterizedTest
  @CsvSource({
    // x, y, sum, difference, product, quotient, remainder
    "I32, 7, 2, 9, 5, 14, 3, 1",
    "I32, -7, 2, -5, -9, -14, -3, -1",
    "I32, 7, -2, 5, 9, -14, -3, 1",
    "I32, 7, 0, 7, 7, 0, 0, 7",
    "I32, 2147483647, 1, -2147483648, 2147483646, 2147483647, 2147483647, 0",
    "I32, -2147483648, -1, 2147483647, -2147483647, -2147483648, -2147483648, 0",
    "I8, 127, 1, -128, 126, 127, 127, 0",
    "I8, -128, -1, 127, -127, -128, -128, 0",
    "U8, 255, 2, 1, 253, 254, 127, 1",
    "U8, 1, 2, 3, 255, 2, 0, 1",
    "U16, 65535, 65535, 65534, 0, 1, 1, 0",
    "U32, 4294967295, 2, 1, 4294967293, 4294967294, 2147483647, 1",
    "I64, -9, 4, -5, -13, -36, -2, -1",
    "I4, 7, 2, -7, 5, -2, 3, 1",
    "U4, 15, 3, 2, 12, 13, 5, 0"
  })
  void integersWrapAndDivideTowardsZero(
      DType type,
      double x,
      double y,
      double sum,
      double difference,
      double product,
      double quotient,
      double remainder) {
    Value a = vector(type, x);
    Value b = vector(type, y);
    assertThat(run(Ops.add(a, b))).containsExactly(sum);
    assertThat(run(Ops.sub(a, b))).containsExactly(difference);
    assertThat(run(Ops.mul(a, b))).containsExactly(product);
    assertThat(run(Ops.div(a, b))).containsExactly(quotient);
    assertThat(run(Ops.apply(Elementwise.REM, a, b))).containsExactly(remainder);
  }

  @Test
  void largeUnsignedNumbersCompareAsUnsigned() {
    for (DType type : List.of(DType.U32, DType.U64)) {
      Value small = vector(type, 1);
      Value large = Ops.sub(small, vector(type, 2));
      assertThat(run(Ops.lt(small, large))).containsExactly(1);
      assertThat(run(Ops.le(large, small))).containsExactly(0);
      assertThat(tensor(Ops.max(small, large)).get(0)).isEqualTo(-1);
      assertThat(tensor(Ops.min(large, small)).get(0)).isEqualTo(1);
      assertThat(
              tensor(
                      Ops.reduce(
                          Reduce.Kind.MAX, Ops.concat(List.of(small, large), 0), List.of(0), false))
                  .get(0))
          .isEqualTo(-1);
    }
  }

  @Test
  void floatsFollowIeee() {
    Value x = vector(DType.F32, 1, -1, 0, -0.0, INFINITY, Double.NaN);
    Value zero = Ops.like(x, 0);
    assertThat(run(Ops.div(x, zero)))
        .containsExactly(INFINITY, -INFINITY, Double.NaN, Double.NaN, INFINITY, Double.NaN);
    assertThat(run(Ops.neg(x))).containsExactly(-1, 1, -0.0, 0, -INFINITY, Double.NaN);
    assertThat(run(Ops.sign(x))).containsExactly(1, -1, 0, -0.0, 1, Double.NaN);
    assertThat(run(Ops.apply(Elementwise.ABS, x)))
        .containsExactly(1, 1, 0, 0, INFINITY, Double.NaN);
    assertThat(run(Ops.eq(x, x))).containsExactly(1, 1, 1, 1, 1, 0);
    assertThat(run(Ops.apply(Elementwise.NE, x, x))).containsExactly(0, 0, 0, 0, 0, 1);
    assertThat(run(Ops.apply(Elementwise.IS_NAN, x))).containsExactly(0, 0, 0, 0, 0, 1);
    assertThat(run(Ops.sqrt(x))).containsExactly(1, Double.NaN, 0, -0.0, INFINITY, Double.NaN);
    assertThat(run(Ops.le(x, zero))).containsExactly(0, 1, 1, 1, 0, 0);
  }

  @Test
  void aNanWinsAndOfZerosTheSecond() {
    Value x = vector(DType.F32, 1, 5, Double.NaN, 2, 0, -0.0);
    Value y = vector(DType.F32, 3, 4, 2, Double.NaN, -0.0, 0);
    assertThat(run(Ops.min(x, y))).containsExactly(1, 4, Double.NaN, Double.NaN, -0.0, 0);
    assertThat(run(Ops.max(x, y))).containsExactly(3, 5, Double.NaN, Double.NaN, -0.0, 0);
  }

  @Test
  void roundingHasFourDirections() {
    Value x = vector(DType.F32, 0.5, 1.5, 2.5, -0.5, -1.5, 1.4, -1.6, -0.0);
    assertThat(run(Ops.apply(Elementwise.ROUND, x)))
        .containsExactly(0, 2, 2, -0.0, -2, 1, -2, -0.0);
    assertThat(run(Ops.apply(Elementwise.FLOOR, x))).containsExactly(0, 1, 2, -1, -2, 1, -2, -0.0);
    assertThat(run(Ops.apply(Elementwise.CEIL, x))).containsExactly(1, 2, 3, -0.0, -1, 2, -1, -0.0);
    assertThat(run(Ops.apply(Elementwise.TRUNC, x)))
        .containsExactly(0, 1, 2, -0.0, -1, 1, -1, -0.0);
  }

  @Test
  void narrowFloatsAreRoundedOncePerOp() {
    // 2048 + 1 is halfway between two f16 values, to even; 1 + 2^-8 likewise in bf16
    assertThat(run(Ops.add(vector(DType.F16, 2048, 2048), vector(DType.F16, 1, 3))))
        .containsExactly(2048, 2052);
    assertThat(run(Ops.add(vector(DType.BF16, 1), vector(DType.BF16, 0x1p-8)))).containsExactly(1);
    assertThat(run(Ops.mul(vector(DType.F16, 65504), vector(DType.F16, 2))))
        .containsExactly(INFINITY);
    // the sum is rounded at its end only: 2048 + 1 + 1 in f32
    assertThat(run(Ops.sum(vector(DType.F16, 2048, 1, 1), List.of(0), false)))
        .containsExactly(2050);
  }

  @Test
  void fusedMultiplyAddRoundsOnce() {
    double near = 1 + 0x1p-12;
    Value x = vector(DType.F32, near);
    Value minus = vector(DType.F32, -(1 + 0x1p-11));
    // near^2 = 1 + 2^-11 + 2^-24: the last term is lost when the product is rounded first
    assertThat(run(Ops.apply(Elementwise.FMA, x, x, minus))).containsExactly(0x1p-24);
    assertThat(run(Ops.add(Ops.mul(x, x), minus))).containsExactly(0);
  }

  @Test
  void bitsAndShifts() {
    Value x = vector(DType.I32, 12, -16);
    assertThat(run(Ops.apply(Elementwise.AND, x, vector(DType.I32, 10, 31))))
        .containsExactly(8, 16);
    assertThat(run(Ops.apply(Elementwise.OR, x, vector(DType.I32, 3, 1)))).containsExactly(15, -15);
    assertThat(run(Ops.apply(Elementwise.XOR, x, x))).containsExactly(0, 0);
    assertThat(run(Ops.apply(Elementwise.NOT, x))).containsExactly(-13, 15);
    assertThat(run(Ops.apply(Elementwise.SHIFT_RIGHT, x, vector(DType.I32, 2, 2))))
        .containsExactly(3, -4);
    assertThat(run(Ops.apply(Elementwise.SHIFT_LEFT, vector(DType.U8, 129), vector(DType.U8, 1))))
        .containsExactly(2);
    assertThat(run(Ops.apply(Elementwise.SHIFT_RIGHT, vector(DType.U8, 255), vector(DType.U8, 4))))
        .containsExactly(15);
    assertThat(run(Ops.apply(Elementwise.NOT, vector(DType.BOOL, 0, 1)))).containsExactly(1, 0);
    assertThat(run(Ops.apply(Elementwise.NOT, vector(DType.U4, 5)))).containsExactly(10);
  }

  @Test
  void movementsMove() {
    Value x = counting(2, 3);
    assertThat(run(Ops.transpose(x))).containsExactly(1, 4, 2, 5, 3, 6);
    assertThat(run(Ops.flip(x, 1))).containsExactly(3, 2, 1, 6, 5, 4);
    assertThat(run(Ops.sliceAxis(x, 1, Dim.ONE, Dim.of(2)))).containsExactly(2, 3, 5, 6);
    assertThat(run(Node.value(new Slice(dims(1, 2), dims(2, 2), List.of(-1L, -2L)), x)))
        .containsExactly(6, 4, 3, 1);
    assertThat(run(Ops.pad(x, dims(0, 1), dims(1, 0))))
        .containsExactly(0, 1, 2, 3, 0, 4, 5, 6, 0, 0, 0, 0);
    assertThat(run(Ops.concat(List.of(x, Ops.neg(x)), 1)))
        .containsExactly(1, 2, 3, -1, -2, -3, 4, 5, 6, -4, -5, -6);
    assertThat(run(Ops.broadcast(counting(2, 1), Shape.of(2, 2, 2))))
        .containsExactly(1, 1, 2, 2, 1, 1, 2, 2);
    assertThat(run(Ops.iota(Shape.of(2, 3), 1))).containsExactly(0, 1, 2, 0, 1, 2);
    assertThat(run(Ops.iota(Shape.of(2, 3), 0))).containsExactly(0, 0, 0, 1, 1, 1);
    assertThat(run(Ops.dilate(counting(3), 0, 3))).containsExactly(1, 0, 0, 2, 0, 0, 3);
  }

  @Test
  void gatherTakesSlicesInTheOrderOfItsIndices() {
    Value x = counting(2, 3);
    Value indices = vector(DType.I64, 2, 0, 2);
    assertThat(run(Ops.gather(x, indices, 1))).containsExactly(3, 1, 3, 6, 4, 6);
    assertThat(run(Ops.gather(x, Ops.scalar(DType.I64, 1), 0))).containsExactly(4, 5, 6);
    assertThatThrownBy(() -> run(Ops.gather(x, vector(DType.I64, 0, 2), 0)))
        .isInstanceOf(DataException.class)
        .hasMessage("Gather: index 2 is outside axis 0 of extent 2");
  }

  @Test
  void scatterTakesUpdatesInOrder() {
    Value data = vector(DType.F32, 1, 2, 3);
    Value indices = vector(DType.I64, 2, 0, 2);
    Value updates = vector(DType.F32, 10, 20, 30);
    assertThat(run(Ops.scatter(Scatter.Kind.SET, data, indices, updates)))
        .containsExactly(20, 2, 30);
    assertThat(run(Ops.scatter(Scatter.Kind.ADD, data, indices, updates)))
        .containsExactly(21, 2, 43);
    assertThat(run(Ops.scatter(Scatter.Kind.MUL, data, indices, updates)))
        .containsExactly(20, 2, 900);
    assertThat(run(Ops.scatter(Scatter.Kind.MAX, data, indices, Ops.neg(updates))))
        .containsExactly(1, 2, 3);
    assertThat(run(Ops.scatter(Scatter.Kind.MIN, data, indices, updates))).containsExactly(1, 2, 3);
    assertThatThrownBy(
            () -> run(Ops.scatter(Scatter.Kind.SET, data, vector(DType.I64, 0, -1, 0), updates)))
        .hasMessage("Scatter: index -1 is outside axis 0 of extent 3");
  }

  @Test
  void reductionsFoldAnyAxes() {
    Value x = counting(2, 3);
    assertThat(run(Ops.sum(x, List.of(1), false))).containsExactly(6, 15);
    assertThat(run(Ops.sum(x, List.of(0), false))).containsExactly(5, 7, 9);
    assertThat(run(Ops.sumAll(x))).containsExactly(21);
    assertThat(run(Ops.mean(x, List.of(0, 1), false))).containsExactly(3.5);
    assertThat(run(Ops.reduce(Reduce.Kind.PRODUCT, x, List.of(1), true))).containsExactly(6, 120);
    assertThat(run(Ops.reduce(Reduce.Kind.MAX, Ops.neg(x), List.of(0, 1), false)))
        .containsExactly(-1);
    Value some = vector(DType.BOOL, 0, 1, 0);
    assertThat(run(Ops.reduce(Reduce.Kind.MAX, some, List.of(0), false))).containsExactly(1);
    assertThat(run(Ops.reduce(Reduce.Kind.MIN, some, List.of(0), false))).containsExactly(0);
    Value bytes = vector(DType.U8, 200, 100);
    assertThat(run(Ops.sum(bytes, List.of(0), false))).as("wraps once").containsExactly(44);
  }

  @Test
  void productsOfMatrices() {
    Value a = counting(2, 2);
    Value b = Ops.neg(counting(2, 2));
    assertThat(run(Ops.matmul(a, b))).containsExactly(-7, -10, -15, -22);
    assertThat(run(Node.value(new Matmul(), a, b, Ops.like(a, 7)))).containsExactly(0, -3, -8, -15);
    assertThat(run(Ops.matmul(counting(2), counting(2)))).containsExactly(5);
    assertThat(run(Ops.matmul(counting(2), a))).containsExactly(7, 10);
    Value batches = Ops.concat(List.of(Ops.unsqueeze(a, 0), Ops.unsqueeze(b, 0)), 0);
    assertThat(run(Ops.matmul(batches, counting(2, 1)))).containsExactly(5, 11, -5, -11);
    Value whole = constant(DType.I32, List.of(1.0, 2.0, 3.0, 4.0), 2, 2);
    assertThat(run(Ops.matmul(whole, whole))).containsExactly(7, 10, 15, 22);
    assertThat(
            run(
                Ops.matmul(
                    Ops.zeros(DType.F32, Shape.of(2, 0)), Ops.zeros(DType.F32, Shape.of(0, 1)))))
        .containsExactly(0, 0);
  }

  @Test
  void theFastProductHasTheBitsOfItsDecomposition() {
    Value a = Ops.sqrt(counting(3, 50));
    Value b = Ops.sqrt(counting(50, 4));
    Node product = Ops.matmul(a, b).node();
    Value meaning = new Matmul().decompose(product).getFirst();
    assertThat(run(product.result())).containsExactly(run(meaning));
  }

  @Test
  void attentionIsAWeightedMeanOfValues() {
    // equal scores: the mean of the values; the causal first query sees the first key alone
    Value q = Ops.zeros(DType.F32, Shape.of(1, 1, 2, 3));
    Value k = Ops.reshape(counting(2, 3), Shape.of(1, 1, 2, 3));
    Value v = Ops.reshape(vector(DType.F32, 1, 5), Shape.of(1, 1, 2, 1));
    for (int block : new int[] {1, 2, 512}) {
      List<Value> all = Node.of("", new Attention(1, false, block), List.of(q, k, v)).results();
      assertThat(run(all.get(0))).containsExactly(3, 3);
      assertThat(run(all.get(1))[0]).isCloseTo(Math.log(2), within(1e-6));
      Value causal = Node.of("", new Attention(1, true, block), List.of(q, k, v)).result();
      assertThat(run(causal)).containsExactly(1, 3);
    }
  }

  @Test
  void aQueryWithoutKeysAttendsToNothing() {
    Value q = Ops.reshape(counting(3), Shape.of(1, 1, 1, 3));
    Value k = Ops.reshape(counting(2, 3), Shape.of(1, 1, 2, 3));
    Value masked = Ops.fill(DType.F32, Shape.of(1, 1, 1, 2), Double.NEGATIVE_INFINITY);
    for (int block : new int[] {1, 2}) {
      Node attention =
          Node.of("", new Attention(1, false, block), List.of(q, k, k, masked))
              .results()
              .getFirst()
              .node();
      assertThat(run(attention.result())).containsExactly(0, 0, 0);
      assertThat(run(attention.results().get(1))).containsExactly(Double.NEGATIVE_INFINITY);
    }
  }

  @Test
  void coordinatesOfWhatIsNotZero() {
    Value x = constant(DType.F32, List.of(0.0, 3.0, -0.0, Double.NaN), 2, 2);
    Tensor found = tensor(Node.value(new NonZero(new Symbol("count", 0, 4)), x));
    assertThat(found.extents()).containsExactly(2, 2);
    assertThat(found.longs()).containsExactly(0, 1, 1, 1);
  }

  @Test
  void bitsOfFloats() {
    Value x = vector(DType.F32, 1, -2, Double.NaN);
    Value bits = Node.value(new Bitcast(DType.U32), x);
    assertThat(run(bits)).containsExactly(0x3F80_0000, 0xC000_0000L, 0x7FC0_0000);
    assertThat(run(Node.value(new Bitcast(DType.F32), bits))).containsExactly(1, -2, Double.NaN);
  }

  @Test
  void functionsAtPointsThatAreKnown() {
    assertThat(run(Functions.softmax(vector(DType.F64, 0, Math.log(3)), 0)))
        .containsExactly(new double[] {0.25, 0.75}, within(1e-15));
    assertThat(run(Functions.softmax(vector(DType.F32, 1e9, 1e9), 0))).containsExactly(0.5, 0.5);
    assertThat(run(Functions.sigmoid(vector(DType.F64, 0, Math.log(3)))))
        .containsExactly(new double[] {0.5, 0.75}, within(1e-15));
    assertThat(run(Functions.silu(vector(DType.F64, 0, Math.log(3)))))
        .containsExactly(new double[] {0, 0.75 * Math.log(3)}, within(1e-15));
    assertThat(run(Functions.relu(vector(DType.F32, -1, 2)))).containsExactly(0, 2);
    // erf(1) = 0.8427007929497149
    assertThat(run(Functions.gelu(vector(DType.F64, 0, Math.sqrt(2))))[1])
        .isCloseTo(Math.sqrt(0.5) * (1 + 0.8427007929497149), within(1e-14));
    assertThat(run(Functions.softplus(vector(DType.F64, 0, -1e3, 1e3))))
        .containsExactly(new double[] {Math.log(2), 0, 1e3}, within(1e-15));
    Value logits = constant(DType.F64, List.of(0.0, Math.log(3), 5.0, 5.0), 2, 2);
    Value loss = Functions.crossEntropy(logits, vector(DType.I64, 0, 1));
    assertThat(run(loss)[0]).isCloseTo((Math.log(4) + Math.log(2)) / 2, within(1e-15));
  }

  @Test
  void normsHaveTheMomentsTheyPromise() {
    Value x = vector(DType.F64, 1, 2, 3, 6);
    Value one = Ops.like(x, 1);
    // mean 3, variance 3.5
    double deviation = Math.sqrt(3.5);
    assertThat(run(Functions.layerNorm(x, Ops.like(x, 2), one, 0)))
        .containsExactly(
            new double[] {1 - 4 / deviation, 1 - 2 / deviation, 1, 1 + 6 / deviation},
            within(1e-14));
    // mean square 12.5
    assertThat(run(Functions.rmsNorm(x, one, 0))[3]).isCloseTo(6 / Math.sqrt(12.5), within(1e-15));
  }

  @Test
  void rotaryEmbeddingTurnsHalvesAgainstEachOther() {
    Value x = Ops.reshape(counting(4), Shape.of(1, 4));
    Value quarter =
        Functions.rope(
            x, Ops.zeros(DType.F32, Shape.of(1, 2)), Ops.fill(DType.F32, Shape.of(1, 2), 1));
    assertThat(run(quarter)).containsExactly(-3, -4, 1, 2);
  }
}
