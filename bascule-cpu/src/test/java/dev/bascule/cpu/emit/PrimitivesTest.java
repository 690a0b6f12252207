package dev.bascule.cpu.emit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.ScalarType;
import dev.bascule.core.kernel.Access;
import dev.bascule.core.kernel.Kernel;
import dev.bascule.core.kernel.KernelBuilder;
import dev.bascule.core.kernel.Primitive;
import dev.bascule.core.kernel.Reduction;
import dev.bascule.core.kernel.Term;
import dev.bascule.cpu.asm.IsaLevel;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PrimitivesTest {
  static Stream<IsaLevel> levels() {
    return EmitterTest.levels();
  }

  private static DType storage(ScalarType type) {
    return switch (type) {
      case F32 -> DType.F32;
      case F64 -> DType.F64;
      case I32 -> DType.I32;
      case I64 -> DType.I64;
      case BOOL -> DType.BOOL;
    };
  }

  private static Access along(int parameter, long stride) {
    return new Access(parameter, Dim.ZERO, List.of(Dim.of(stride)));
  }

  /** The operand types of a primitive over {@code type}, if it takes that. */
  private static List<ScalarType> operands(Primitive op, ScalarType type) {
    List<ScalarType> types = new ArrayList<>();
    for (int i = 0; i < op.arity(); i++) {
      types.add(op == Primitive.SELECT && i == 0 ? ScalarType.BOOL : type);
    }
    try {
      op.result(types);
      return types;
    } catch (IllegalArgumentException refused) {
      return List.of();
    }
  }

  private static void agree(Kernel kernel, IsaLevel isa, long seed) {
    String found =
        KernelTrial.compare(
            kernel, Bindings.NONE, isa, seed, (dtype, p, r) -> KernelTrial.any(dtype, r));
    assertThat(found).as("%s, seed %d: %s", isa, seed, kernel).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("levels")
  void everyPrimitiveOfEveryTypeGivesTheScalarsBits(IsaLevel isa) {
    for (Primitive op : Primitive.values()) {
      if (op == Primitive.ROUND_F8E4M3 || op == Primitive.ROUND_F8E5M2) {
        continue;
      }
      for (ScalarType type : ScalarType.values()) {
        List<ScalarType> types = operands(op, type);
        // of a NaN's bits nothing is promised
        boolean bits = op == Primitive.F32_BITS || op == Primitive.F64_BITS;
        for (long length : types.isEmpty() || bits ? new long[0] : EmitterTest.LENGTHS) {
          agree(elementwise(op, types, length, 1), isa, length);
          agree(elementwise(op, types, length, 3), isa, length);
        }
      }
    }
  }

  private static Kernel elementwise(
      Primitive op, List<ScalarType> types, long length, long stride) {
    KernelBuilder b = new KernelBuilder(op.toString(), List.of(Dim.of(length)), 0);
    Term[] terms = new Term[types.size()];
    for (int i = 0; i < terms.length; i++) {
      terms[i] = b.load(along(b.input("x" + i, storage(types.get(i))), stride));
    }
    Term result = b.apply(op, terms);
    b.store(along(b.output("y", storage(result.type())), stride), result);
    return b.build();
  }

  @ParameterizedTest
  @MethodSource("levels")
  void everyDtypeIsLoadedAndStored(IsaLevel isa) {
    for (DType dtype : DType.values()) {
      boolean exotic = dtype.bits() < 8 || dtype == DType.F8E4M3 || dtype == DType.F8E5M2;
      for (long length : exotic ? new long[0] : EmitterTest.LENGTHS) {
        for (long stride : new long[] {1, 2, 5}) {
          KernelBuilder b = new KernelBuilder("copy " + dtype, List.of(Dim.of(length)), 0);
          Term value = b.load(along(b.input("x", dtype), stride));
          b.store(along(b.output("y", dtype), 1), value);
          b.store(along(b.output("z", dtype), stride), value);
          agree(b.build(), isa, length);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("levels")
  void everyReductionFoldsThirtyTwoLanes(IsaLevel isa) {
    for (Reduction reduction : Reduction.values()) {
      for (ScalarType type : ScalarType.values()) {
        boolean undefined =
            reduction == Reduction.FMA
                || (type == ScalarType.BOOL
                    && reduction != Reduction.MAX
                    && reduction != Reduction.MIN);
        for (long length : undefined ? new long[0] : EmitterTest.LENGTHS) {
          agree(reduced(reduction, type, length, length, 1), isa, length);
          agree(reduced(reduction, type, length, 1, 40), isa, length);
        }
      }
    }
  }

  /** 40 rows; strides say whether they lie one after the other or side by side. */
  private static Kernel reduced(
      Reduction reduction, ScalarType type, long length, long rowStride, long stride) {
    KernelBuilder b =
        new KernelBuilder(reduction.toString(), List.of(Dim.of(40), Dim.of(length)), 1);
    DType dtype = storage(type);
    Term value =
        b.load(
            new Access(b.input("x", dtype), Dim.ZERO, List.of(Dim.of(rowStride), Dim.of(stride))));
    Access result = new Access(b.output("y", dtype), Dim.ZERO, List.of(Dim.ONE, Dim.ZERO));
    b.store(result, b.reduce(reduction, value));
    return b.build();
  }
}
