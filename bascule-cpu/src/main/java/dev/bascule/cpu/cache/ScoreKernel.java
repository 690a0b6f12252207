package dev.bascule.cpu.cache;

import static dev.bascule.cpu.asm.Gpr.R10;
import static dev.bascule.cpu.asm.Gpr.R11;
import static dev.bascule.cpu.asm.Gpr.R12;
import static dev.bascule.cpu.asm.Gpr.R13;
import static dev.bascule.cpu.asm.Gpr.R14;
import static dev.bascule.cpu.asm.Gpr.R15;
import static dev.bascule.cpu.asm.Gpr.R8;
import static dev.bascule.cpu.asm.Gpr.R9;
import static dev.bascule.cpu.asm.Gpr.RAX;
import static dev.bascule.cpu.asm.Gpr.RBP;
import static dev.bascule.cpu.asm.Gpr.RBX;
import static dev.bascule.cpu.asm.Gpr.RCX;
import static dev.bascule.cpu.asm.Gpr.RDI;
import static dev.bascule.cpu.asm.Gpr.RDX;
import static dev.bascule.cpu.asm.Gpr.RSI;
import static dev.bascule.cpu.asm.Vec.v;

import dev.bascule.cpu.asm.AbiFrame;
import dev.bascule.cpu.asm.Assembler;
import dev.bascule.cpu.asm.Condition;
import dev.bascule.cpu.asm.Gpr;
import dev.bascule.cpu.asm.IsaLevel;
import dev.bascule.cpu.asm.Label;
import dev.bascule.cpu.asm.Mem;
import dev.bascule.cpu.asm.Prefetch;
import dev.bascule.cpu.asm.Row;
import dev.bascule.cpu.asm.Vec;
import dev.bascule.cpu.asm.VectorLength;

/**
 * Emits the scores of some queries with the keys of a cache: lane j of a vector is key j, so that
 * each score is one sum with fma over ascending elements. For that, keys are turned in registers
 * while the next ones are fetched: nothing is written but scores.
 */
record ScoreKernel(IsaLevel level, CacheLayout layout) {
  /** The argument block: 8 bytes each. */
  enum Argument {
    /** Queries f32 [heads, width]. */
    QUERIES,
    KEYS,
    /** Bytes from a key to the next. */
    KEY_STRIDE,
    SCALES,
    /** Bytes from a key's scales to the next's. */
    SCALE_STRIDE,
    /** Scores f32 [heads, scoreStride]. */
    SCORES,
    /** What is read after the keys. */
    NEXT;

    Mem place() {
      return Mem.at(RDI, 8 * ordinal());
    }
  }

  private static final Gpr QUERY = RSI;
  private static final Gpr STRIDE = RCX;
  private static final Gpr STRIDE_3 = RBX;
  private static final Gpr[] ROWS = {R8, R9, R10, R11};
  private static final Gpr SCORE = R12;
  private static final Gpr AHEAD = R13;
  private static final Gpr KEY = R14;
  private static final Gpr SCALE = R15;
  private static final Gpr WALK = RBP;
  private static final Gpr STEPS = RAX;
  private static final Gpr GROUPS = RDX;

  private static final int LINE_BYTES = 64;

  private VectorLength length() {
    return CacheLayout.length(level);
  }

  private int lanes() {
    return CacheLayout.keyStep(level);
  }

  private int rowBytes() {
    return layout.width() * layout.format().bytes();
  }

  /** Bytes of each row between two tests for the row's end: a line where the rows are lines. */
  private int stepBytes() {
    int step = LINE_BYTES;
    while (rowBytes() % step != 0) {
      step /= 2;
    }
    return step;
  }

  private Vec sum(int head) {
    return v(KeyColumns.REGISTERS + head);
  }

  private Vec query() {
    return v(KeyColumns.REGISTERS + CacheLayout.headsMax(level));
  }

  /** The code; it takes {@link CacheLayout#keyStep} keys for each unit of its range. */
  byte[] emit() {
    Assembler asm = new Assembler(level);
    AbiFrame frame = AbiFrame.saving(RBX, RBP, R12, R13, R14, R15);
    frame.enter(asm);
    asm.sub(GROUPS, RSI);
    asm.mov(KEY, Argument.KEYS.place());
    asm.mov(STRIDE, Argument.KEY_STRIDE.place());
    asm.lea(STRIDE_3, Mem.at(STRIDE, STRIDE, 2));
    asm.mov(SCORE, Argument.SCORES.place());
    asm.mov(SCALE, Argument.SCALES.place());
    KeyColumns columns =
        new KeyColumns(asm, level, layout.format(), new KeyColumns.Rows(ROWS, STRIDE, STRIDE_3));
    columns.prepare();
    Label group = asm.here();
    group(asm, columns);
    asm.sub(GROUPS, 1);
    asm.jcc(Condition.GREATER, group);
    frame.leave(asm);
    return asm.finish();
  }

  private void group(Assembler asm, KeyColumns columns) {
    for (int head = 0; head < layout.heads(); head++) {
      asm.zero(sum(head));
    }
    asm.mov(ROWS[0], KEY);
    for (int i = 1; i < lanes() / 4; i++) {
      asm.lea(ROWS[i], Mem.at(ROWS[i - 1], STRIDE, 4));
    }
    asm.lea(AHEAD, Mem.at(ROWS[lanes() / 4 - 1], STRIDE, 4));
    asm.mov(KEY, AHEAD);
    Label known = asm.newLabel();
    asm.cmp(GROUPS, 1);
    asm.jcc(Condition.GREATER, known);
    asm.mov(AHEAD, Argument.NEXT.place());
    asm.bind(known);
    asm.mov(QUERY, Argument.QUERIES.place());
    asm.mov(STEPS, rowBytes() / stepBytes());
    Label step = asm.here();
    step(asm, columns);
    asm.sub(STEPS, 1);
    asm.jcc(Condition.GREATER, step);
    for (int head = 0; head < layout.heads(); head++) {
      int at = Math.toIntExact(head * layout.scoreStride() * Float.BYTES);
      asm.op(Row.VMOVUPS_STORE, length(), Mem.at(SCORE, at), sum(head));
    }
    asm.add(SCORE, length().bytes());
    if (layout.format().isScaled()) {
      asm.mov(WALK, Argument.SCALE_STRIDE.place());
      asm.shl(WALK, lanes() == 16 ? 4 : 3);
      asm.lea(SCALE, Mem.at(SCALE, WALK, 1, -2 * (layout.width() / CacheFormat.BLOCK)));
    }
  }

  /** Some bytes of each row, and as many of those that follow are asked for. */
  private void step(Assembler asm, KeyColumns columns) {
    int ahead = Math.max(1, lanes() * stepBytes() / LINE_BYTES);
    int elements = stepBytes() / layout.format().bytes();
    int pieces = stepBytes() / CacheLayout.PIECE_BYTES;
    int piece = CacheLayout.PIECE_BYTES / layout.format().bytes();
    for (int i = 0; i < pieces; i++) {
      for (int line = i * ahead / pieces; line < (i + 1) * ahead / pieces; line++) {
        asm.prefetch(Prefetch.L1, Mem.at(AHEAD, line * LINE_BYTES));
      }
      if (layout.format().isScaled() && i * piece % CacheFormat.BLOCK == 0) {
        columns.scales(SCALE, WALK, Argument.SCALE_STRIDE.place());
      }
      int first = i * piece;
      columns.turn(i * CacheLayout.PIECE_BYTES, (number, keys) -> add(asm, first + number, keys));
    }
    for (int i = 0; i < lanes() / 4; i++) {
      asm.add(ROWS[i], stepBytes());
    }
    asm.add(AHEAD, ahead * LINE_BYTES);
    asm.add(QUERY, elements * Float.BYTES);
  }

  /** One element of all keys, for all queries. */
  private void add(Assembler asm, int element, Vec keys) {
    for (int head = 0; head < layout.heads(); head++) {
      Mem place = Mem.at(QUERY, (head * layout.width() + element) * Float.BYTES);
      if (level == IsaLevel.AVX512) {
        asm.op(Row.VFMADD231PS, length(), sum(head), keys, place.toAllLanes());
      } else {
        asm.op(Row.VBROADCASTSS, length(), query(), place);
        asm.op(Row.VFMADD231PS, length(), sum(head), keys, query());
      }
    }
  }
}
