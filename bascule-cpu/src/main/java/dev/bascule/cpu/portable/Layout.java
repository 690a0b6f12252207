package dev.bascule.cpu.portable;

import dev.bascule.core.Bindings;
import dev.bascule.core.Dim;
import dev.bascule.core.kernel.Access;
import dev.bascule.core.kernel.Instruction;
import dev.bascule.core.kernel.Kernel;
import dev.bascule.core.kernel.Reduction;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a kernel's points are cut into tiles for given dimensions.
 *
 * <p>A tile is some rows times some positions along them. Usually neighbours in a tile are
 * neighbours along the row; where memory lies the other way (column sums, matrix products) they are
 * neighbouring rows instead. The choice moves no bits: each row's order stays.
 *
 * @param byColumns true where neighbours in a tile are neighbouring rows
 * @param rows number of rows (of a Map kernel: points)
 * @param rowElements elements of a row; 1 in a Map kernel
 * @param tileRows rows per tile
 * @param tileColumns positions along the row per tile
 */
record Layout(
    long[] domain,
    int outerRank,
    boolean byColumns,
    long rows,
    long rowElements,
    int tileRows,
    int tileColumns) {

  /** Elements of a register: small enough that a kernel's registers stay in the first cache. */
  private static final int TILE = 1024;

  /** Rows up to this length are kept between passes instead of read and computed again. */
  private static final int RESIDENT_MAX = 4096;

  private static final int COLUMN_TILE_ROWS = 128;
  private static final int COLUMN_TILE = 2048;

  static Layout of(Kernel kernel, Bindings dims, int workers) {
    long[] domain = new long[kernel.domain().size()];
    long rows = 1;
    long rowElements = 1;
    for (int axis = 0; axis < domain.length; axis++) {
      domain[axis] = kernel.domain().get(axis).evaluate(dims);
      if (axis < kernel.outerRank()) {
        rows = Math.multiplyExact(rows, domain[axis]);
      } else {
        rowElements = Math.multiplyExact(rowElements, domain[axis]);
      }
    }
    boolean byColumns =
        kernel.isRow()
            && rows >= 8
            && rowElements > 1
            && favoursColumns(kernel, domain, dims, rows);
    int tileRows;
    int tileColumns;
    if (byColumns) {
      tileRows = (int) Math.min(rows, COLUMN_TILE_ROWS);
      tileColumns = (int) Math.min(rowElements, COLUMN_TILE / tileRows);
    } else if (rowElements <= RESIDENT_MAX) {
      tileColumns = (int) rowElements;
      tileRows =
          Math.clamp(rows, 1, TILE / Math.max(1, tileColumns) + (tileColumns > TILE ? 1 : 0));
    } else {
      tileRows = 1;
      tileColumns = TILE;
    }
    int fair = Math.clamp(rows / (4L * workers), 1, tileRows);
    if (kernel.isRow() && workers > 1) {
      tileRows = fair;
    }
    return new Layout(
        domain, kernel.outerRank(), byColumns, rows, rowElements, tileRows, tileColumns);
  }

  /** True where walking across the rows touches memory in longer or denser runs. */
  private static boolean favoursColumns(Kernel kernel, long[] domain, Bindings dims, long rows) {
    int outer = kernel.outerRank();
    double acrossRows = 0;
    double alongRows = 0;
    boolean sequential = false;
    boolean[] uniform = kernel.rowUniform();
    for (int i = 0; i < uniform.length; i++) {
      Instruction instruction = kernel.body().get(i);
      sequential |=
          instruction instanceof Instruction.Reduce reduce && reduce.reduction() == Reduction.FMA;
      Access access = access(instruction);
      if (access != null && !uniform[i]) {
        long[] strides = strides(access, dims);
        acrossRows += cost(Radix.of(domain, strides, 0, outer), rows);
        alongRows += cost(Radix.of(domain, strides, outer, domain.length - outer), rows);
      }
    }
    return acrossRows < alongRows || (sequential && rows >= 16 && acrossRows == alongRows);
  }

  /** Rough cost per element of walking an access: by stride, and by how short its runs are. */
  private static double cost(Radix radix, long elements) {
    long stride = radix.rank() == 0 ? 0 : radix.strides()[radix.rank() - 1];
    long run = radix.rank() <= 1 ? elements : radix.extents()[radix.rank() - 1];
    double perElement = stride == 1 ? 1 : stride == 0 ? 0.5 : 8;
    return perElement + 16.0 / Math.max(1, run);
  }

  private static @Nullable Access access(Instruction instruction) {
    return switch (instruction) {
      case Instruction.Load load -> load.access();
      case Instruction.LoadAt load -> load.access();
      case Instruction.Store store -> store.access();
      case Instruction.Constant c -> null;
      case Instruction.Index i -> null;
      case Instruction.Extent e -> null;
      case Instruction.Compute c -> null;
      case Instruction.Reduce r -> null;
    };
  }

  private static long[] strides(Access access, Bindings dims) {
    return access.strides().stream().mapToLong(stride -> stride.evaluate(dims)).toArray();
  }

  /** True where a tile holds whole rows, so that passes find what earlier ones made. */
  boolean isResident() {
    return tileColumns >= rowElements;
  }

  int tileElements() {
    return Math.max(1, Math.multiplyExact(tileRows, Math.max(1, tileColumns)));
  }

  /** Where each of the schedule's touches lies. */
  List<Place> places(Schedule schedule, List<MemorySegment> operands, Bindings dims) {
    List<Place> places = new ArrayList<>();
    for (Schedule.Touch touch : schedule.touches()) {
      places.add(
          switch (touch.instruction()) {
            case Instruction.Load load -> place(load.access(), operands, dims, 0, -1);
            case Instruction.LoadAt load ->
                place(
                    load.access(),
                    operands,
                    dims,
                    load.stride().evaluate(dims),
                    load.extent().evaluate(dims));
            case Instruction.Store store -> place(store.access(), operands, dims, 0, -1);
            case Instruction.Index index -> coordinate(index.axis());
            case Instruction.Constant c -> throw new AssertionError("constants are not addressed");
            case Instruction.Extent e -> throw new AssertionError("extents are not addressed");
            case Instruction.Compute c -> throw new AssertionError("values are not addressed");
            case Instruction.Reduce r -> throw new AssertionError("reductions are not addressed");
          });
    }
    return places;
  }

  private Place place(
      Access access,
      List<MemorySegment> operands,
      Bindings dims,
      long indexStride,
      long indexExtent) {
    MemorySegment memory = operands.get(access.parameter());
    Dim offset = access.offset();
    return place(memory, offset.evaluate(dims), strides(access, dims), indexStride, indexExtent);
  }

  private Place coordinate(int axis) {
    long[] strides = new long[domain.length];
    strides[axis] = 1;
    return place(MemorySegment.NULL, 0, strides, 0, -1);
  }

  private Place place(
      MemorySegment memory, long base, long[] strides, long indexStride, long indexExtent) {
    return new Place(
        memory,
        base,
        Radix.of(domain, strides, 0, outerRank),
        Radix.of(domain, strides, outerRank, domain.length - outerRank),
        indexStride,
        indexExtent);
  }
}
