package dev.bascule.formats.quant;

import dev.bascule.core.DType;
import dev.bascule.core.kernel.SmallFloats;
import dev.bascule.core.quant.QuantType;
import dev.bascule.core.quant.WeightType;
import dev.bascule.formats.FormatException;
import dev.bascule.formats.StoredType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Floats as the bytes of a weight's type: narrower floats are rounded to the nearest, blocks are
 * searched for the best scales.
 */
public final class WeightEncoder {
  /** From here on a number rounds to infinity in f16. */
  private static final float F16_END = 65520;

  private WeightEncoder() {}

  /** How a file stores such weights. */
  public static StoredType stored(WeightType type) {
    return switch (type) {
      case WeightType.Floats(DType dtype) -> StoredType.of(dtype);
      case WeightType.Blocks(QuantType quant) -> StoredType.of(quant);
    };
  }

  /** Whether rows of so many elements can be of this type. */
  public static boolean divides(WeightType type, long columns) {
    return !(type instanceof WeightType.Blocks(QuantType quant)) || quant.divides(columns);
  }

  /** llama.cpp's number for a file whose weights are mostly of this type. */
  public static int fileType(WeightType type) {
    return switch (type) {
      case WeightType.Floats(DType dtype) ->
          switch (dtype) {
            case F16 -> 1;
            case BF16 -> 32;
            default -> 0;
          };
      case WeightType.Blocks(QuantType quant) ->
          switch (quant) {
            case Q4_0 -> 2;
            case Q4_1 -> 3;
            case Q8_0 -> 7;
            case Q5_0 -> 8;
            case Q5_1 -> 9;
            case Q2_K -> 10;
            case Q3_K -> 12;
            case Q4_K -> 14;
            case Q5_K -> 16;
            case Q6_K -> 18;
            case IQ4_NL -> 25;
            case IQ4_XS -> 30;
            case MXFP4 -> 38;
          };
    };
  }

  /**
   * The bytes of {@code values}, whole rows or whole blocks of them.
   *
   * @param file what messages call the file they come from
   * @param name the weight's name there
   * @param first the number of the first of them in the weight
   * @throws FormatException if the type cannot hold one of them
   */
  public static MemorySegment encode(
      WeightType type, float[] values, Object file, String name, long first) {
    MemorySegment bytes = MemorySegment.ofArray(new byte[(int) type.rowBytes(values.length)]);
    switch (type) {
      case WeightType.Blocks(QuantType quant) -> {
        requireBelow(Math.nextUp(QuantType.MAGNITUDE_MAX), values, file, name, first);
        quant.encode(values, 0, values.length, bytes, 0);
      }
      case WeightType.Floats(DType dtype) -> {
        if (dtype == DType.F16) {
          requireBelow(F16_END, values, file, name, first);
        }
        floats(dtype, values, bytes);
      }
    }
    return bytes;
  }

  private static void requireBelow(
      float end, float[] values, Object file, String name, long first) {
    for (int i = 0; i < values.length; i++) {
      if (!(Math.abs(values[i]) < end)) {
        throw new FormatException(
            file,
            "tensor " + FormatException.quote(name) + " element " + (first + i),
            "a number of magnitude up to " + QuantType.MAGNITUDE_MAX + ", the most that f16 holds",
            Float.toString(values[i]),
            "check how the model was trained or converted, or write it as bf16 or f32");
      }
    }
  }

  private static void floats(DType dtype, float[] values, MemorySegment to) {
    if (dtype == DType.F32) {
      MemorySegment.copy(values, 0, to, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, values.length);
      return;
    }
    for (int i = 0; i < values.length; i++) {
      short bits =
          dtype == DType.F16 ? Float.floatToFloat16(values[i]) : SmallFloats.floatToBf16(values[i]);
      to.set(ValueLayout.JAVA_SHORT_UNALIGNED, (long) i * Short.BYTES, bits);
    }
  }
}
