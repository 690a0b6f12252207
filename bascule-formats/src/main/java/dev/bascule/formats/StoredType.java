package dev.bascule.formats;

import dev.bascule.core.DType;
import dev.bascule.core.quant.QuantType;
import java.util.Locale;

/** How a tensor's elements lie in a file. */
public sealed interface StoredType {
  /** One element after the other. */
  record Plain(DType dtype) implements StoredType {
    @Override
    public int blockElements() {
      return 1;
    }

    @Override
    public int blockBytes() {
      return dtype.bits() / Byte.SIZE;
    }

    @Override
    public String toString() {
      return dtype.toString();
    }
  }

  /** Quantised blocks along the last dimension. */
  record Blocks(QuantType quant) implements StoredType {
    @Override
    public int blockElements() {
      return quant.blockElements();
    }

    @Override
    public int blockBytes() {
      return quant.blockBytes();
    }

    @Override
    public String toString() {
      return quant.toString();
    }
  }

  /** A type of which only the size is known: such a tensor can be listed and copied, not read. */
  record Other(String name, int blockElements, int blockBytes) implements StoredType {
    @Override
    public String toString() {
      return name.toLowerCase(Locale.ROOT);
    }
  }

  static StoredType of(DType dtype) {
    return new Plain(dtype);
  }

  static StoredType of(QuantType quant) {
    return new Blocks(quant);
  }

  int blockElements();

  int blockBytes();

  /**
   * Bytes of {@code elements}, which are whole blocks.
   *
   * @throws ArithmeticException if they are more than 63 bits can count
   */
  default long bytes(long elements) {
    return Math.multiplyExact(elements / blockElements(), (long) blockBytes());
  }
}
