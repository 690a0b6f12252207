package dev.bascule.core.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;

/** The small formats exhaustively, and rounding to them against a search for the nearest value. */
class SmallFloatsTest {
  /** A format by its definition: sign, exponent and mantissa fields. */
  private record Format(int exponentBits, int mantissaBits, boolean hasInfinity) {
    int codes() {
      return 1 << exponentBits + mantissaBits;
    }

    /** The value of a code without sign, from the definition in powers of two; NaN where none. */
    double value(int code) {
      int bias = (1 << exponentBits - 1) - 1;
      int exponent = code >> mantissaBits;
      double fraction = (code & (1 << mantissaBits) - 1) / (double) (1 << mantissaBits);
      boolean last = exponent == (1 << exponentBits) - 1;
      if (hasInfinity && last) {
        return fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN;
      }
      if (!hasInfinity && code == codes() - 1) {
        return Double.NaN;
      }
      return exponent == 0
          ? fraction * Math.pow(2, 1 - bias)
          : (1 + fraction) * Math.pow(2, exponent - bias);
    }
  }

  private static final Format BF16 = new Format(8, 7, true);
  private static final Format E5M2 = new Format(5, 2, true);
  private static final Format E4M3 = new Format(4, 3, false);

  private static void assertSame(double expected, float actual, String what) {
    assertThat(
            Double.compare(expected, actual) == 0
                || (Double.isNaN(expected) && Float.isNaN(actual)))
        .as("%s: expected %s, got %s", what, expected, actual)
        .isTrue();
  }

  private static void assertDecodes(Format format, int sign, IntFunction<Float> decode) {
    for (int code = 0; code < format.codes(); code++) {
      assertSame(format.value(code), decode.apply(code), "code " + code);
      assertSame(-format.value(code), decode.apply(code | sign), "negative code " + code);
    }
  }

  @Test
  void everyCodeHasTheValueOfItsFields() {
    assertDecodes(BF16, 0x8000, code -> SmallFloats.bf16ToFloat((short) code));
    assertDecodes(E5M2, 0x80, code -> SmallFloats.e5m2ToFloat((byte) code));
    assertDecodes(E4M3, 0x80, code -> SmallFloats.e4m3ToFloat((byte) code));
  }

  @Test
  void everyValueRoundsToItself() {
    for (int code = 0; code < 1 << 16; code++) {
      float value = SmallFloats.bf16ToFloat((short) code);
      assertSame(value, SmallFloats.bf16ToFloat(SmallFloats.floatToBf16(value)), "bf16 " + code);
    }
    for (int code = 0; code < 1 << 8; code++) {
      float e5m2 = SmallFloats.e5m2ToFloat((byte) code);
      assertSame(e5m2, SmallFloats.e5m2ToFloat(SmallFloats.floatToE5m2(e5m2)), "e5m2 " + code);
      float e4m3 = SmallFloats.e4m3ToFloat((byte) code);
      assertSame(e4m3, SmallFloats.e4m3ToFloat(SmallFloats.floatToE4m3(e4m3)), "e4m3 " + code);
    }
  }

  /** Nearest of all values, the one with the even code of two equally near ones. */
  private static double nearest(Format format, double x, boolean saturates) {
    double size = Math.abs(x);
    int best = 0;
    int finite = 0;
    for (int code = 0; code < format.codes(); code++) {
      double value = format.value(code);
      if (Double.isFinite(value)) {
        finite = code;
        double closer = Math.abs(size - format.value(best)) - Math.abs(size - value);
        best = closer > 0 || (closer == 0 && code % 2 == 0) ? code : best;
      }
    }
    // IEEE-754: overflow begins half a unit beyond the largest number
    double unit = format.value(finite) - format.value(finite - 1);
    boolean overflows = size >= format.value(finite) + unit / 2;
    // far beyond, the distances to all values are one double
    double within = size > format.value(finite) ? format.value(finite) : format.value(best);
    double rounded = overflows && !saturates ? Double.POSITIVE_INFINITY : within;
    return Math.copySign(rounded, x);
  }

  /** Values, halves between values, their neighbours, and numbers at random. */
  private static List<Float> candidates(Format format, int step) {
    List<Float> candidates = new ArrayList<>(List.of(0f, -0f, Float.MIN_VALUE, Float.MAX_VALUE));
    for (int code = 0; code + 1 < format.codes(); code += step) {
      double value = format.value(code);
      double next = format.value(code + 1);
      if (Double.isFinite(value) && Double.isFinite(next)) {
        float half = (float) ((value + next) / 2);
        candidates.addAll(List.of((float) value, half, Math.nextUp(half), Math.nextDown(half)));
      }
    }
    Random random = new Random(5);
    for (int i = 0; i < 200; i++) {
      float any = Float.intBitsToFloat(random.nextInt());
      candidates.add(Float.isFinite(any) ? any : 1);
      candidates.add((float) random.nextGaussian() * 100);
    }
    return candidates;
  }

  @Test
  void roundingTakesTheNearestValueAndTheEvenOneOfTwo() {
    for (float x : candidates(E5M2, 1)) {
      assertSame(
          nearest(E5M2, x, true),
          SmallFloats.e5m2ToFloat(SmallFloats.floatToE5m2(x)),
          "e5m2 of " + x);
      assertSame(
          nearest(E5M2, -x, true),
          SmallFloats.e5m2ToFloat(SmallFloats.floatToE5m2(-x)),
          "e5m2 of -" + x);
    }
    for (float x : candidates(E4M3, 1)) {
      assertSame(
          nearest(E4M3, x, true),
          SmallFloats.e4m3ToFloat(SmallFloats.floatToE4m3(x)),
          "e4m3 of " + x);
    }
    for (float x : candidates(BF16, 997)) {
      assertSame(
          nearest(BF16, x, false),
          SmallFloats.bf16ToFloat(SmallFloats.floatToBf16(x)),
          "bf16 of " + x);
    }
  }

  @Test
  void infinitiesStayOrSaturate() {
    float infinity = Float.POSITIVE_INFINITY;
    assertThat(SmallFloats.e5m2ToFloat(SmallFloats.floatToE5m2(infinity))).isEqualTo(infinity);
    assertThat(SmallFloats.e5m2ToFloat(SmallFloats.floatToE5m2(1e6f))).isEqualTo(57344);
    assertThat(SmallFloats.e4m3ToFloat(SmallFloats.floatToE4m3(-infinity))).isEqualTo(-448);
    assertThat(SmallFloats.bf16ToFloat(SmallFloats.floatToBf16(Float.MAX_VALUE)))
        .isEqualTo(infinity);
    assertThat(SmallFloats.bf16ToFloat(SmallFloats.floatToBf16(Float.NaN))).isNaN();
  }
}
