package dev.bascule.conformance;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.Tensor;
import dev.bascule.core.kernel.Scalars;
import dev.bascule.core.kernel.SmallFloats;
import dev.bascule.core.kernel.Storage;
import java.util.random.RandomGenerator;

/** Draws operands: equal seeds give equal tensors. */
public final class Inputs {
  private static final double[] SPECIAL_FLOATS = {
    Double.NaN,
    Double.POSITIVE_INFINITY,
    Double.NEGATIVE_INFINITY,
    0.0,
    -0.0,
    1,
    -1,
    0.5,
    -0.5,
    1.5,
    2.5,
    -2.5,
    Math.PI,
    1e10,
    -1e10,
    0x1p31,
    -0x1p31,
    0x1p32,
    0x1p63,
    0x1p64,
    16777217,
    88.7,
    -103.9,
    709.7,
    -745.1,
    Float.MAX_VALUE,
    -Float.MAX_VALUE,
    Float.MIN_VALUE,
    -Float.MIN_VALUE,
    Float.MIN_NORMAL,
    Double.MAX_VALUE,
    -Double.MAX_VALUE,
    Double.MIN_VALUE,
    Double.MIN_NORMAL,
    0x1.fffffep-1,
    0x1.000002p0,
    65504,
    65520,
    448,
    57344
  };

  private Inputs() {}

  /** A tensor of these extents whose elements follow {@code values}. */
  public static Tensor draw(
      DType dtype, long[] extents, Values values, Bindings dims, RandomGenerator random) {
    Tensor tensor = Tensor.zeros(dtype, extents);
    long below = values instanceof Values.Below(var extent) ? extent.evaluate(dims) : 0;
    for (long i = 0; i < tensor.elements(); i++) {
      tensor.set(
          i,
          switch (values) {
            case Values.Below b -> below <= 0 ? 0 : random.nextLong(below);
            case Values.Spread spread -> element(dtype, spread, random);
          });
    }
    return tensor;
  }

  private static long element(DType dtype, Values.Spread spread, RandomGenerator random) {
    return switch (spread) {
      case ANY -> any(dtype, random);
      case MODERATE -> moderate(dtype, random);
      case SPIKED -> random.nextInt(50) == 0 ? any(dtype, random) : moderate(dtype, random);
      case POSITIVE -> positive(dtype, random);
    };
  }

  private static long any(DType dtype, RandomGenerator random) {
    int kind = random.nextInt(8);
    return switch (dtype.kind()) {
      case FLOAT -> {
        if (kind < 2) {
          double special = SPECIAL_FLOATS[random.nextInt(SPECIAL_FLOATS.length)];
          yield Storage.bits(dtype, special);
        }
        yield kind < 4 ? randomFloat(dtype, random) : moderate(dtype, random);
      }
      case SIGNED, UNSIGNED -> {
        if (kind < 2) {
          yield specialInteger(dtype, random.nextInt(8));
        }
        yield kind < 5 ? wrap(dtype, random.nextLong()) : moderate(dtype, random);
      }
      case BOOL -> random.nextInt(2);
    };
  }

  /** Any bits of the dtype, so any exponent, and now and then some NaN. */
  private static long randomFloat(DType dtype, RandomGenerator random) {
    long bits = random.nextLong();
    return switch (dtype) {
      case F64 -> bits;
      case F16 -> Scalars.of(Float.float16ToFloat((short) bits));
      case BF16 -> Scalars.of(SmallFloats.bf16ToFloat((short) bits));
      case F8E4M3 -> Scalars.of(SmallFloats.e4m3ToFloat((byte) bits));
      case F8E5M2 -> Scalars.of(SmallFloats.e5m2ToFloat((byte) bits));
      default -> bits & 0xFFFF_FFFFL;
    };
  }

  private static long specialInteger(DType dtype, int which) {
    long top = 1L << (dtype.bits() - 1);
    return wrap(
        dtype,
        switch (which) {
          case 0 -> 0;
          case 1 -> -1;
          case 2 -> top;
          case 3 -> top - 1;
          case 4 -> top + 1;
          case 5 -> dtype.bits();
          case 6 -> 2;
          default -> 1;
        });
  }

  /** The low bits, as a scalar of the dtype. */
  private static long wrap(DType dtype, long value) {
    return switch (dtype.bits()) {
      case 64 -> value;
      case 32 -> (int) value;
      default -> {
        int unused = 64 - dtype.bits();
        yield dtype.kind() == DType.Kind.SIGNED
            ? value << unused >> unused
            : value << unused >>> unused;
      }
    };
  }

  private static long moderate(DType dtype, RandomGenerator random) {
    return switch (dtype.kind()) {
      case FLOAT -> Storage.bits(dtype, random.nextGaussian() * (1 << random.nextInt(3)));
      case SIGNED -> wrap(dtype, random.nextInt(-20, 21));
      case UNSIGNED -> wrap(dtype, random.nextInt(0, 41));
      case BOOL -> random.nextInt(2);
    };
  }

  private static long positive(DType dtype, RandomGenerator random) {
    return switch (dtype.kind()) {
      case FLOAT -> Storage.bits(dtype, 0.25 + Math.abs(random.nextGaussian()));
      case SIGNED, UNSIGNED -> 1 + random.nextInt(7);
      case BOOL -> 1;
    };
  }
}
