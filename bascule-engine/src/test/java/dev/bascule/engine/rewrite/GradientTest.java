package dev.bascule.engine.rewrite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.DOUBLE_ARRAY;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.Tensor;
import dev.bascule.core.TensorType;
import dev.bascule.core.graph.Attention;
import dev.bascule.core.graph.Constant;
import dev.bascule.core.graph.Dot;
import dev.bascule.core.graph.Elementwise;
import dev.bascule.core.graph.Functions;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.Matmul;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Pad;
import dev.bascule.core.graph.Parameter;
import dev.bascule.core.graph.Reduce;
import dev.bascule.core.graph.Reference;
import dev.bascule.core.graph.Scatter;
import dev.bascule.core.graph.Slice;
import dev.bascule.core.graph.Value;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.DoubleSupplier;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every differentiable op against finite differences, in f64. */
class GradientTest {
  /** Relative to max(1, |gradient|): what the differences themselves leave, with a margin. */
  private static final double TOLERANCE = 1e-8;

  /** Ops whose third derivative is large near the ends of their domain, so differences err more. */
  private static final Map<Elementwise, Double> WIDER =
      Map.of(
          Elementwise.TAN, 1e-7,
          Elementwise.ACOSH, 1e-7,
          Elementwise.POW, 1e-7);

  /** Where an op is defined and smooth; (-2, 2) where nothing else is said. */
  private static final Map<Elementwise, double[]> DOMAINS =
      new EnumMap<>(
          Map.of(
              Elementwise.SQRT, new double[] {0.3, 4},
              Elementwise.LOG, new double[] {0.3, 4},
              Elementwise.LOG1P, new double[] {-0.7, 4},
              Elementwise.ASIN, new double[] {-0.8, 0.8},
              Elementwise.ACOS, new double[] {-0.8, 0.8},
              Elementwise.ATANH, new double[] {-0.8, 0.8},
              Elementwise.ACOSH, new double[] {1.4, 4},
              Elementwise.TAN, new double[] {-1.2, 1.2},
              Elementwise.POW, new double[] {0.4, 3},
              Elementwise.DIV, new double[] {0.4, 3}));

  @TestFactory
  Stream<DynamicTest> everyElementwiseOp() {
    return Arrays.stream(Elementwise.values())
        .filter(op -> op.isDifferentiable() && op.takes(DType.F64))
        .map(op -> dynamicTest(op.toString(), () -> check(op)));
  }

  private static void check(Elementwise op) {
    Random random = new Random(op.ordinal());
    double[] domain = DOMAINS.getOrDefault(op, new double[] {-2, 2});
    // away from the integers and their halves, where some ops have a kink or a step
    DoubleSupplier smooth =
        () -> {
          double x = random.nextDouble(domain[0], domain[1]);
          return Math.abs(2 * x - Math.rint(2 * x)) < 0.01 ? x + 0.02 : x;
        };
    GradientCheck check = new GradientCheck(op.ordinal());
    int operands = op == Elementwise.SELECT ? 2 : op.arity();
    for (int i = 0; i < operands; i++) {
      check.operand(smooth, 4, 5);
    }
    check.check(
        WIDER.getOrDefault(op, TOLERANCE),
        x ->
            op == Elementwise.SELECT
                ? Ops.select(Ops.lt(x.get(0), x.get(1)), Ops.mul(x.get(0), x.get(0)), x.get(1))
                : Ops.apply(op, x.toArray(Value[]::new)));
  }

  private static DynamicTest unary(String name, Function<Value, Value> formula) {
    return dynamicTest(
        name,
        () ->
            new GradientCheck(1)
                .operand(0.3, 1.7, 2, 4, 3)
                .check(TOLERANCE, x -> formula.apply(x.getFirst())));
  }

  @TestFactory
  Stream<DynamicTest> everyReduction() {
    return Arrays.stream(Reduce.Kind.values())
        .flatMap(kind ->
            Stream.of(
                unary(kind + " of one axis", x -> Ops.reduce(kind, x, List.of(1), false)),
                unary(kind + " that keeps axes", x -> Ops.reduce(kind, x, List.of(0, 2), true)),
                unary(kind + " of all", x -> Ops.reduce(kind, x, List.of(0, 1, 2), false))));
  }

  @TestFactory
  Stream<DynamicTest> everyMovement() {
    Value indices = Constant.of(Tensor.of(new long[] {2, 0, 2, 3, 1, 2}, 2, 3));
    return Stream.of(
        unary("reshape", x -> Ops.reshape(x, Shape.of(8, 3))),
        unary("permute", x -> Ops.permute(x, List.of(2, 0, 1))),
        unary("broadcast", x -> Ops.broadcast(Ops.unsqueeze(x, 1), Shape.of(5, 2, 3, 4, 3))),
        unary("flip", x -> Ops.flip(x, 1)),
        unary("slice", x -> Ops.sliceAxis(x, 1, Dim.ONE, Dim.of(2))),
        unary("every second", x -> strided(x, 0, 2, 2)),
        unary("every third, backwards", x -> strided(x, 3, 2, -3)),
        unary("pad", x -> Ops.pad(x, dims(1, 0, 2), dims(0, 3, 1))),
        unary("concat", x -> Ops.concat(List.of(x, Ops.neg(x), Ops.mul(x, x)), 2)),
        unary("gather", x -> Ops.gather(x, indices, 1)),
        unary("gather of the last axis", x -> Ops.gather(x, Ops.scalar(DType.I64, 1), 2)));
  }

  private static Value strided(Value x, long start, long size, long step) {
    List<Dim> starts = List.of(Dim.ZERO, Dim.of(start), Dim.ZERO);
    List<Dim> sizes = List.of(x.shape().dim(0), Dim.of(size), x.shape().dim(2));
    return Node.value(new Slice(starts, sizes, List.of(1L, step, 1L)), x);
  }

  private static List<Dim> dims(long... values) {
    return Arrays.stream(values).mapToObj(Dim::of).toList();
  }

  @Test
  void theValueAroundAPad() {
    new GradientCheck(2)
        .operand(-1, 1, 3)
        .operand(-1, 1)
        .check(TOLERANCE, x -> Node.value(new Pad(dims(2), dims(1)), x.get(0), x.get(1)));
  }

  @Test
  void scatteredUpdatesAndWhatTheyMeet() {
    Value repeated = Constant.of(Tensor.of(new long[] {1, 3, 1}, 3));
    new GradientCheck(3)
        .operand(-1, 1, 4, 2)
        .operand(-1, 1, 3, 2)
        .check(TOLERANCE, x -> Ops.scatter(Scatter.Kind.ADD, x.get(0), repeated, x.get(1)));
    Value unique = Constant.of(Tensor.of(new long[] {1, 3, 0}, 3));
    new GradientCheck(4)
        .operand(-1, 1, 4, 2)
        .operand(-1, 1, 3, 2)
        .check(TOLERANCE, x -> Ops.scatter(Scatter.Kind.SET, x.get(0), unique, x.get(1)));
  }

  @Test
  void products() {
    new GradientCheck(5)
        .operand(-1, 1, 3, 4)
        .operand(-1, 1, 3, 4)
        .operand(-1, 1, 3)
        .check(TOLERANCE, x -> Node.of("", new Dot(), x).result());
    new GradientCheck(6)
        .operand(-1, 1, 2, 3, 4)
        .operand(-1, 1, 2, 4, 5)
        .operand(-1, 1, 2, 3, 5)
        .check(TOLERANCE, x -> Node.of("", new Matmul(), x).result());
    new GradientCheck(7)
        .operand(-1, 1, 2, 3, 4)
        .operand(-1, 1, 4, 5)
        .check(TOLERANCE, x -> Ops.matmul(x.get(0), x.get(1)));
  }

  @TestFactory
  Stream<DynamicTest> attention() {
    return Stream.of(
        dynamicTest("in one block", () -> attention(new Attention(0.5f, false, 8))),
        dynamicTest("in blocks", () -> attention(new Attention(0.5f, false, 2))),
        dynamicTest("causal, in blocks", () -> attention(new Attention(0.5f, true, 3))));
  }

  private static void attention(Attention op) {
    new GradientCheck(8)
        .operand(-1, 1, 1, 2, 4, 3)
        .operand(-1, 1, 1, 2, 5, 3)
        .operand(-1, 1, 1, 2, 5, 2)
        .operand(-1, 1, 1, 1, 4, 5)
        .check(
            TOLERANCE,
            x -> {
              List<Value> results = Node.of("", op, x).results();
              return Ops.add(results.get(0), results.get(1));
            });
  }

  @TestFactory
  Stream<DynamicTest> everyFunction() {
    return Stream.of(
        unary("softmax", x -> Functions.softmax(x, 1)),
        unary("log softmax", x -> Functions.logSoftmax(x, -1)),
        unary("gelu", x -> Functions.gelu(Ops.sub(x, Ops.like(x, 1)))),
        unary("gelu by tanh", x -> Functions.geluTanh(Ops.sub(x, Ops.like(x, 1)))),
        unary("sigmoid", Functions::sigmoid),
        unary("silu", Functions::silu),
        unary("relu", x -> Functions.relu(Ops.sub(x, Ops.like(x, 1)))),
        unary("softplus", x -> Functions.softplus(Ops.sub(x, Ops.like(x, 1)))));
  }

  @Test
  void functionsOfSeveralOperands() {
    new GradientCheck(9)
        .operand(-1, 1, 3, 6)
        .operand(0.5, 1.5, 6)
        .operand(-1, 1, 6)
        .check(TOLERANCE, x -> Functions.layerNorm(x.get(0), x.get(1), x.get(2), 1e-5));
    new GradientCheck(10)
        .operand(-1, 1, 3, 6)
        .operand(0.5, 1.5, 6)
        .check(TOLERANCE, x -> Functions.rmsNorm(x.get(0), x.get(1), 1e-5));
    new GradientCheck(11)
        .operand(-1, 1, 2, 3, 4)
        .operand(-1, 1, 3, 2)
        .operand(-1, 1, 3, 2)
        .check(TOLERANCE, x -> Functions.rope(x.get(0), x.get(1), x.get(2)));
    Value labels = Constant.of(Tensor.of(new long[] {3, 0, 1}, 3));
    new GradientCheck(12)
        .operand(-1, 1, 3, 5)
        .check(TOLERANCE, x -> Functions.crossEntropy(x.get(0), labels));
  }

  @Test
  void aCastBackAndForthPassesTheGradient() {
    Value x = Parameter.input("x", TensorType.of(DType.F64, 2));
    Value narrow = Ops.cast(Ops.cast(Ops.cast(x, DType.F32), DType.F16), DType.F64);
    Value gradient = Differentiator.gradients(Ops.sumAll(narrow), List.of(x)).getFirst();
    Graph graph = Graph.of("gradient", List.of(x), List.of(gradient));
    Map<String, Tensor> inputs = Map.of("x", Tensor.of(new double[] {1, 2}, 2));
    assertThat(Reference.run(graph, inputs).values())
        .singleElement()
        .extracting(Tensor::doubles, DOUBLE_ARRAY)
        .containsExactly(1, 1);
  }
}
