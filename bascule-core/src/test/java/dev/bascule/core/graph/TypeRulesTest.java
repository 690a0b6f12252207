package dev.bascule.core.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.ShapeException;
import dev.bascule.core.Symbol;
import dev.bascule.core.Tensor;
import dev.bascule.core.TensorType;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;

/** What each op takes and gives, and how it says no. */
class TypeRulesTest {
  private static final Dim N = Dim.symbol("n", 1, 9);

  private static Value x(DType type, Dim... dims) {
    return Parameter.input("x", TensorType.of(type, dims));
  }

  private static Value f32(long... extents) {
    return Parameter.input("x", TensorType.of(DType.F32, extents));
  }

  private static List<Dim> dims(long... values) {
    return Arrays.stream(values).mapToObj(Dim::of).toList();
  }

  private static String type(Value value) {
    return value.type().toString();
  }

  private static AbstractThrowableAssert<?, ?> refused(Runnable construction) {
    return assertThatThrownBy(construction::run).isInstanceOf(ShapeException.class);
  }

  @Test
  void binaryOpsBroadcastAsNumPyDoes() {
    Value wide = x(DType.F32, N, Dim.ONE, Dim.of(3));
    assertThat(type(Ops.add(wide, f32(4, 1)))).isEqualTo("f32[n, 4, 3]");
    assertThat(type(Ops.lt(wide, Ops.scalar(DType.F32, 0)))).isEqualTo("bool[n, 1, 3]");
    refused(() -> Ops.add(wide, f32(2)))
        .hasMessage("Add: shapes [n, 1, 3] and [2] do not broadcast: 3 against 2");
  }

  @Test
  void nothingIsCastInSilence() {
    refused(() -> Ops.add(f32(2), x(DType.F64, Dim.of(2))))
        .hasMessage(
            "Add: operand 0 is f32[2], expected f64[2] like the others; all: [f32[2], f64[2]]");
    refused(() -> Ops.exp(x(DType.I32, N))).hasMessage("Exp does not take i32; cast first");
    refused(() -> Ops.neg(x(DType.BOOL, N))).hasMessage("Neg does not take bool; cast first");
    refused(() -> Ops.select(f32(2), f32(2), f32(2)))
        .hasMessageStartingWith("Select: operand 0 is f32[2], expected bool[2]");
    refused(() -> Node.value(Elementwise.ADD, f32(2)))
        .hasMessage("ADD takes 2 operands, got 1: [f32[2]]");
  }

  @Test
  void aLabelIsNamedInErrors() {
    refused(() -> Node.of("blk.3.up", new Matmul(), List.of(f32(2, 3), f32(4, 5))))
        .hasMessage(
            "'blk.3.up': Matmul: inner dimensions differ: lhs [2, 3] has 3, rhs [4, 5] has 4;"
                + " transpose one of them?");
  }

  @Test
  void matmulTakesEqualBatches() {
    assertThat(type(Ops.matmul(x(DType.F32, N, Dim.of(2), Dim.of(3)), f32(3, 4))))
        .isEqualTo("f32[n, 2, 4]");
    assertThat(type(Ops.matmul(f32(3), f32(3, 4)))).isEqualTo("f32[4]");
    assertThat(type(Ops.matmul(f32(2, 3), f32(3)))).isEqualTo("f32[2]");
    assertThat(type(Ops.matmul(f32(3), f32(3)))).isEqualTo("f32[]");
    refused(() -> Ops.matmul(f32(2, 2, 3), f32(5, 3, 4)))
        .hasMessage("Matmul batch: shapes [2] and [5] do not broadcast: 2 against 5");
    refused(() -> Ops.matmul(f32(), f32(3))).hasMessageContaining("does not take scalars");
    refused(() -> Node.value(new Matmul(), f32(2, 3), f32(3, 4), f32(2, 5)))
        .hasMessage("Matmul: the initial value must be f32[2, 4], not f32[2, 5]");
  }

  @Test
  void broadcastRepeatsAxesOfExtentOne() {
    assertThat(type(Ops.broadcast(f32(3, 1), new Shape(List.of(N, Dim.of(3), N)))))
        .isEqualTo("f32[n, 3, n]");
    refused(() -> Ops.broadcast(f32(3), Shape.of(2)))
        .hasMessage(
            "Broadcast of f32[3] to [2]: each trailing dimension must be equal, or 1 in the"
                + " operand");
    refused(() -> Ops.broadcast(f32(1, 3), Shape.of(3))).hasMessageStartingWith("Broadcast of");
  }

  @Test
  void reshapeKeepsTheElements() {
    Value x = x(DType.F32, N, Dim.of(6));
    assertThat(type(Ops.reshape(x, Shape.of(N.times(2), Dim.of(3))))).isEqualTo("f32[2*n, 3]");
    refused(() -> Ops.reshape(x, Shape.of(N, Dim.of(5))))
        .hasMessage("Reshape of f32[n, 6] to [n, 5]: element counts 6*n and 5*n differ");
  }

  @Test
  void permuteNamesEveryAxisOnce() {
    assertThat(type(Ops.permute(f32(2, 3, 4), List.of(2, 0, 1)))).isEqualTo("f32[4, 2, 3]");
    refused(() -> Ops.permute(f32(2, 3), List.of(1, 1)))
        .hasMessage("Permute [1, 1] is no permutation of the axes of f32[2, 3]");
    refused(() -> Ops.permute(f32(2, 3), List.of(0)))
        .hasMessage("Permute [0] must name all 2 axes of f32[2, 3]");
    refused(() -> Ops.permute(f32(2), List.of(1, 0))).hasMessageContaining("no permutation");
  }

  @Test
  void aSliceLiesInsideWhereThatIsKnown() {
    Value x = f32(5, 2);
    assertThat(type(Ops.slice(x, dims(1, 0), dims(4, 2)))).isEqualTo("f32[4, 2]");
    refused(() -> Ops.slice(x, dims(2, 0), dims(4, 2)))
        .hasMessage("Slice of f32[5, 2]: axis 0 takes 2 to 5, outside [0, 5)");
    refused(() -> Node.value(new Slice(dims(1, 0), dims(3, 2), List.of(-1L, 1L)), x))
        .hasMessage("Slice of f32[5, 2]: axis 0 takes 1 to -1, outside [0, 5)");
    refused(() -> Node.value(new Slice(dims(0), dims(1), List.of(1L)), x))
        .hasMessageStartingWith("Slice of f32[5, 2] needs 2 starts, sizes and steps");
    assertThat(type(Ops.slice(x, dims(5, 0), dims(0, 2)))).as("of nothing").isEqualTo("f32[0, 2]");
  }

  @Test
  void padSurroundsWithAScalarOfTheSameType() {
    Value x = x(DType.F32, N, Dim.of(2));
    assertThat(type(Ops.pad(x, dims(1, 0), dims(2, 3)))).isEqualTo("f32[n+3, 5]");
    Pad pad = new Pad(dims(1, 0), dims(0, 0));
    refused(() -> Node.value(pad, x, Ops.scalar(DType.F64, 0)))
        .hasMessage("Pad: the value must be a scalar f32, not f64[]");
    refused(() -> Ops.pad(x, dims(-1, 0), dims(0, 0)))
        .hasMessage("Pad of f32[n, 2]: axis 0 is padded by a negative amount; slice instead");
    refused(() -> Ops.pad(x, dims(1), dims(1)))
        .hasMessage("Pad of f32[n, 2] needs 2 amounts before and after, got [1] and [1]");
  }

  @Test
  void concatJoinsAlongOneAxis() {
    Value x = x(DType.F32, N, Dim.of(2));
    assertThat(type(Ops.concat(List.of(x, f32(3, 2), x), 0))).isEqualTo("f32[2*n+3, 2]");
    refused(() -> Ops.concat(List.of(x, f32(3, 4)), 0))
        .hasMessage("Concat along axis 0: f32[3, 4] does not fit to f32[n, 2]");
    refused(() -> Node.of("", new Concat(2), List.of(x)))
        .hasMessage("Concat along axis 2 of f32[n, 2]");
    refused(() -> Node.of("", new Concat(0), List.of()))
        .hasMessage("Concat needs at least one operand");
  }

  @Test
  void reductionsNameAxesThatExist() {
    Value x = x(DType.F32, N, Dim.of(2), Dim.of(3));
    assertThat(type(Ops.sum(x, List.of(0, -1), false))).isEqualTo("f32[2]");
    assertThat(type(Ops.sum(x, List.of(0, -1), true))).isEqualTo("f32[1, 2, 1]");
    refused(() -> Ops.sum(x, List.of(3), false))
        .hasMessage("axis 3 is outside the rank 3 of shape [n, 2, 3]");
    refused(() -> Ops.sum(x(DType.BOOL, N), List.of(0), false))
        .hasMessage("ReduceSum does not take bool: cast first, or use max (any) or min (all)");
    refused(() -> new Reduce(Reduce.Kind.SUM, List.of(1, 0), true))
        .hasMessage("Reduce axes must ascend from 0 without repetition, got [1, 0]");
    refused(() -> new Reduce(Reduce.Kind.MAX, List.of(-1), true))
        .hasMessage("Reduce axes must ascend from 0 without repetition, got [-1]");
  }

  @Test
  void gatherAndScatterTakeI64Indices() {
    Value indices = x(DType.I64, Dim.of(2), N);
    assertThat(type(Ops.gather(f32(4, 5, 6), indices, 1))).isEqualTo("f32[4, 2, n, 6]");
    refused(() -> Ops.gather(f32(4), x(DType.I32, N), 0))
        .hasMessageContaining("takes data of higher rank and i64 indices");
    Value rows = x(DType.I64, N);
    Value updates = x(DType.F32, N, Dim.of(5));
    assertThat(type(Ops.scatter(Scatter.Kind.ADD, f32(4, 5), rows, updates)))
        .isEqualTo("f32[4, 5]");
    refused(() -> Ops.scatter(Scatter.Kind.ADD, f32(4, 6), rows, updates))
        .hasMessageStartingWith("Scatter takes data [n, row...]");
  }

  @Test
  void dotTakesEqualRows() {
    assertThat(type(Node.value(new Dot(), f32(2, 3), f32(2, 3), f32(2)))).isEqualTo("f32[2]");
    refused(() -> Node.value(new Dot(), f32(2, 3), f32(2, 4), f32(2)))
        .hasMessageStartingWith("Dot takes two equal operands");
    refused(() -> Node.value(new Dot(), f32(2, 3), f32(2, 3), f32(3)))
        .hasMessage("Dot: the initial value must be f32[2], not f32[3]");
  }

  @Test
  void attentionNamesItsShapes() {
    Value q = f32(1, 2, 4, 8);
    Attention op = new Attention(1, false, 16);
    List<Value> results = Node.of("", op, List.of(q, f32(1, 2, 5, 8), f32(1, 2, 5, 6))).results();
    assertThat(results)
        .extracting(TypeRulesTest::type)
        .containsExactly("f32[1, 2, 4, 6]", "f32[1, 2, 4, 1]");
    refused(() -> Node.of("", op, List.of(q, f32(1, 2, 5, 7), f32(1, 2, 5, 6))))
        .hasMessageStartingWith("Attention takes queries [b, h, q, d], keys [b, h, k, d]");
    refused(() -> Node.of("", op, List.of(q, q, q, f32(1, 1, 1, 3))))
        .hasMessageStartingWith("Broadcast of f32[1, 1, 1, 3] to [1, 2, 4, 4]");
    refused(() -> new Attention(1, false, 0))
        .hasMessage("Attention: keyBlock must be positive, not 0");
  }

  @Test
  void castsBitcastsCoordinatesAndCounts() {
    assertThat(type(Ops.cast(f32(2), DType.BOOL))).isEqualTo("bool[2]");
    assertThat(type(Node.value(new Bitcast(DType.U32), f32(2)))).isEqualTo("u32[2]");
    refused(() -> Node.value(new Bitcast(DType.F64), f32(2)))
        .hasMessage("Bitcast takes dtypes of 32 or 64 bits of equal width, not f32 to f64");
    assertThat(type(Ops.iota(Shape.of(2, 3), 1))).isEqualTo("i64[2, 3]");
    refused(() -> Ops.iota(Shape.of(2), 1)).hasMessage("Iota along axis 1 of [2]");
    Value found = Node.value(new NonZero(new Symbol("count", 0, 6)), f32(2, 3));
    assertThat(type(found)).isEqualTo("i64[2, count]");
    assertThat(type(Ops.dimension(N))).isEqualTo("i64[]");
  }

  @Test
  void aCallTakesWhatItsBodyTakes() {
    Call gelu = (Call) Functions.gelu(f32(2)).node().op();
    refused(() -> Node.value(gelu, f32(3))).hasMessage("Gelu takes [f32[2]], got [f32[3]]");
  }

  @Test
  void graphsHaveParametersAsInputs() {
    Value x = f32(2);
    refused(() -> Graph.of("g", List.of(Ops.neg(x)), List.of()))
        .hasMessage("graph 'g': NEG:f32[2] is no parameter, so it cannot be an input");
    refused(() -> Graph.of("g", List.of(x, f32(3)), List.of()))
        .hasMessage("graph 'g' has two inputs named 'x'");
    State state = new State("s", TensorType.of(DType.F32, 3));
    refused(() -> new Graph("g", List.of(x), java.util.Map.of(), java.util.Map.of(state, x)))
        .hasMessage("state 's' is f32[3], its update f32[2]");
  }

  @Test
  void tensorsHaveAsManyBytesAsTheirShape() {
    refused(() -> Tensor.of(new float[3], 2, 2)).hasMessage("3 values for shape [2, 2] of 4");
    refused(() -> Tensor.zeros(DType.F32, -1)).hasMessage("shape [-1]: a dimension is negative");
    refused(() -> Tensor.zeros(DType.F32, 1L << 40, 1L << 40))
        .hasMessageContaining("more than 2^63 elements");
    refused(() -> Tensor.zeros(DType.F32, 2).reshaped(3))
        .hasMessage("reshape of [2] to [3]: element counts differ");
    assertThat(Tensor.zeros(DType.I4, 3).bytes().byteSize()).isEqualTo(2);
    refused(() -> DType.of("float")).hasMessageStartingWith("no dtype 'float'; known: [f64, f32");
  }

  @Test
  void everyElementwiseOpSaysWhatItTakes() {
    for (Elementwise op : Elementwise.values()) {
      for (DType type : DType.values()) {
        Value[] operands = Collections.nCopies(op.arity(), x(type, N)).toArray(Value[]::new);
        if (op == Elementwise.SELECT) {
          operands[0] = x(DType.BOOL, N);
        }
        if (op.takes(type)) {
          assertThat(Node.value(op, operands).shape()).isEqualTo(Shape.of(N));
        } else {
          refused(() -> Node.value(op, operands))
              .hasMessage(op + " does not take " + type + "; cast first");
        }
      }
    }
  }
}
