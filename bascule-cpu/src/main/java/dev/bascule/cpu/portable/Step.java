package dev.bascule.cpu.portable;

import dev.bascule.core.DType;
import dev.bascule.core.ScalarType;
import dev.bascule.core.kernel.Primitive;

/**
 * One instruction over a tile, with its operands in numbered registers. Along the row a tile has
 * one element per point; elsewhere one per row.
 */
sealed interface Step {
  /** No register: the access has no mask. */
  int NONE = -1;

  /** Runs over the tile's {@code n} elements. */
  void run(Tile tile, int n);

  /** Loads through touch {@code touch}, where {@code mask} allows. */
  record Load(int touch, boolean alongRow, DType dtype, int to, int mask) implements Step {
    @Override
    public void run(Tile tile, int n) {
      if (mask == NONE) {
        tile.load(touch, alongRow, dtype, to);
      } else {
        tile.loadMasked(touch, alongRow, dtype, to, mask, n);
      }
    }
  }

  record LoadAt(int touch, boolean alongRow, DType dtype, int to, int index) implements Step {
    @Override
    public void run(Tile tile, int n) {
      tile.loadAt(touch, alongRow, dtype, to, index, n);
    }
  }

  record Index(int touch, boolean alongRow, int to) implements Step {
    @Override
    public void run(Tile tile, int n) {
      tile.index(touch, alongRow, to);
    }
  }

  record Store(int touch, boolean alongRow, DType dtype, int from, int mask) implements Step {
    @Override
    public void run(Tile tile, int n) {
      if (mask == NONE) {
        tile.store(touch, alongRow, dtype, from);
      } else {
        tile.storeMasked(touch, alongRow, dtype, from, mask);
      }
    }
  }

  /** Operands a primitive does not have are register 0 and ignored. */
  record Compute(Primitive op, ScalarType type, int to, int a, int b, int c) implements Step {
    @Override
    public void run(Tile tile, int n) {
      Registers r = tile.registers();
      switch (type) {
        case F32 -> F32Loops.apply(op, r.f32(to), r.f32(a), r.f32(b), r.f32(c), n);
        case F64 -> F64Loops.apply(op, r.f64(to), r.f64(a), r.f64(b), r.f64(c), n);
        case I32 -> I32Loops.apply(op, r.i32(to), r.i32(a), r.i32(b), n);
        case I64 -> I64Loops.apply(op, r.i64(to), r.i64(a), r.i64(b), n);
        case BOOL -> BoolLoops.apply(op, r.bool(to), r.bool(a), r.bool(b), n);
      }
    }
  }

  /** {@code type} is the operands': the result is a truth value. */
  record Compare(Primitive op, ScalarType type, int to, int a, int b) implements Step {
    @Override
    public void run(Tile tile, int n) {
      Registers r = tile.registers();
      switch (type) {
        case F32 -> F32Loops.compare(op, r.bool(to), r.f32(a), r.f32(b), n);
        case F64 -> F64Loops.compare(op, r.bool(to), r.f64(a), r.f64(b), n);
        case I32 -> I32Loops.compare(op, r.bool(to), r.i32(a), r.i32(b), n);
        case I64 -> I64Loops.compare(op, r.bool(to), r.i64(a), r.i64(b), n);
        case BOOL -> BoolLoops.apply(op, r.bool(to), r.bool(a), r.bool(b), n);
      }
    }
  }

  record Select(ScalarType type, int to, int condition, int a, int b) implements Step {
    @Override
    public void run(Tile tile, int n) {
      Registers r = tile.registers();
      byte[] chosen = r.bool(condition);
      switch (type) {
        case F32 -> F32Loops.select(r.f32(to), chosen, r.f32(a), r.f32(b), n);
        case F64 -> F64Loops.select(r.f64(to), chosen, r.f64(a), r.f64(b), n);
        case I32 -> I32Loops.select(r.i32(to), chosen, r.i32(a), r.i32(b), n);
        case I64 -> I64Loops.select(r.i64(to), chosen, r.i64(a), r.i64(b), n);
        case BOOL -> BoolLoops.select(r.bool(to), chosen, r.bool(a), r.bool(b), n);
      }
    }
  }

  record Convert(Primitive op, int to, int from) implements Step {
    @Override
    public void run(Tile tile, int n) {
      ConversionLoops.apply(op, tile.registers(), to, from, n);
    }
  }

  /** Repeats each row's value along its row, once for all tiles of the row. */
  record Spread(ScalarType type, int to, int from) implements Step {
    @Override
    public void run(Tile tile, int n) {
      tile.spread(type, to, from);
    }
  }

  /** Readies the accumulators of reduction {@code fold} for new rows. */
  record Start(int fold, int initial) implements Step {
    @Override
    public void run(Tile tile, int n) {
      tile.startFold(fold, initial);
    }
  }

  record Accumulate(int fold, int a, int b) implements Step {
    @Override
    public void run(Tile tile, int n) {
      tile.accumulate(fold, a, b);
    }
  }

  record Finish(int fold, int to) implements Step {
    @Override
    public void run(Tile tile, int n) {
      tile.finishFold(fold, to);
    }
  }
}
