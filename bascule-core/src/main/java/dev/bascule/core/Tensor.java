package dev.bascule.core;

import dev.bascule.core.kernel.Storage;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Values on the host: a dtype, extents, and the bytes in row-major order, little endian. The
 * segment may lie on or off heap; whoever made it owns it. The bytes of a deferred tensor come when
 * they are asked for.
 */
public final class Tensor {
  /** How far past a buffer's end devices may read. */
  public static final long SLACK_BYTES = 64;

  private final DType dtype;
  private final long[] extents;
  private final long elements;
  private final @Nullable MemorySegment held;
  private final @Nullable Content content;
  private final boolean slack;

  /** Where the bytes of a deferred tensor come from: a file that a large weight stays in. */
  public interface Content {
    /** The bytes in memory, where they stay; whoever implements this owns them. */
    MemorySegment bytes();

    /**
     * Fills {@code to} with the bytes from {@code from} on, whole rows of the last axis; nothing
     * stays in memory. Threads may read at the same time.
     */
    void read(long from, MemorySegment to);
  }

  /** A tensor over {@code bytes}, which may be longer than needed; see {@link #hasSlack}. */
  public Tensor(DType dtype, long[] extents, MemorySegment bytes) {
    this.dtype = dtype;
    this.extents = extents.clone();
    this.elements = count(extents);
    long needed = dtype.bytes(elements);
    if (bytes.byteSize() < needed) {
      throw new ShapeException(
          "tensor "
              + dtype
              + Arrays.toString(extents)
              + " needs "
              + needed
              + " bytes, got "
              + bytes.byteSize());
    }
    this.held = bytes.asSlice(0, needed);
    this.content = null;
    this.slack = bytes.byteSize() >= needed + SLACK_BYTES;
  }

  private Tensor(DType dtype, long[] extents, Content content) {
    this.dtype = dtype;
    this.extents = extents.clone();
    this.elements = count(extents);
    this.held = null;
    this.content = content;
    this.slack = false;
  }

  /**
   * A tensor whose bytes are in {@code content} until they are asked for: a device that packs them
   * reads them once, and no copy of them stays in memory.
   */
  public static Tensor deferred(DType dtype, long[] extents, Content content) {
    return new Tensor(dtype, extents, content);
  }

  /** A tensor of zeros on the heap. */
  public static Tensor zeros(DType dtype, long... extents) {
    long bytes = dtype.bytes(count(extents));
    if (bytes > Integer.MAX_VALUE - 16) {
      throw new ShapeException(
          "tensor "
              + dtype
              + Arrays.toString(extents)
              + " takes "
              + bytes
              + " bytes, too many for one heap array");
    }
    // long[]-backed, so that every element type is aligned
    MemorySegment segment = MemorySegment.ofArray(new long[(int) Math.ceilDiv(bytes, 8)]);
    return new Tensor(dtype, extents, segment.asSlice(0, bytes));
  }

  public static Tensor of(float[] values, long... extents) {
    Tensor tensor = zeros(DType.F32, extents);
    MemorySegment.copy(
        values, 0, tensor.bytes(), ValueLayout.JAVA_FLOAT, 0, tensor.length(values.length));
    return tensor;
  }

  public static Tensor of(double[] values, long... extents) {
    Tensor tensor = zeros(DType.F64, extents);
    MemorySegment.copy(
        values, 0, tensor.bytes(), ValueLayout.JAVA_DOUBLE, 0, tensor.length(values.length));
    return tensor;
  }

  public static Tensor of(int[] values, long... extents) {
    Tensor tensor = zeros(DType.I32, extents);
    MemorySegment.copy(
        values, 0, tensor.bytes(), ValueLayout.JAVA_INT, 0, tensor.length(values.length));
    return tensor;
  }

  public static Tensor of(long[] values, long... extents) {
    Tensor tensor = zeros(DType.I64, extents);
    MemorySegment.copy(
        values, 0, tensor.bytes(), ValueLayout.JAVA_LONG, 0, tensor.length(values.length));
    return tensor;
  }

  /** {@code value} in {@code dtype}, rounded to it, as a scalar. */
  public static Tensor scalar(DType dtype, double value) {
    Tensor tensor = zeros(dtype);
    Storage.storeNumber(dtype, tensor.bytes(), 0, value);
    return tensor;
  }

  private int length(int given) {
    if (given != elements) {
      throw new ShapeException(
          given + " values for shape " + Arrays.toString(extents) + " of " + elements);
    }
    return given;
  }

  private static long count(long[] extents) {
    long product = 1;
    try {
      for (long extent : extents) {
        if (extent < 0) {
          throw new ShapeException(
              "shape " + Arrays.toString(extents) + ": a dimension is negative");
        }
        product = Math.multiplyExact(product, extent);
      }
    } catch (ArithmeticException e) {
      throw new ShapeException(
          "shape " + Arrays.toString(extents) + " has more than 2^63 elements", e);
    }
    return product;
  }

  public DType dtype() {
    return dtype;
  }

  public long[] extents() {
    return extents.clone();
  }

  /** Whether the extents are these, without a copy of them. */
  public boolean hasExtents(long... others) {
    return Arrays.equals(extents, others);
  }

  public int rank() {
    return extents.length;
  }

  public long extent(int axis) {
    return extents[axis];
  }

  public long elements() {
    return elements;
  }

  /** The bytes, exactly as many as the shape needs; those of a deferred tensor stay from now on. */
  public MemorySegment bytes() {
    return held != null ? held : Objects.requireNonNull(content).bytes();
  }

  /** How many bytes there are. */
  public long byteSize() {
    return dtype.bytes(elements);
  }

  /** Whether the bytes are not in memory, or need not be. */
  public boolean isDeferred() {
    return content != null;
  }

  /**
   * Fills {@code to} with the bytes from {@code from} on, whole rows of the last axis; a deferred
   * tensor stays deferred.
   */
  public void read(long from, MemorySegment to) {
    if (content != null) {
      content.read(from, to);
    } else {
      MemorySegment.copy(bytes(), from, to, 0, to.byteSize());
    }
  }

  public TensorType type() {
    return new TensorType(dtype, Shape.of(extents));
  }

  /**
   * True where the segment given had {@link #SLACK_BYTES} more than the shape needs, so that a
   * device may use it in place.
   */
  public boolean hasSlack() {
    return slack;
  }

  /** Element {@code index} in row-major order as {@link dev.bascule.core.kernel.Scalars} bits. */
  public long get(long index) {
    return Storage.load(dtype, bytes(), index);
  }

  public void set(long index, long scalarBits) {
    Storage.store(dtype, bytes(), index, scalarBits);
  }

  /** Element {@code index} as a double (64-bit integers may round). */
  public double number(long index) {
    return Storage.number(dtype, get(index));
  }

  /** All elements as floats, rounded where the dtype is wider. */
  public float[] floats() {
    float[] values = new float[Math.toIntExact(elements)];
    if (dtype == DType.F32) {
      MemorySegment.copy(bytes(), ValueLayout.JAVA_FLOAT_UNALIGNED, 0, values, 0, values.length);
      return values;
    }
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) number(i);
    }
    return values;
  }

  /** All elements as doubles. */
  public double[] doubles() {
    double[] values = new double[Math.toIntExact(elements)];
    for (int i = 0; i < values.length; i++) {
      values[i] = number(i);
    }
    return values;
  }

  /** All elements as longs; floats are truncated. */
  public long[] longs() {
    long[] values = new long[Math.toIntExact(elements)];
    for (int i = 0; i < values.length; i++) {
      values[i] = dtype.isFloat() ? (long) number(i) : get(i);
    }
    return values;
  }

  /** The same values under other extents. */
  public Tensor reshaped(long... newExtents) {
    if (count(newExtents) != elements) {
      throw new ShapeException(
          "reshape of "
              + Arrays.toString(extents)
              + " to "
              + Arrays.toString(newExtents)
              + ": element counts differ");
    }
    return new Tensor(dtype, newExtents, bytes());
  }

  @Override
  public String toString() {
    return dtype + Arrays.toString(extents);
  }
}
