package dev.bascule.core.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.DataException;
import dev.bascule.core.Dim;
import dev.bascule.core.ScalarType;
import dev.bascule.core.Symbol;
import dev.bascule.core.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class KernelInterpreterTest {
  private static List<Dim> dims(long... values) {
    return Arrays.stream(values).mapToObj(Dim::of).toList();
  }

  private static Access at(int parameter, long offset, long... strides) {
    return new Access(parameter, Dim.of(offset), dims(strides));
  }

  private static float[] run(KernelBuilder b, int outputs, Tensor... inputs) {
    Tensor output = Tensor.zeros(DType.F32, outputs);
    Tensor[] operands = Arrays.copyOf(inputs, inputs.length + 1);
    operands[inputs.length] = output;
    KernelInterpreter.run(
        b.build(), Arrays.stream(operands).map(Tensor::bytes).toList(), Bindings.NONE);
    return output.floats();
  }

  private static Tensor tensor(float... values) {
    return Tensor.of(values, values.length);
  }

  @Test
  void viewsAreStridesAndOffsets() {
    // the transpose of [2, 3], backwards along its last axis
    KernelBuilder b = new KernelBuilder("view", dims(3, 2), 0);
    b.input("x", DType.F32);
    b.output("y", DType.F32);
    b.store(at(1, 0, 2, 1), b.load(at(0, 3, 1, -3)));
    assertThat(run(b, 6, tensor(1, 2, 3, 4, 5, 6))).containsExactly(4, 1, 5, 2, 6, 3);
  }

  @Test
  void maskedLoadsAreZeroAndTouchNothing() {
    // one element of padding on each side
    KernelBuilder b = new KernelBuilder("pad", dims(4), 0);
    b.input("x", DType.F32);
    b.output("y", DType.F32);
    Term i = b.index(0);
    Term inside = b.and(b.lt(b.constant(0L), i), b.lt(i, b.constant(3L)));
    b.store(at(1, 0, 1), b.load(at(0, -1, 1), inside));
    assertThat(run(b, 4, tensor(5, 6))).containsExactly(0, 5, 6, 0);
  }

  @Test
  void maskedStoresLeaveWhatIsThere() {
    KernelBuilder b = new KernelBuilder("mask", dims(4), 0);
    b.input("x", DType.F32);
    b.output("y", DType.F32);
    Term x = b.load(at(0, 0, 1));
    b.store(at(1, 0, 1), x, b.lt(b.constant(0f), x));
    assertThat(run(b, 4, tensor(1, -2, 3, -4))).containsExactly(1, 0, 3, 0);
  }

  @Test
  void softmaxTakesThreePassesOverTheRow() {
    KernelBuilder b = new KernelBuilder("shifted", dims(2, 3), 1);
    b.input("x", DType.F32);
    b.output("y", DType.F32);
    Term x = b.load(at(0, 0, 3, 1));
    Term shifted = b.sub(x, b.reduce(Reduction.MAX, x));
    b.store(at(1, 0, 3, 1), b.div(shifted, b.reduce(Reduction.SUM, shifted)));
    assertThat(run(b, 6, tensor(1, 2, 4, 5, 5, 3)))
        .containsExactly(3 / 5f, 2 / 5f, -0f / 5, -0f / 2, -0f / 2, 1);
  }

  @Test
  void anEmptyRowStillStoresItsFold() {
    KernelBuilder b = new KernelBuilder("empty", dims(2, 0), 1);
    b.input("x", DType.F32);
    b.output("y", DType.F32);
    Term sum = b.reduce(Reduction.SUM, b.load(at(0, 0, 0, 1)));
    b.store(at(1, 0, 1, 0), b.add(sum, b.constant(7f)));
    assertThat(run(b, 2, tensor())).containsExactly(7, 7);
  }

  @Test
  void indicesThatAreDataAreCheckedAgainstTheExtent() {
    KernelBuilder b = new KernelBuilder("pick", dims(2), 0);
    b.input("x", DType.F32);
    b.input("i", DType.I64);
    b.output("y", DType.F32);
    Term index = b.load(at(1, 0, 1));
    b.store(at(2, 0, 1), b.loadAt(at(0, 0, 0), index, Dim.of(2), Dim.of(3)));
    Tensor table = tensor(1, 2, 3, 4, 5, 6);
    assertThat(run(b, 2, table, Tensor.of(new long[] {2, 0}, 2))).containsExactly(5, 1);
    for (long outside : new long[] {3, -1}) {
      Tensor indices = Tensor.of(new long[] {0, outside}, 2);
      assertThatThrownBy(() -> run(b, 2, table, indices))
          .isInstanceOf(DataException.class)
          .hasMessage("kernel pick: index " + outside + " is outside [0, 3)");
    }
  }

  @Test
  void extentsAreBoundWhenTheKernelRuns() {
    Symbol n = new Symbol("n", 0, 10);
    KernelBuilder b = new KernelBuilder("extent", List.of(Dim.of(n)), 0);
    b.output("y", DType.I64);
    b.store(
        new Access(0, Dim.ZERO, List.of(Dim.ONE)), b.add(b.index(0), b.extent(Dim.of(n).times(2))));
    Kernel kernel = b.build();
    assertThat(kernel.symbols()).containsExactly(n);
    Tensor output = Tensor.zeros(DType.I64, 3);
    KernelInterpreter.run(kernel, List.of(output.bytes()), new Bindings(Map.of(n, 3L)));
    assertThat(output.longs()).containsExactly(6, 7, 8);
  }

  @Test
  void everyDtypeIsLoadedAndStoredInItsOwnWidth() {
    for (DType type : DType.values()) {
      KernelBuilder b = new KernelBuilder("copy", dims(5), 0);
      b.input("x", type);
      b.output("y", type);
      b.store(at(1, 0, 1), b.load(at(0, 4, -1)));
      Tensor input = Tensor.zeros(type, 5);
      for (int i = 0; i < 5; i++) {
        Storage.storeNumber(type, input.bytes(), i, i % 2 + (type == DType.BOOL ? 0 : i));
      }
      Tensor output = Tensor.zeros(type, 5);
      KernelInterpreter.run(b.build(), List.of(input.bytes(), output.bytes()), Bindings.NONE);
      double[] reversed = output.doubles();
      for (int i = 0; i < 5; i++) {
        assertThat(reversed[i]).as("%s", type).isEqualTo(input.number(4 - i));
      }
    }
  }

  @Test
  void integersWrapAndDivideAsPrimitivesSay() {
    long min = Integer.MIN_VALUE;
    assertThat(Scalars.apply(Primitive.DIV, ScalarType.I32, min, -1, 0)).isEqualTo(min);
    assertThat(Scalars.apply(Primitive.DIV, ScalarType.I32, 7, 0, 0)).isZero();
    assertThat(Scalars.apply(Primitive.REM, ScalarType.I32, 7, 0, 0)).isEqualTo(7);
    assertThat(Scalars.apply(Primitive.UDIV, ScalarType.I64, -1, 2, 0)).isEqualTo(Long.MAX_VALUE);
    assertThat(Scalars.apply(Primitive.ABS, ScalarType.I32, min, 0, 0)).isEqualTo(min);
    assertThat(Scalars.apply(Primitive.SHL, ScalarType.I32, 1, 33, 0)).isEqualTo(2);
  }

  @Test
  void ofZerosTheSecondIsTakenAndANanWins() {
    long zero = Scalars.of(0f);
    long negative = Scalars.of(-0f);
    long nan = Scalars.of(Float.NaN);
    long one = Scalars.of(1f);
    for (Primitive op : List.of(Primitive.MIN, Primitive.MAX)) {
      var f32 = ScalarType.F32;
      assertThat(Scalars.apply(op, f32, zero, negative, 0)).isEqualTo(negative);
      assertThat(Scalars.apply(op, f32, negative, zero, 0)).isEqualTo(zero);
      assertThat(Scalars.f32(Scalars.apply(op, f32, nan, one, 0))).isNaN();
      assertThat(Scalars.f32(Scalars.apply(op, f32, one, nan, 0))).isNaN();
    }
  }
}
