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
import dev.bascule.cpu.asm.Row;
import dev.bascule.cpu.asm.Vec;
import dev.bascule.cpu.asm.VectorLength;
import dev.bascule.cpu.asm.Width;
import java.util.Arrays;

/**
 * Emits what brings a strip of a matrix into the order in which a tile reads it: panel [k, column],
 * columns contiguous and padded to whole vectors.
 */
record PanelPacker(IsaLevel level, ElementType type, int vectors, int lastLanes, Source source) {

  /** How the source lies in memory. */
  enum Source {
    /** Columns are contiguous: rows are copied. */
    COLUMN_CONTIGUOUS,
    /**
     * k is contiguous: square blocks are transposed in registers. f32 and whole blocks of k only.
     */
    K_CONTIGUOUS,
    /** Any strides: element by element. */
    STRIDED
  }

  /** The argument block: 8 bytes each. */
  enum Argument {
    SOURCE,
    /** Bytes from k to k + 1. */
    K_STRIDE,
    /** Bytes from a column to the next. */
    COLUMN_STRIDE,
    PANEL,
    /** Number of k; a multiple of a vector's lanes where blocks are transposed. */
    DEPTH;

    static final int BLOCK_BYTES = 8 * values().length;

    Mem place() {
      return Mem.at(RDI, offset());
    }

    int offset() {
      return 8 * ordinal();
    }
  }

  private static final Gpr FROM = RSI;
  private static final Gpr K_STRIDE = RCX;
  private static final Gpr COLUMN_STRIDE = RBX;
  private static final Gpr COLUMN_STRIDE_3 = R12;
  private static final Gpr TO = RDX;
  private static final Gpr COUNT = RAX;
  private static final Gpr[] COLUMNS = {R8, R9, R10, R11};

  VectorLength length() {
    return level == IsaLevel.AVX512 ? VectorLength.V512 : VectorLength.V256;
  }

  private int lanes() {
    return length().lanes(type.bytes());
  }

  private int panelRowBytes() {
    return vectors * length().bytes();
  }

  byte[] emit() {
    Assembler asm = new Assembler(level);
    AbiFrame frame = AbiFrame.saving(RBX, R12);
    frame.enter(asm);
    asm.mov(FROM, Argument.SOURCE.place());
    asm.mov(K_STRIDE, Argument.K_STRIDE.place());
    asm.mov(COLUMN_STRIDE, Argument.COLUMN_STRIDE.place());
    asm.mov(TO, Argument.PANEL.place());
    asm.mov(COUNT, Argument.DEPTH.place());
    switch (source) {
      case COLUMN_CONTIGUOUS -> copy(asm);
      case K_CONTIGUOUS -> transpose(asm);
      case STRIDED -> gather(asm);
    }
    frame.leave(asm);
    return asm.finish();
  }

  private void copy(Assembler asm) {
    int last = vectors - 1;
    if (level == IsaLevel.AVX512) {
      asm.mov(R8, (1L << lastLanes) - 1);
      asm.kmov(Width.B16, Mask.K1, R8);
    } else {
      int[] mask = new int[8];
      Arrays.fill(mask, 0, lastLanes * type.bytes() / 4, -1);
      asm.op(type.load, length(), v(15), asm.constants32(mask));
    }
    Label loop = asm.here();
    for (int i = 0; i < last; i++) {
      asm.op(type.load, length(), v(i), Mem.at(FROM, i * length().bytes()));
    }
    Mem place = Mem.at(FROM, last * length().bytes());
    if (level == IsaLevel.AVX512) {
      asm.op(type.load, length(), v(last), place, Masking.zero(Mask.K1));
    } else {
      asm.op(type.maskLoad, length(), v(last), v(15), place);
    }
    for (int i = 0; i < vectors; i++) {
      asm.op(type.store, length(), Mem.at(TO, i * length().bytes()), v(i));
    }
    asm.add(FROM, K_STRIDE);
    asm.add(TO, panelRowBytes());
    asm.sub(COUNT, 1);
    asm.jcc(Condition.GREATER, loop);
  }

  /**
   * Blocks of lanes by lanes. Lane L of 128 bits gathers, by loads, four k of column 4L + q for
   * each q; unpacking within lanes does the rest.
   */
  private void transpose(Assembler asm) {
    asm.lea(COLUMN_STRIDE_3, Mem.at(COLUMN_STRIDE, COLUMN_STRIDE, 2));
    Label loop = asm.here();
    asm.mov(COLUMNS[0], FROM);
    for (int vector = 0; vector < vectors; vector++) {
      for (int i = 1; i < lanes() / 4; i++) {
        asm.lea(COLUMNS[i], Mem.at(COLUMNS[i - 1], COLUMN_STRIDE, 4));
      }
      int present = vector + 1 < vectors ? lanes() : lastLanes;
      for (int k = 0; k < lanes(); k += 4) {
        int first = 8 * (k / 4 % 2);
        for (int q = 0; q < 4; q++) {
          loadColumns(asm, v(first + q), q, present, k * type.bytes());
        }
        unpack(asm, first);
        for (int i = 0; i < 4; i++) {
          int row = (k + i) * panelRowBytes() + vector * length().bytes();
          asm.op(type.store, length(), Mem.at(TO, row), v(first + i));
        }
      }
      asm.lea(COLUMNS[0], Mem.at(COLUMNS[lanes() / 4 - 1], COLUMN_STRIDE, 4));
    }
    asm.add(FROM, length().bytes());
    asm.add(TO, lanes() * panelRowBytes());
    asm.sub(COUNT, lanes());
    asm.jcc(Condition.GREATER, loop);
  }

  /** Columns q, 4 + q, 8 + q, 12 + q, as far as there are so many. */
  private void loadColumns(Assembler asm, Vec destination, int q, int present, int offset) {
    if (q >= present) {
      asm.zero(destination);
      return;
    }
    asm.op(type.load, VectorLength.V128, destination, column(COLUMNS[0], q).plus(offset));
    Row insert = level == IsaLevel.AVX512 ? Row.VINSERTF32X4 : Row.VINSERTF128;
    for (int lane = 1; 4 * lane + q < present; lane++) {
      Mem place = column(COLUMNS[lane], q).plus(offset);
      asm.op(insert, length(), destination, destination, place, lane);
    }
  }

  /** Four registers from {@code first} on: in each lane, rows become columns. */
  private void unpack(Assembler asm, int first) {
    for (int i = 0; i < 4; i += 2) {
      asm.op(Row.VUNPCKLPS, length(), v(first + 4 + i), v(first + i), v(first + i + 1));
      asm.op(Row.VUNPCKHPS, length(), v(first + 5 + i), v(first + i), v(first + i + 1));
    }
    for (int i = 0; i < 2; i++) {
      asm.op(Row.VUNPCKLPD, length(), v(first + 2 * i), v(first + 4 + i), v(first + 6 + i));
      asm.op(Row.VUNPCKHPD, length(), v(first + 2 * i + 1), v(first + 4 + i), v(first + 6 + i));
    }
  }

  private static Mem column(Gpr base, int times) {
    return switch (times) {
      case 0 -> Mem.at(base);
      case 1 -> Mem.at(base, COLUMN_STRIDE, 1);
      case 2 -> Mem.at(base, COLUMN_STRIDE, 2);
      default -> Mem.at(base, COLUMN_STRIDE_3, 1);
    };
  }

  private void gather(Assembler asm) {
    Width width = type.bytes() == 4 ? Width.B32 : Width.B64;
    Label row = asm.here();
    asm.mov(R8, FROM);
    asm.mov(R9, TO);
    asm.mov(R10, (long) (vectors - 1) * lanes() + lastLanes);
    asm.lea(R11, Mem.at(TO, panelRowBytes()));
    Label element = asm.here();
    asm.movzx(R12, width, Mem.at(R8));
    asm.store(width, Mem.at(R9), R12);
    asm.add(R8, COLUMN_STRIDE);
    asm.add(R9, type.bytes());
    asm.sub(R10, 1);
    asm.jcc(Condition.GREATER, element);
    Label padded = asm.newLabel();
    Label padding = asm.here();
    asm.cmp(R9, R11);
    asm.jcc(Condition.ABOVE_EQUAL, padded);
    asm.store(width, Mem.at(R9), 0);
    asm.add(R9, type.bytes());
    asm.jmp(padding);
    asm.bind(padded);
    asm.add(FROM, K_STRIDE);
    asm.mov(TO, R11);
    asm.sub(COUNT, 1);
    asm.jcc(Condition.GREATER, row);
  }
}
