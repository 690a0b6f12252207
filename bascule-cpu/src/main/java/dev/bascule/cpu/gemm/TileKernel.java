package dev.bascule.cpu.gemm;

import static dev.bascule.cpu.asm.Gpr.*;
import static dev.bascule.cpu.asm.Vec.v;

import dev.bascule.cpu.asm.AbiFrame;
import dev.bascule.cpu.asm.Assembler;
import dev.bascule.cpu.asm.Condition;
import dev.bascule.cpu.asm.Gpr;
import dev.bascule.cpu.asm.IsaLevel;
import dev.bascule.cpu.asm.Label;
import dev.bascule.cpu.asm.Mask;
import dev.bascule.cpu.asm.Masking;
import dev.bascule.cpu.asm.Mem;
import dev.bascule.cpu.asm.Prefetch;
import dev.bascule.cpu.asm.Vec;
import dev.bascule.cpu.asm.VectorLength;
import dev.bascule.cpu.asm.Width;

/**
 * Emits the innermost kernel: a tile of {@code rows} by {@code vectors} accumulators in registers,
 * for which k ascends. The function walks down a column of such tiles.
 *
 * <p>The idea is that of Goto and van de Geijn, "Anatomy of high-performance matrix multiplication"
 * (2008), with one change: A is read where it lies, because a broadcast does not care how far apart
 * rows are.
 */
record TileKernel(
    IsaLevel level, ElementType type, int rows, int vectors, LhsOrder order, boolean masked) {

  /** Which index of A moves by one element; the other has a stride. */
  enum LhsOrder {
    /** k is contiguous, rows are strided. */
    K_CONTIGUOUS,
    /** Rows are contiguous, k is strided: transposed, or packed. */
    ROW_CONTIGUOUS
  }

  /** The argument block: 8 bytes each. */
  enum Argument {
    /** Address of A[0, 0]. */
    LHS,
    /** Bytes from A[m, k] to the neighbour along the index that is not contiguous. */
    LHS_STRIDE,
    /** Bytes from one tile's rows of A to the next tile's. */
    LHS_TILE_STEP,
    /** Address of B[0, 0], columns contiguous. */
    RHS,
    /** Bytes from B[k, n] to B[k + 1, n]. */
    RHS_STRIDE,
    /** Address of C[0, 0], columns contiguous. */
    OUT,
    /** Bytes from C[m, n] to C[m + 1, n]. */
    OUT_STRIDE,
    /** Elements of the inner dimension. */
    DEPTH,
    /** 0: start from zero; else from what C holds. */
    ACCUMULATE,
    /**
     * Columns of the last vector: AVX-512 a bit mask; AVX2 the address of a vector of lane masks.
     */
    COLUMN_MASK;

    static final int BLOCK_BYTES = 8 * values().length;

    Mem place() {
      return Mem.at(RDI, offset());
    }

    int offset() {
      return 8 * ordinal();
    }
  }

  private static final Gpr LHS_BASE = RBP;
  private static final Gpr[] LHS_ROWS = {R8, R9, R10, R11};
  private static final Gpr STRIDE = RCX;
  private static final Gpr STRIDE_3 = RBX;
  private static final Gpr RHS = RSI;
  private static final Gpr RHS_STRIDE = R12;
  private static final Gpr RHS_STRIDE_3 = R13;
  private static final Gpr OUT = R14;
  private static final Gpr OUT_STRIDE = R15;
  private static final Gpr COUNT = RAX;
  private static final Gpr TILES = RDX;
  private static final int UNROLL = 4;
  private static final Mask COLUMNS = Mask.K1;

  TileKernel {
    int registers = level == IsaLevel.AVX512 ? 32 : 16;
    if (rows < 1 || vectors < 1 || rows > 16 || rows * vectors + vectors + 2 > registers) {
      throw new IllegalArgumentException(
          "a tile of " + rows + " x " + vectors + " does not fit " + registers + " registers");
    }
  }

  VectorLength length() {
    return level == IsaLevel.AVX512 ? VectorLength.V512 : VectorLength.V256;
  }

  byte[] emit() {
    Assembler asm = new Assembler(level);
    AbiFrame frame = AbiFrame.saving(RBX, RBP, R12, R13, R14, R15);
    frame.enter(asm);
    asm.sub(TILES, RSI);
    asm.mov(LHS_BASE, Argument.LHS.place());
    asm.mov(STRIDE, Argument.LHS_STRIDE.place());
    asm.lea(STRIDE_3, Mem.at(STRIDE, STRIDE, 2));
    asm.mov(RHS_STRIDE, Argument.RHS_STRIDE.place());
    asm.lea(RHS_STRIDE_3, Mem.at(RHS_STRIDE, RHS_STRIDE, 2));
    asm.mov(OUT, Argument.OUT.place());
    asm.mov(OUT_STRIDE, Argument.OUT_STRIDE.place());
    if (masked) {
      loadMask(asm);
    }
    Label tile = asm.here();
    startTile(asm);
    depthLoop(asm);
    finishTile(asm);
    asm.add(LHS_BASE, Argument.LHS_TILE_STEP.place());
    asm.sub(TILES, 1);
    asm.jcc(Condition.GREATER, tile);
    frame.leave(asm);
    return asm.finish();
  }

  private void loadMask(Assembler asm) {
    asm.mov(COUNT, Argument.COLUMN_MASK.place());
    if (level == IsaLevel.AVX512) {
      asm.kmov(Width.B16, COLUMNS, COUNT);
    } else {
      asm.op(type.load, length(), maskVector(), Mem.at(COUNT));
    }
  }

  private Vec accumulator(int row, int vector) {
    return v(row * vectors + vector);
  }

  private Vec rhs(int vector) {
    return v(rows * vectors + vector);
  }

  /**
   * Broadcasts rotate over the registers that are left, so that one need not wait for the other.
   */
  private Vec lhs(int row) {
    int first = rows * vectors + vectors;
    int last = level == IsaLevel.AVX512 ? 31 : masked ? 14 : 15;
    return v(first + row % (last - first + 1));
  }

  private Vec maskVector() {
    return v(15);
  }

  private void startTile(Assembler asm) {
    asm.mov(RHS, Argument.RHS.place());
    Label zero = asm.newLabel();
    Label ready = asm.newLabel();
    asm.mov(COUNT, Argument.ACCUMULATE.place());
    asm.mov(LHS_ROWS[0], OUT);
    asm.test(COUNT, COUNT);
    asm.jcc(Condition.EQUAL, zero);
    for (int row = 0; row < rows; row++) {
      for (int vector = 0; vector < vectors; vector++) {
        load(asm, accumulator(row, vector), Mem.at(LHS_ROWS[0], vector * length().bytes()), vector);
      }
      asm.add(LHS_ROWS[0], OUT_STRIDE);
    }
    asm.jmp(ready);
    asm.bind(zero);
    for (int i = 0; i < rows * vectors; i++) {
      asm.zero(v(i));
    }
    // The lines are written at the end of the tile: ask for them now.
    for (int row = 0; row < rows; row++) {
      for (int vector = 0; vector < vectors; vector++) {
        asm.prefetch(Prefetch.L1, Mem.at(LHS_ROWS[0], vector * length().bytes()));
      }
      asm.add(LHS_ROWS[0], OUT_STRIDE);
    }
    asm.bind(ready);
    asm.mov(LHS_ROWS[0], LHS_BASE);
    if (order == LhsOrder.K_CONTIGUOUS) {
      for (int i = 4; i < rows; i += 4) {
        asm.lea(LHS_ROWS[i / 4], Mem.at(LHS_ROWS[i / 4 - 1], STRIDE, 4));
      }
    }
  }

  private void depthLoop(Assembler asm) {
    Label rest = asm.newLabel();
    Label single = asm.newLabel();
    Label done = asm.newLabel();
    asm.mov(COUNT, Argument.DEPTH.place());
    asm.sub(COUNT, UNROLL);
    asm.jcc(Condition.LESS, rest);
    asm.align(32);
    Label loop = asm.here();
    for (int step = 0; step < UNROLL; step++) {
      multiply(asm, step);
    }
    advance(asm, UNROLL);
    asm.sub(COUNT, UNROLL);
    asm.jcc(Condition.GREATER_EQUAL, loop);
    asm.bind(rest);
    asm.add(COUNT, UNROLL);
    asm.jcc(Condition.EQUAL, done);
    asm.bind(single);
    multiply(asm, 0);
    advance(asm, 1);
    asm.sub(COUNT, 1);
    asm.jcc(Condition.NOT_EQUAL, single);
    asm.bind(done);
  }

  /** One k for the whole tile; {@code step} is its distance from where the pointers are. */
  private void multiply(Assembler asm, int step) {
    for (int vector = 0; vector < vectors; vector++) {
      Mem place = strided(RHS, RHS_STRIDE, RHS_STRIDE_3, step).plus(vector * length().bytes());
      load(asm, rhs(vector), place, vector);
    }
    for (int row = 0; row < rows; row++) {
      asm.op(type.broadcast, length(), lhs(row), lhsPlace(row, step));
      for (int vector = 0; vector < vectors; vector++) {
        asm.op(type.fma, length(), accumulator(row, vector), rhs(vector), lhs(row));
      }
    }
  }

  private Mem lhsPlace(int row, int step) {
    return switch (order) {
      case K_CONTIGUOUS ->
          strided(LHS_ROWS[row / 4], STRIDE, STRIDE_3, row % 4).plus(step * type.bytes());
      case ROW_CONTIGUOUS -> strided(LHS_ROWS[0], STRIDE, STRIDE_3, step).plus(row * type.bytes());
    };
  }

  private static Mem strided(Gpr base, Gpr stride, Gpr stride3, int times) {
    return switch (times) {
      case 0 -> Mem.at(base);
      case 1 -> Mem.at(base, stride, 1);
      case 2 -> Mem.at(base, stride, 2);
      case 3 -> Mem.at(base, stride3, 1);
      default -> throw new IllegalArgumentException("stride times " + times);
    };
  }

  private void advance(Assembler asm, int steps) {
    step(asm, RHS, RHS_STRIDE, steps);
    switch (order) {
      case K_CONTIGUOUS -> {
        for (int i = 0; i < rows; i += 4) {
          asm.add(LHS_ROWS[i / 4], steps * type.bytes());
        }
      }
      case ROW_CONTIGUOUS -> step(asm, LHS_ROWS[0], STRIDE, steps);
    }
  }

  private static void step(Assembler asm, Gpr pointer, Gpr stride, int steps) {
    asm.lea(pointer, Mem.at(pointer, stride, steps));
  }

  private void finishTile(Assembler asm) {
    for (int row = 0; row < rows; row++) {
      for (int vector = 0; vector < vectors; vector++) {
        store(asm, Mem.at(OUT, vector * length().bytes()), accumulator(row, vector), vector);
      }
      asm.add(OUT, OUT_STRIDE);
    }
  }

  private boolean isMasked(int vector) {
    return masked && vector == vectors - 1;
  }

  private void load(Assembler asm, Vec destination, Mem place, int vector) {
    if (!isMasked(vector)) {
      asm.op(type.load, length(), destination, place);
    } else if (level == IsaLevel.AVX512) {
      asm.op(type.load, length(), destination, place, Masking.zero(COLUMNS));
    } else {
      asm.op(type.maskLoad, length(), destination, maskVector(), place);
    }
  }

  private void store(Assembler asm, Mem place, Vec source, int vector) {
    if (!isMasked(vector)) {
      asm.op(type.store, length(), place, source);
    } else if (level == IsaLevel.AVX512) {
      asm.op(type.store, length(), place, source, Masking.merge(COLUMNS));
    } else {
      asm.op(type.maskStore, length(), place, maskVector(), source);
    }
  }
}
