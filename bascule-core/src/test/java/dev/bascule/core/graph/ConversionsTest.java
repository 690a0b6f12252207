package dev.bascule.core.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bascule.core.DType;
import dev.bascule.core.Tensor;
import dev.bascule.core.TensorType;
import dev.bascule.core.kernel.SmallFloats;
import dev.bascule.core.kernel.Storage;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Casts between every pair of dtypes, against numbers of unlimited precision: what a value is,
 * which values the target has, and the rounding in words.
 */
class ConversionsTest {
  private static final double[] BOUNDARIES = {
    0.0,
    -0.0,
    0.4,
    -0.5,
    0.5,
    0.9999999,
    -0.9999999,
    1,
    -1,
    1.5,
    2.5,
    -2.5,
    7.5,
    8,
    15.5,
    16,
    127,
    127.5,
    128,
    -128,
    -128.9,
    -129,
    255,
    255.9,
    256,
    448,
    464,
    465,
    32767,
    32768,
    -32768,
    -32769,
    65504,
    65519.9,
    65520,
    65535,
    65536,
    57344,
    61440,
    1e-8,
    6e-8,
    2.9e-8,
    0x1p-149,
    0x1p-150,
    0x1.8p-150,
    2147483647.0,
    2147483648.0,
    -2147483648.0,
    -2147483649.0,
    4294967295.0,
    4294967296.0,
    9.223372036854775E18,
    0x1p63,
    -0x1p63,
    -0x1.0000000000001p63,
    0x1p64,
    0x1.fffffffffffffp63,
    3.4028235677973366E38,
    3.4028234663852886E38,
    1e39,
    Double.MAX_VALUE,
    Double.NaN,
    Double.POSITIVE_INFINITY,
    Double.NEGATIVE_INFINITY,
    16777217,
    0x1.000001p0,
    0x1.00000100000001p0,
    0x1.004p0,
    0x1.01p0
  };

  private static Tensor samples(DType type) {
    Random random = new Random(type.ordinal());
    Tensor samples = Tensor.zeros(type, 400);
    for (int i = 0; i < 400; i++) {
      if (type.isFloat()) {
        double value = i < BOUNDARIES.length ? BOUNDARIES[i] : random.nextGaussian() * 1000;
        Storage.storeNumber(type, samples.bytes(), i, value);
      } else if (type == DType.BOOL) {
        samples.set(i, i % 2);
      } else {
        // powers of two and their neighbours, then anything
        long near = (1L << i / 6 % 64) + i % 3 - 1;
        samples.set(i, i < 384 ? (i % 6 < 3 ? near : -near) : random.nextLong());
      }
    }
    return samples;
  }

  @ParameterizedTest
  @EnumSource
  void everyPairRoundsWrapsAndSaturatesAsItIsWritten(DType from) {
    Tensor samples = samples(from);
    Value x = Parameter.input("x", new TensorType(from, samples.type().shape()));
    for (DType to : DType.values()) {
      Graph graph = Graph.of("cast", List.of(x), List.of(Ops.cast(x, to)));
      Tensor results = List.copyOf(Reference.run(graph, Map.of("x", samples)).values()).getFirst();
      for (int i = 0; i < samples.elements(); i++) {
        assertCast(samples, results, i);
      }
    }
  }

  private static void assertCast(Tensor from, Tensor to, int i) {
    Object expected = expected(from, i, to.dtype());
    Object actual = to.dtype().isFloat() ? (Object) to.number(i) : integer(to, i);
    assertThat(actual)
        .as("%s of %s %s", to.dtype(), from.dtype(), describe(from, i))
        .isEqualTo(expected);
  }

  private static Object describe(Tensor tensor, int i) {
    return tensor.dtype().isFloat() ? (Object) tensor.number(i) : integer(tensor, i);
  }

  /** The value of an integer element: its bits, read with or without sign. */
  private static BigInteger integer(Tensor tensor, int i) {
    BigInteger bits = BigInteger.valueOf(tensor.get(i));
    return tensor.dtype().kind() == DType.Kind.SIGNED ? bits : modulo(bits, tensor.dtype().bits());
  }

  private static BigInteger modulo(BigInteger value, int bits) {
    return value.mod(BigInteger.TWO.pow(bits));
  }

  /** A Double for a float target, a BigInteger otherwise. */
  private static Object expected(Tensor from, int i, DType to) {
    if (from.dtype().isFloat()) {
      double value = from.number(i);
      return to.isFloat() ? (Object) rounded(value, to) : fromFloat(value, to);
    }
    BigInteger value = integer(from, i);
    if (to == from.dtype()) {
      return value;
    }
    if (!to.isFloat()) {
      return to == DType.BOOL
          ? BigInteger.valueOf(value.signum() == 0 ? 0 : 1)
          : wrapped(value, to);
    }
    // BigDecimal rounds to the nearest, ties to even; small floats are rounded from f32
    return to == DType.F64
        ? (Object) new BigDecimal(value).doubleValue()
        : rounded(new BigDecimal(value).floatValue(), to);
  }

  private static BigInteger wrapped(BigInteger value, DType to) {
    BigInteger low = modulo(value, to.bits());
    boolean negative = to.kind() == DType.Kind.SIGNED && low.testBit(to.bits() - 1);
    return negative ? low.subtract(BigInteger.TWO.pow(to.bits())) : low;
  }

  private static BigInteger fromFloat(double value, DType to) {
    if (to == DType.BOOL) {
      return value == 0 ? BigInteger.ZERO : BigInteger.ONE;
    }
    if (Double.isNaN(value)) {
      return BigInteger.ZERO;
    }
    boolean signed = to.kind() == DType.Kind.SIGNED;
    BigInteger high =
        BigInteger.TWO.pow(signed ? to.bits() - 1 : to.bits()).subtract(BigInteger.ONE);
    BigInteger low = signed ? high.add(BigInteger.ONE).negate() : BigInteger.ZERO;
    if (Double.isInfinite(value)) {
      return value > 0 ? high : low;
    }
    return new BigDecimal(value).toBigInteger().min(high).max(low);
  }

  private static double rounded(double value, DType to) {
    return switch (to) {
      case F64 -> value;
      case F32 -> (float) value;
      case F16 -> Float.float16ToFloat(Float.floatToFloat16((float) value));
      // these three against a search for the nearest: SmallFloatsTest
      case BF16 -> SmallFloats.bf16ToFloat(SmallFloats.floatToBf16((float) value));
      case F8E4M3 -> SmallFloats.e4m3ToFloat(SmallFloats.floatToE4m3((float) value));
      case F8E5M2 -> SmallFloats.e5m2ToFloat(SmallFloats.floatToE5m2((float) value));
      case I64, I32, I16, I8, I4, U64, U32, U16, U8, U4, BOOL ->
          throw new IllegalArgumentException(to + " is no float");
    };
  }
}
