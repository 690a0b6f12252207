package dev.bascule.plan.performance;

import dev.bascule.plan.PlanException;
import java.util.Locale;

/** How weights or cache are stored, and in what the chip multiplies them. */
public enum Format {
  BF16(2.0, 16),
  FP8(1.0, 8),
  INT8(1.0, 8),
  /** Four bits with a scale of eight bits for each 16 numbers. */
  FP4(0.5625, 4),
  /** Four bits to store; multiplied in BF16. */
  INT4(0.5625, 16);

  private final double bytes;
  private final int computeBits;

  Format(double bytes, int computeBits) {
    this.bytes = bytes;
    this.computeBits = computeBits;
  }

  /** Bytes of one number, scales included. */
  public double bytes() {
    return bytes;
  }

  int computeBits() {
    return computeBits;
  }

  /** Models with experts keep attention and shared layers at eight bits when experts have four. */
  Format besideExperts() {
    return this == FP4 ? FP8 : this;
  }

  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  public static Format of(String text) {
    for (Format format : values()) {
      if (format.text().equals(text.toLowerCase(Locale.ROOT))) {
        return format;
      }
    }
    throw new PlanException(
        "expected a format among bf16, fp8, int8, fp4, int4, got " + PlanException.quote(text));
  }
}
