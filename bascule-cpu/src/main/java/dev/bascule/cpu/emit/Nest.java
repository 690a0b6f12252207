package dev.bascule.cpu.emit;

import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.kernel.Access;
import dev.bascule.core.kernel.Instruction;
import dev.bascule.core.kernel.Kernel;
import dev.bascule.core.kernel.Reduction;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;

/**
 * A kernel's loops in the form that code is written in: adjacent axes joined where every access
 * allows it, one axis chosen to lie along the vector registers, the others an odometer of outer
 * loops (innermost first).
 *
 * @param vectorExtent elements along the vectors: the whole row ({@link Mode#ROW}), or one axis
 * @param rowExtents the row axes as the kernel has them; empty for Map kernels
 * @param walks the distinct accesses
 * @param walkOf for each instruction that accesses memory, its walk; else -1
 * @param indexOf for each domain axis, what gives its coordinate
 */
record Nest(
    Mode mode,
    List<Dim> odometer,
    Dim vectorExtent,
    List<Dim> rowExtents,
    List<Walk> walks,
    int[] walkOf,
    List<Coordinate> indexOf) {

  /** Which loop lies along the vectors. */
  enum Mode {
    /** An axis of a Map kernel. */
    MAP,
    /** The row: lanes of a reduction are lanes of registers. */
    ROW,
    /** An outer axis, many rows at once: lanes of a reduction are vectors in memory. */
    COLUMN
  }

  /** What gives the coordinate along a domain axis. */
  sealed interface Coordinate {
    /** The axis has one point. */
    record Zero() implements Coordinate {}

    record Odometer(int loop) implements Coordinate {}

    record Vector() implements Coordinate {}

    /** The only row axis, in {@link Mode#COLUMN}. */
    record Row() implements Coordinate {}

    /** One of several row axes: looked up in a table over row positions. */
    record Table(int rowAxis) implements Coordinate {}
  }

  /**
   * A loop under construction: its extent, one stride per access, the domain axis if not joined.
   */
  private record Loop(Dim extent, List<Dim> strides, int axis) {}

  private static final int SMALL_ROW = 16;
  private static final int STRIDED_COST = 10;

  static Nest of(Kernel kernel) {
    return new Builder(kernel).build();
  }

  /** All positions of the row. */
  Dim rowExtent() {
    return product(rowExtents);
  }

  private static Dim product(List<Dim> extents) {
    Dim product = Dim.ONE;
    for (Dim extent : extents) {
      product = product.times(extent);
    }
    return product;
  }

  private static final class Builder {
    private final Kernel kernel;
    private final List<Access> accesses = new ArrayList<>();
    private final boolean[] indexed;
    private final boolean sequential;

    Builder(Kernel kernel) {
      this.kernel = kernel;
      this.indexed = new boolean[kernel.domain().size()];
      boolean fma = false;
      for (Instruction instruction : kernel.body()) {
        switch (instruction) {
          case Instruction.Load load -> accesses.add(load.access());
          case Instruction.LoadAt load -> accesses.add(load.access());
          case Instruction.Store store -> accesses.add(store.access());
          case Instruction.Index index -> indexed[index.axis()] = true;
          case Instruction.Reduce reduce -> fma |= reduce.reduction() == Reduction.FMA;
          case Instruction.Constant c -> {}
          case Instruction.Extent e -> {}
          case Instruction.Compute c -> {}
        }
      }
      this.sequential = fma;
    }

    Nest build() {
      List<Loop> outer = join(0, kernel.outerRank());
      if (!kernel.isRow()) {
        if (outer.isEmpty()) {
          outer = List.of(single());
        }
        return nest(Mode.MAP, outer, mapVector(outer));
      }
      if (outer.isEmpty() && sequential) {
        outer = List.of(single());
      }
      int column = column(outer);
      return column >= 0 ? nest(Mode.COLUMN, outer, column) : nest(Mode.ROW, outer, -1);
    }

    /** A loop of one point, for a domain without axes. */
    private Loop single() {
      return new Loop(Dim.ONE, accesses.stream().map(a -> Dim.ONE).toList(), -1);
    }

    private List<Loop> join(int from, int to) {
      List<Loop> loops = new ArrayList<>();
      for (int axis = from; axis < to; axis++) {
        Dim extent = kernel.domain().get(axis);
        if (extent.is(1)) {
          continue;
        }
        int a = axis;
        Loop next = new Loop(extent, accesses.stream().map(x -> x.strides().get(a)).toList(), axis);
        if (!loops.isEmpty() && joins(loops.getLast(), next)) {
          Loop last = loops.removeLast();
          next = new Loop(last.extent().times(extent), next.strides(), -1);
        }
        loops.add(next);
      }
      return loops;
    }

    private boolean joins(Loop outer, Loop inner) {
      if (isIndexed(outer.axis()) || isIndexed(inner.axis())) {
        return false;
      }
      for (int i = 0; i < accesses.size(); i++) {
        if (!outer.strides().get(i).equals(inner.strides().get(i).times(inner.extent()))) {
          return false;
        }
      }
      return true;
    }

    private boolean isIndexed(int axis) {
      return axis >= 0 && indexed[axis];
    }

    /** The axis with the least work per element: few strided accesses, and long enough. */
    private int mapVector(List<Loop> loops) {
      int best = loops.size() - 1;
      double least = Double.MAX_VALUE;
      for (int i = loops.size() - 1; i >= 0; i--) {
        double work = 1 + work(loops.get(i), a -> true);
        long most = Math.max(1, loops.get(i).extent().max());
        double cost = work / Math.min(1, most / (double) SMALL_ROW);
        if (cost < least) {
          least = cost;
          best = i;
        }
      }
      return best;
    }

    private double work(Loop loop, IntPredicate which) {
      double work = 0;
      for (int i = 0; i < accesses.size(); i++) {
        if (which.test(i)) {
          work += Walk.step(loop.strides().get(i)) == Walk.Step.STRIDED ? STRIDED_COST : 1;
        }
      }
      return work;
    }

    /** The outer loop to lay along the vectors, or -1 where the row itself is better. */
    private int column(List<Loop> outer) {
      if (outer.isEmpty()) {
        return -1;
      }
      int last = outer.size() - 1;
      if (sequential) {
        return last;
      }
      boolean[] varies = new boolean[accesses.size()];
      double along = 0;
      for (int i = 0; i < accesses.size(); i++) {
        Walk.Step step = rowStep(accesses.get(i));
        varies[i] = step != Walk.Step.UNIFORM;
        if (varies[i]) {
          along += step == Walk.Step.CONTIGUOUS ? 1 : STRIDED_COST;
        }
      }
      double across = work(outer.get(last), i -> varies[i]);
      boolean wide = outer.get(last).extent().max() >= SMALL_ROW;
      boolean smallRow =
          product(kernel.domain().subList(kernel.outerRank(), kernel.domain().size())).max()
              <= SMALL_ROW;
      return (wide && across < along) || (wide && smallRow) ? last : -1;
    }

    private Nest nest(Mode mode, List<Loop> outer, int vector) {
      List<Loop> odometer = new ArrayList<>(outer);
      Loop along = vector < 0 ? null : odometer.remove(vector);
      java.util.Collections.reverse(odometer);
      Map<Walk, Integer> walks = new LinkedHashMap<>();
      int[] walkOf = new int[kernel.body().size()];
      int access = 0;
      for (int i = 0; i < walkOf.length; i++) {
        walkOf[i] = -1;
        if (accessOf(kernel.body().get(i)) != null) {
          Walk walk = walk(access, odometer, along);
          walkOf[i] = walks.computeIfAbsent(walk, w -> walks.size());
          access++;
        }
      }
      List<Dim> rowExtents = kernel.domain().subList(kernel.outerRank(), kernel.domain().size());
      return new Nest(
          mode,
          odometer.stream().map(Loop::extent).toList(),
          along == null ? product(rowExtents) : along.extent(),
          rowExtents,
          List.copyOf(walks.keySet()),
          walkOf,
          coordinates(mode, odometer, along));
    }

    private static @org.jspecify.annotations.Nullable Access accessOf(Instruction instruction) {
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

    private Walk walk(
        int index, List<Loop> odometer, @org.jspecify.annotations.Nullable Loop along) {
      Access access = accesses.get(index);
      DType dtype = kernel.parameters().get(access.parameter()).dtype();
      List<Dim> strides = odometer.stream().map(loop -> loop.strides().get(index)).toList();
      List<Dim> rowStrides = access.strides().subList(kernel.outerRank(), kernel.domain().size());
      Walk.Step rowStep = rowStep(access);
      Dim rowStride = rowStep == Walk.Step.TABLE ? Dim.ZERO : rowStride(access);
      if (along == null) {
        return new Walk(
            access.parameter(),
            dtype,
            access.offset(),
            strides,
            rowStep,
            rowStride,
            Walk.Step.UNIFORM,
            Dim.ZERO,
            rowStrides);
      }
      Dim stride = along.strides().get(index);
      return new Walk(
          access.parameter(),
          dtype,
          access.offset(),
          strides,
          Walk.step(stride),
          stride,
          rowStep,
          rowStride,
          rowStrides);
    }

    private Walk.Step rowStep(Access access) {
      Dim stride = rowStride(access);
      return stride.equals(NO_STRIDE) ? Walk.Step.TABLE : Walk.step(stride);
    }

    private static final Dim NO_STRIDE = Dim.of(Long.MIN_VALUE);

    /** The stride of an access along the flattened row, or {@link #NO_STRIDE}. */
    private Dim rowStride(Access access) {
      Dim stride = Dim.ZERO;
      Dim reach = null;
      for (int axis = kernel.domain().size() - 1; axis >= kernel.outerRank(); axis--) {
        Dim extent = kernel.domain().get(axis);
        if (extent.is(1)) {
          continue;
        }
        Dim next = access.strides().get(axis);
        if (reach == null) {
          stride = next;
          reach = next.times(extent);
        } else if (next.equals(reach)) {
          reach = next.times(extent);
        } else {
          return NO_STRIDE;
        }
      }
      return stride;
    }

    private List<Coordinate> coordinates(
        Mode mode, List<Loop> odometer, @org.jspecify.annotations.Nullable Loop along) {
      Map<Integer, Coordinate> found = new HashMap<>();
      for (int i = 0; i < odometer.size(); i++) {
        found.put(odometer.get(i).axis(), new Coordinate.Odometer(i));
      }
      if (along != null) {
        found.put(along.axis(), new Coordinate.Vector());
      }
      int rank = kernel.domain().size();
      long wide =
          kernel.domain().subList(kernel.outerRank(), rank).stream().filter(d -> !d.is(1)).count();
      for (int axis = kernel.outerRank(); axis < rank && kernel.isRow(); axis++) {
        if (!kernel.domain().get(axis).is(1)) {
          found.put(
              axis,
              wide > 1
                  ? new Coordinate.Table(axis - kernel.outerRank())
                  : mode == Mode.ROW ? new Coordinate.Vector() : new Coordinate.Row());
        }
      }
      List<Coordinate> all = new ArrayList<>();
      for (int axis = 0; axis < rank; axis++) {
        all.add(found.getOrDefault(axis, new Coordinate.Zero()));
      }
      return all;
    }
  }
}
