package dev.bascule.cpu.portable;

import dev.bascule.core.DType;
import dev.bascule.core.ScalarType;
import java.util.List;

/** One worker's state: where its current tile lies, its registers and its partial reductions. */
final class Tile {
  private static final Radix NOWHERE = new Radix(new long[0], new long[0]);

  private final List<Place> places;
  private final Registers registers;
  private final Accumulator[] accumulators;
  private final Layout layout;
  private final Runs runs;
  private final long[] offsets;

  private long firstRow;
  private int rows;
  private long firstColumn;
  private int columns;
  private boolean fault;

  Tile(List<Place> places, Registers registers, Accumulator[] accumulators, Layout layout) {
    this.places = places;
    this.registers = registers;
    this.accumulators = accumulators;
    this.layout = layout;
    this.offsets = new long[places.stream().anyMatch(Place::isIndexed) ? layout.tileElements() : 0];
    this.runs = new Runs(places.stream().mapToInt(Place::rank).max().orElse(0));
  }

  Registers registers() {
    return registers;
  }

  void moveToRows(long first, int count) {
    firstRow = first;
    rows = count;
  }

  void moveToColumns(long first, int count) {
    firstColumn = first;
    columns = count;
  }

  /** True where an index was outside its axis since the last call. */
  boolean takeFault() {
    boolean taken = fault;
    fault = false;
    return taken;
  }

  private void walk(Place place, boolean alongRow) {
    if (!alongRow) {
      runs.start(place.base(), NOWHERE, 0, 1, place.outer(), firstRow, rows);
    } else if (layout.byColumns()) {
      runs.start(place.base(), place.row(), firstColumn, columns, place.outer(), firstRow, rows);
    } else {
      runs.start(place.base(), place.outer(), firstRow, rows, place.row(), firstColumn, columns);
    }
  }

  void load(int touch, boolean alongRow, DType dtype, int to) {
    Place place = places.get(touch);
    walk(place, alongRow);
    while (runs.next()) {
      Loads.run(
          dtype,
          place.memory(),
          runs.offset(),
          runs.stride(),
          runs.count(),
          registers,
          to,
          runs.position());
    }
  }

  void loadMasked(int touch, boolean alongRow, DType dtype, int to, int mask, int n) {
    Place place = places.get(touch);
    byte[] allowed = registers.bool(mask);
    registers.fill(dtype.scalar(), to, 0, n, 0);
    walk(place, alongRow);
    while (runs.next()) {
      int end = runs.position() + runs.count();
      int at = next(allowed, runs.position(), end, 1);
      while (at < end) {
        int stop = next(allowed, at, end, 0);
        long offset = runs.offset() + (at - runs.position()) * runs.stride();
        Loads.run(dtype, place.memory(), offset, runs.stride(), stop - at, registers, to, at);
        at = next(allowed, stop, end, 1);
      }
    }
  }

  /** The first index from {@code at} on that holds {@code wanted}; {@code end} where none does. */
  private static int next(byte[] flags, int at, int end, int wanted) {
    int i = at;
    while (i < end && flags[i] != wanted) {
      i++;
    }
    return i;
  }

  void loadAt(int touch, boolean alongRow, DType dtype, int to, int index, int n) {
    Place place = places.get(touch);
    long[] indices = registers.i64(index);
    walk(place, alongRow);
    while (runs.next()) {
      for (int i = 0; i < runs.count(); i++) {
        long chosen = indices[runs.position() + i];
        boolean inside = 0 <= chosen && chosen < place.indexExtent();
        fault |= !inside;
        offsets[runs.position() + i] =
            inside ? runs.offset() + i * runs.stride() + chosen * place.indexStride() : -1;
      }
    }
    int at = 0;
    while (at < n) {
      int stop = at + 1;
      if (offsets[at] < 0) {
        registers.fill(dtype.scalar(), to, at, stop, 0);
      } else {
        while (stop < n && offsets[stop] == offsets[stop - 1] + 1) {
          stop++;
        }
        Loads.run(dtype, place.memory(), offsets[at], 1, stop - at, registers, to, at);
      }
      at = stop;
    }
  }

  void index(int touch, boolean alongRow, int to) {
    long[] coordinates = registers.i64(to);
    walk(places.get(touch), alongRow);
    while (runs.next()) {
      ramp(coordinates, runs.position(), runs.count(), runs.offset(), runs.stride());
    }
  }

  private static void ramp(long[] to, int at, int n, long first, long step) {
    for (int i = 0; i < n; i++) {
      to[at + i] = first + i * step;
    }
  }

  void store(int touch, boolean alongRow, DType dtype, int from) {
    Place place = places.get(touch);
    walk(place, alongRow);
    while (runs.next()) {
      Stores.run(
          dtype,
          place.memory(),
          runs.offset(),
          runs.stride(),
          runs.count(),
          registers,
          from,
          runs.position());
    }
  }

  void storeMasked(int touch, boolean alongRow, DType dtype, int from, int mask) {
    Place place = places.get(touch);
    byte[] allowed = registers.bool(mask);
    walk(place, alongRow);
    while (runs.next()) {
      int end = runs.position() + runs.count();
      int at = next(allowed, runs.position(), end, 1);
      while (at < end) {
        int stop = next(allowed, at, end, 0);
        long offset = runs.offset() + (at - runs.position()) * runs.stride();
        Stores.run(dtype, place.memory(), offset, runs.stride(), stop - at, registers, from, at);
        at = next(allowed, stop, end, 1);
      }
    }
  }

  void spread(ScalarType type, int to, int from) {
    int columnsMax = layout.tileColumns();
    if (layout.byColumns()) {
      for (int column = 0; column < columnsMax; column++) {
        registers.copy(type, from, to, column * rows, rows);
      }
    } else {
      for (int row = 0; row < rows; row++) {
        registers.fill(
            type, to, row * columnsMax, (row + 1) * columnsMax, registers.get(type, from, row));
      }
    }
  }

  void startFold(int fold, int initial) {
    accumulators[fold].start(registers, initial, rows);
  }

  void accumulate(int fold, int a, int b) {
    if (layout.byColumns()) {
      accumulators[fold].addColumns(registers, a, b, rows, firstColumn, columns);
    } else {
      accumulators[fold].addRows(registers, a, b, rows, columns);
    }
  }

  void finishFold(int fold, int to) {
    accumulators[fold].finish(registers, to, rows, layout.byColumns());
  }
}
