package dev.bascule.models;

import dev.bascule.core.DType;
import dev.bascule.core.ShapeException;
import dev.bascule.core.Tensor;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/** How keys and values are kept in the caches of a decoder. */
public enum CacheType {
  F32(DType.F32),
  F16(DType.F16),
  BF16(DType.BF16),
  /** Whole numbers of 8 bits beside an f16 scale for each block of up to 32. */
  Q8_0(DType.I8);

  private static final int BLOCK_MAX = 32;
  private static final int BLOCK_MIN = 8;

  private final DType numbers;

  CacheType(DType numbers) {
    this.numbers = numbers;
  }

  /**
   * The type of this name, as {@link #toString()} writes it.
   *
   * @throws IllegalArgumentException if there is none, naming those that there are
   */
  public static CacheType of(String name) {
    for (CacheType type : values()) {
      if (type.toString().equals(name)) {
        return type;
      }
    }
    throw new IllegalArgumentException(
        "no type of cache '" + name + "'; known: " + Arrays.toString(values()));
  }

  /**
   * The numbers that a labelled value of a decoder stands for: those of a cache with scales are
   * multiplied by them, in f32, which is exact; all others are themselves.
   *
   * @param tensors values by their labels
   */
  public static Optional<Tensor> value(String label, Function<String, Optional<Tensor>> tensors) {
    Optional<Tensor> numbers = tensors.apply(label);
    return Caches.scalesOf(label)
        .flatMap(tensors)
        .flatMap(scales -> numbers.map(of -> scaled(of, scales)))
        .or(() -> numbers);
  }

  /** Numbers [..., d] times scales [..., blocks]. */
  private static Tensor scaled(Tensor numbers, Tensor scales) {
    int block = Math.toIntExact(numbers.elements() / scales.elements());
    float[] products = numbers.floats();
    for (int i = 0; i < products.length; i++) {
      products[i] *= (float) scales.number(i / block);
    }
    return Tensor.of(products, numbers.extents());
  }

  /** Of what is stored for each element. */
  DType numbers() {
    return numbers;
  }

  /** Of an element, with its part of a scale in usual blocks. */
  public double bits() {
    return isScaled() ? numbers.bits() + (double) DType.F16.bits() / BLOCK_MAX : numbers.bits();
  }

  boolean isScaled() {
    return this == Q8_0;
  }

  /** Elements that share a scale, in a head of so many. */
  static int block(long elements) {
    int block = BLOCK_MAX;
    while (block >= BLOCK_MIN && elements % block != 0) {
      block /= 2;
    }
    if (block < BLOCK_MIN) {
      throw new ShapeException(
          "a cache of q8_0 keeps blocks of 32, 16 or 8 elements, and this model's heads have "
              + elements
              + "; use a cache of f16");
    }
    return block;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
