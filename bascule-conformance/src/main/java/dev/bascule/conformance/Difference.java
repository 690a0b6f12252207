package dev.bascule.conformance;

import dev.bascule.core.DType;
import dev.bascule.core.Tensor;
import dev.bascule.core.kernel.Storage;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * The first element in which two results differ. Equal means equal bits; all NaNs are one value.
 *
 * @param index in row-major order
 * @param expected {@link dev.bascule.core.kernel.Scalars} bits
 * @param count how many elements differ
 */
public record Difference(
    DType dtype, long index, long expected, long actual, long count, long elements) {

  /** Compares two tensors; other dtypes or extents are a difference in words. */
  public static Optional<String> of(Tensor expected, Tensor actual) {
    if (expected.dtype() != actual.dtype()
        || !Arrays.equals(expected.extents(), actual.extents())) {
      return Optional.of("expected " + expected + ", got " + actual);
    }
    return of(expected.dtype(), expected.elements(), expected.bytes(), actual.bytes())
        .map(difference -> difference + " of " + expected);
  }

  /** Compares {@code elements} elements of {@code dtype}. */
  public static Optional<Difference> of(
      DType dtype, long elements, MemorySegment expected, MemorySegment actual) {
    long bytes = dtype.bytes(elements);
    if (MemorySegment.mismatch(expected, 0, bytes, actual, 0, bytes) < 0) {
      return Optional.empty();
    }
    long first = -1;
    long count = 0;
    for (long i = 0; i < elements; i++) {
      long a = Storage.load(dtype, expected, i);
      long b = Storage.load(dtype, actual, i);
      boolean nan =
          dtype.isFloat()
              && Double.isNaN(Storage.number(dtype, a))
              && Double.isNaN(Storage.number(dtype, b));
      if (a != b && !nan) {
        first = first < 0 ? i : first;
        count++;
      }
    }
    return first < 0
        ? Optional.empty()
        : Optional.of(
            new Difference(
                dtype,
                first,
                Storage.load(dtype, expected, first),
                Storage.load(dtype, actual, first),
                count,
                elements));
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%d of %d elements differ, first at %d: expected 0x%x (%s), got 0x%x (%s)",
        count,
        elements,
        index,
        expected,
        Storage.number(dtype, expected),
        actual,
        Storage.number(dtype, actual));
  }
}
