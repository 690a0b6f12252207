package dev.bascule.core.kernel;

/**
 * bf16 and the OCP fp8 formats: exact to f32, and back with one rounding to nearest even.
 *
 * <p>Source: OCP 8-bit Floating Point Specification 1.0 (saturating conversion); ONNX uses the same
 * (e4m3fn, e5m2).
 */
public final class SmallFloats {
  private SmallFloats() {}

  public static float bf16ToFloat(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  public static short floatToBf16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) 0x7FC0;
    }
    return (short) ((bits + 0x7FFF + (bits >>> 16 & 1)) >>> 16);
  }

  public static float e4m3ToFloat(byte bits) {
    int magnitude = bits & 0x7F;
    if (magnitude == 0x7F) {
      return Float.NaN;
    }
    return smallToFloat(bits < 0, magnitude, 3, 7);
  }

  public static float e5m2ToFloat(byte bits) {
    int magnitude = bits & 0x7F;
    if (magnitude > 0x7C) {
      return Float.NaN;
    }
    if (magnitude == 0x7C) {
      return bits < 0 ? Float.NEGATIVE_INFINITY : Float.POSITIVE_INFINITY;
    }
    return smallToFloat(bits < 0, magnitude, 2, 15);
  }

  private static float smallToFloat(boolean negative, int magnitude, int mantissaBits, int bias) {
    int exponent = magnitude >> mantissaBits;
    int mantissa = magnitude & (1 << mantissaBits) - 1;
    float value =
        exponent == 0
            ? Math.scalb((float) mantissa, 1 - bias - mantissaBits)
            : Math.scalb((float) (mantissa | 1 << mantissaBits), exponent - bias - mantissaBits);
    return negative ? -value : value;
  }

  public static byte floatToE4m3(float value) {
    if (Float.isNaN(value)) {
      return 0x7F;
    }
    return floatToSmall(value, 3, 7, 0x7E);
  }

  public static byte floatToE5m2(float value) {
    if (Float.isNaN(value)) {
      return 0x7F;
    }
    if (Float.isInfinite(value)) {
      return (byte) (value < 0 ? 0xFC : 0x7C);
    }
    return floatToSmall(value, 2, 15, 0x7B);
  }

  /** Rounds to nearest even on the grid of the small format; beyond {@code largest} saturates. */
  private static byte floatToSmall(float value, int mantissaBits, int bias, int largest) {
    int sign = value < 0 || (value == 0 && 1 / value < 0) ? 0x80 : 0;
    float size = Math.abs(value);
    int exponent = Math.max(Math.getExponent(size), 1 - bias);
    float limit = smallToFloat(false, largest, mantissaBits, bias);
    if (size > limit) {
      return (byte) (sign | largest);
    }
    // multiples of the unit in the last place at this exponent; both scalings are exact
    int steps = (int) Math.rint(Math.scalb((double) size, mantissaBits - exponent));
    int code = steps + ((exponent + bias - 1) << mantissaBits);
    return (byte) (sign | Math.min(code, largest));
  }
}
