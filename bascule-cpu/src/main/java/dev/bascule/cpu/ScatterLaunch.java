package dev.bascule.cpu;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.bascule.core.DType;
import dev.bascule.core.graph.Scatter;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** A scatter with its operands: the data is copied, then the updates meet it one by one. */
final class ScatterLaunch implements CpuLaunch {
  /** Columns that one thread takes at a time. */
  private static final long UNIT_COLUMNS = 64;

  /** Element updates below which threads cost more than they give. */
  private static final long CHUNK_UPDATES_MIN = 1 << 14;

  /** What the indices are like. */
  private enum Order {
    /** Each is larger than the one before: no element is updated twice. */
    ASCENDING,
    ANY,
    /** One is outside its axis. */
    FAULTY
  }

  /** The indices, in elements of i64. */
  record Indices(MemorySegment memory, long offset, long stride, long count) {
    long get(long i) {
      return memory.get(JAVA_LONG_UNALIGNED, (offset + i * stride) * Long.BYTES);
    }
  }

  /** Updates [count, columns] and result [extent, columns], both row-major. */
  record Rows(
      Scatter.Kind kind,
      DType dtype,
      MemorySegment updates,
      MemorySegment result,
      long extent,
      long columns) {}

  private final String name;
  private final Optional<KernelLaunch> start;
  private final Optional<KernelLaunch> gather;
  private final Indices indices;
  private final Rows rows;
  private final WorkerPool pool;
  private final WorkerPool.Work columnWork = this::runColumns;
  private final WorkerPool.Work rowWork = this::runRows;

  /**
   * @param start copies the data to the result, if it is not there
   * @param gather copies the updates to where {@code rows} reads them, if they lie otherwise
   */
  ScatterLaunch(
      String name,
      Optional<KernelLaunch> start,
      Optional<KernelLaunch> gather,
      Indices indices,
      Rows rows,
      WorkerPool pool) {
    this.name = name;
    this.start = start;
    this.gather = gather;
    this.indices = indices;
    this.rows = rows;
    this.pool = pool;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean run() {
    Order order = order();
    start.ifPresent(KernelLaunch::run);
    gather.ifPresent(KernelLaunch::run);
    if (order == Order.ASCENDING && rows.kind() == Scatter.Kind.SET) {
      long together = Math.ceilDiv(CHUNK_UPDATES_MIN, Math.max(1, rows.columns()));
      pool.run(rowWork, indices.count(), together);
      return false;
    }
    long perUnit = Math.max(1, UNIT_COLUMNS * indices.count());
    pool.run(
        columnWork,
        Math.ceilDiv(rows.columns(), UNIT_COLUMNS),
        Math.ceilDiv(CHUNK_UPDATES_MIN, perUnit));
    return order == Order.FAULTY;
  }

  private Order order() {
    Order order = Order.ASCENDING;
    long before = -1;
    for (long i = 0; i < indices.count(); i++) {
      long index = indices.get(i);
      if (index < 0 || index >= rows.extent()) {
        return Order.FAULTY;
      }
      if (index <= before) {
        order = Order.ANY;
      }
      before = index;
    }
    return order;
  }

  /** Updates of different rows; those of neighbours, which lie together too, are one copy. */
  private void runRows(int worker, long low, long high) {
    for (long first = low; first < high; ) {
      long index = indices.get(first);
      long end = first + 1;
      while (end < high && indices.get(end) == index + end - first) {
        end++;
      }
      set(index * rows.columns(), first * rows.columns(), (end - first) * rows.columns());
      first = end;
    }
  }

  private void runColumns(int worker, long low, long high) {
    long from = low * UNIT_COLUMNS;
    long count = Math.min(high * UNIT_COLUMNS, rows.columns()) - from;
    for (long i = 0; i < indices.count(); i++) {
      long index = indices.get(i);
      if (index >= 0 && index < rows.extent()) {
        long to = index * rows.columns() + from;
        long update = i * rows.columns() + from;
        switch (rows.kind()) {
          case SET -> set(to, update, count);
          case ADD, MUL, MIN, MAX -> combine(to, update, count);
        }
      }
    }
  }

  private void set(long to, long update, long count) {
    long bytes = rows.dtype().bits() / Byte.SIZE;
    MemorySegment.copy(
        rows.updates(),
        JAVA_BYTE,
        update * bytes,
        rows.result(),
        JAVA_BYTE,
        to * bytes,
        count * bytes);
  }

  private void combine(long to, long update, long count) {
    MemorySegment result = rows.result();
    MemorySegment updates = rows.updates();
    switch (rows.dtype()) {
      case F32 -> combineF32(rows.kind(), result, to * 4, updates, update * 4, count);
      case F64 -> combineF64(rows.kind(), result, to * 8, updates, update * 8, count);
      case I32 -> combineI32(rows.kind(), result, to * 4, updates, update * 4, count);
      case I64 -> combineI64(rows.kind(), result, to * 8, updates, update * 8, count);
      default -> throw new AssertionError("scatter " + rows.kind() + " of " + rows.dtype());
    }
  }

  private static void combineF32(
      Scatter.Kind kind, MemorySegment result, long to, MemorySegment from, long at, long count) {
    for (long i = 0; i < count * Float.BYTES; i += Float.BYTES) {
      float a = result.get(JAVA_FLOAT_UNALIGNED, to + i);
      float b = from.get(JAVA_FLOAT_UNALIGNED, at + i);
      float c =
          switch (kind) {
            case SET -> b;
            case ADD -> a + b;
            case MUL -> a * b;
            case MIN -> a < b || Float.isNaN(a) ? a : b;
            case MAX -> a > b || Float.isNaN(a) ? a : b;
          };
      result.set(JAVA_FLOAT_UNALIGNED, to + i, c);
    }
  }

  private static void combineF64(
      Scatter.Kind kind, MemorySegment result, long to, MemorySegment from, long at, long count) {
    for (long i = 0; i < count * Double.BYTES; i += Double.BYTES) {
      double a = result.get(JAVA_DOUBLE_UNALIGNED, to + i);
      double b = from.get(JAVA_DOUBLE_UNALIGNED, at + i);
      double c =
          switch (kind) {
            case SET -> b;
            case ADD -> a + b;
            case MUL -> a * b;
            case MIN -> a < b || Double.isNaN(a) ? a : b;
            case MAX -> a > b || Double.isNaN(a) ? a : b;
          };
      result.set(JAVA_DOUBLE_UNALIGNED, to + i, c);
    }
  }

  private static void combineI32(
      Scatter.Kind kind, MemorySegment result, long to, MemorySegment from, long at, long count) {
    for (long i = 0; i < count * Integer.BYTES; i += Integer.BYTES) {
      int a = result.get(JAVA_INT_UNALIGNED, to + i);
      int b = from.get(JAVA_INT_UNALIGNED, at + i);
      int c =
          switch (kind) {
            case SET -> b;
            case ADD -> a + b;
            case MUL -> a * b;
            case MIN -> Math.min(a, b);
            case MAX -> Math.max(a, b);
          };
      result.set(JAVA_INT_UNALIGNED, to + i, c);
    }
  }

  private static void combineI64(
      Scatter.Kind kind, MemorySegment result, long to, MemorySegment from, long at, long count) {
    for (long i = 0; i < count * Long.BYTES; i += Long.BYTES) {
      long a = result.get(JAVA_LONG_UNALIGNED, to + i);
      long b = from.get(JAVA_LONG_UNALIGNED, at + i);
      long c =
          switch (kind) {
            case SET -> b;
            case ADD -> a + b;
            case MUL -> a * b;
            case MIN -> Math.min(a, b);
            case MAX -> Math.max(a, b);
          };
      result.set(JAVA_LONG_UNALIGNED, to + i, c);
    }
  }

  @Override
  public void close() {
    start.ifPresent(KernelLaunch::close);
    gather.ifPresent(KernelLaunch::close);
  }
}
