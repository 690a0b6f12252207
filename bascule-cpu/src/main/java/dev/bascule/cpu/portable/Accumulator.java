package dev.bascule.cpu.portable;

import dev.bascule.core.ScalarType;
import dev.bascule.core.kernel.Reduction;

/**
 * The partial results of one reduction over the rows of a tile, in the lane order of {@link
 * Reduction}. Rows shorter than 32 elements have as many lanes as elements: the lanes without
 * elements hold the identity, and folding it in changes nothing.
 */
final class Accumulator {
  private final Reduction reduction;
  private final ScalarType type;
  private final long identity;

  /** Lanes that have elements, at least 1. */
  private final int lanes;

  /** One register of the accumulator's type holds all lanes of all rows. */
  private final Registers held;

  Accumulator(Reduction reduction, ScalarType type, long rowElements, int rows) {
    this.reduction = reduction;
    this.type = type;
    this.identity = reduction == Reduction.FMA ? 0 : reduction.identity(type);
    this.lanes = reduction == Reduction.FMA ? 1 : Math.clamp(rowElements, 1, Reduction.LANES);
    int[] counts = new int[ScalarType.values().length];
    counts[type.ordinal()] = 1;
    this.held = new Registers(counts, Math.max(1, lanes * rows));
  }

  /** Starts {@code rows} rows; {@code initial} is the register where FMA begins. */
  void start(Registers registers, int initial, int rows) {
    if (reduction == Reduction.FMA) {
      for (int row = 0; row < rows; row++) {
        held.fill(type, 0, row, row + 1, registers.get(type, initial, row));
      }
    } else {
      held.fill(type, 0, 0, lanes * rows, identity);
    }
  }

  /** Adds a tile of {@code rows} rows, each {@code columns} elements in sequence. */
  void addRows(Registers registers, int a, int b, int rows, int columns) {
    if (reduction == Reduction.FMA) {
      for (int row = 0; row < rows; row++) {
        dot(registers, a, b, row, columns);
      }
    } else if (lanes < Reduction.LANES) {
      combine(registers, 0, a, 0, rows * lanes);
    } else {
      for (int row = 0; row < rows; row++) {
        int end = (row + 1) * columns;
        for (int at = row * columns; at < end; at += Reduction.LANES) {
          combine(registers, row * lanes, a, at, Math.min(Reduction.LANES, end - at));
        }
      }
    }
  }

  /** Adds a tile that holds, for each of {@code columns} positions from {@code first}, all rows. */
  void addColumns(Registers registers, int a, int b, int rows, long first, int columns) {
    for (int column = 0; column < columns; column++) {
      if (reduction == Reduction.FMA) {
        dots(registers, a, b, column * rows, rows);
      } else {
        int lane = (int) ((first + column) % Reduction.LANES);
        combine(registers, lane * rows, a, column * rows, rows);
      }
    }
  }

  /** Folds the lanes of each row and writes one result per row. */
  void finish(Registers registers, int result, int rows, boolean byColumns) {
    int step = byColumns ? 1 : lanes;
    if (byColumns) {
      fold(0, rows);
    } else {
      for (int row = 0; row < rows && lanes > 1; row++) {
        fold(row * lanes, 1);
      }
    }
    for (int row = 0; row < rows; row++) {
      registers.fill(type, result, row, row + 1, held.get(type, 0, row * step));
    }
  }

  private void fold(int base, int width) {
    int left = lanes;
    for (int half = Reduction.LANES / 2; half > 0; half /= 2) {
      if (left > half) {
        combine(held, base, 0, base + half * width, (left - half) * width);
        left = half;
      }
    }
  }

  private void combine(Registers registers, int at, int slot, int from, int n) {
    switch (type) {
      case F32 -> F32Loops.combine(reduction, held.f32(0), at, registers.f32(slot), from, n);
      case F64 -> F64Loops.combine(reduction, held.f64(0), at, registers.f64(slot), from, n);
      case I32 -> I32Loops.combine(reduction, held.i32(0), at, registers.i32(slot), from, n);
      case I64 -> I64Loops.combine(reduction, held.i64(0), at, registers.i64(slot), from, n);
      case BOOL -> BoolLoops.combine(reduction, held.bool(0), at, registers.bool(slot), from, n);
    }
  }

  private void dot(Registers r, int a, int b, int row, int columns) {
    int from = row * columns;
    switch (type) {
      case F32 ->
          held.f32(0)[row] = F32Loops.dot(held.f32(0)[row], r.f32(a), r.f32(b), from, columns);
      case F64 ->
          held.f64(0)[row] = F64Loops.dot(held.f64(0)[row], r.f64(a), r.f64(b), from, columns);
      case I32 ->
          held.i32(0)[row] = I32Loops.dot(held.i32(0)[row], r.i32(a), r.i32(b), from, columns);
      case I64 ->
          held.i64(0)[row] = I64Loops.dot(held.i64(0)[row], r.i64(a), r.i64(b), from, columns);
      case BOOL -> throw new IllegalArgumentException("FMA of bool");
    }
  }

  private void dots(Registers r, int a, int b, int from, int n) {
    switch (type) {
      case F32 -> F32Loops.dots(held.f32(0), r.f32(a), r.f32(b), from, n);
      case F64 -> F64Loops.dots(held.f64(0), r.f64(a), r.f64(b), from, n);
      case I32 -> I32Loops.dots(held.i32(0), r.i32(a), r.i32(b), from, n);
      case I64 -> I64Loops.dots(held.i64(0), r.i64(a), r.i64(b), from, n);
      case BOOL -> throw new IllegalArgumentException("FMA of bool");
    }
  }
}
