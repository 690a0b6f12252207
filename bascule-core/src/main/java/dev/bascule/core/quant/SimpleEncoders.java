package dev.bascule.core.quant;

import java.lang.foreign.MemorySegment;

/**
 * Round-to-nearest encoders of the types with one scale, as ggml defines them: its files and ours
 * are equal to the byte.
 */
final class SimpleEncoders {
  private static final int ELEMENTS = 32;
  private static final int HALF = 16;

  private SimpleEncoders() {}

  /** The largest magnitude becomes 127; halves are rounded away from zero. */
  static void q80(float[] values, int from, MemorySegment blocks, long at) {
    float largest = 0;
    for (int i = 0; i < ELEMENTS; i++) {
      largest = Math.max(largest, Math.abs(values[from + i]));
    }
    float d = largest / 127;
    float inverse = d == 0 ? 0 : 1 / d;
    Bits.putF16(blocks, at, d);
    for (int i = 0; i < ELEMENTS; i++) {
      float scaled = values[from + i] * inverse;
      float size = Math.abs(scaled);
      int whole = (int) size;
      // adding a half first would round twice
      int magnitude = size - whole >= 0.5f ? whole + 1 : whole;
      Bits.put8(blocks, at + 2 + i, scaled < 0 ? -magnitude : magnitude);
    }
  }

  /** The first value of largest magnitude becomes -8, whatever its sign. */
  static void q40(float[] values, int from, MemorySegment blocks, long at) {
    float extreme = 0;
    for (int i = 0; i < ELEMENTS; i++) {
      if (Math.abs(values[from + i]) > Math.abs(extreme)) {
        extreme = values[from + i];
      }
    }
    float d = extreme / -8;
    float inverse = d == 0 ? 0 : 1 / d;
    Bits.putF16(blocks, at, d);
    for (int i = 0; i < HALF; i++) {
      int low = nibble(values[from + i] * inverse);
      int high = nibble(values[from + i + HALF] * inverse);
      Bits.put8(blocks, at + 2 + i, low | high << 4);
    }
  }

  private static int nibble(float scaled) {
    return Math.min(15, (int) (scaled + 8.5f));
  }
}
