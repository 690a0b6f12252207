package dev.bascule.cpu.cache;

import static dev.bascule.cpu.asm.Vec.v;

import dev.bascule.cpu.asm.Assembler;
import dev.bascule.cpu.asm.Gpr;
import dev.bascule.cpu.asm.IsaLevel;
import dev.bascule.cpu.asm.Mem;
import dev.bascule.cpu.asm.Row;
import dev.bascule.cpu.asm.Vec;
import dev.bascule.cpu.asm.VectorLength;

/**
 * Emits what turns rows of a cache into columns of f32: one vector for each element, with a row in
 * each lane. Lane L of 128 bits gathers, by loads, 16 bytes of row 4L + q for each q; unpacking
 * within lanes does most of the rest.
 */
final class KeyColumns {
  /** The first so many registers are this one's. */
  static final int REGISTERS = 8;

  /** A byte that lies in the top eight of 32 bits is too large by the inverse of this. */
  private static final float TOP_BYTE = 0x1p-24f;

  /**
   * Where rows are.
   *
   * @param every each fourth row
   * @param stride bytes from a row to the next
   * @param stride3 three times as many
   */
  record Rows(Gpr[] every, Gpr stride, Gpr stride3) {
    private Mem at(int row, int offset) {
      Gpr base = every[row / 4];
      return switch (row % 4) {
        case 0 -> Mem.at(base, offset);
        case 1 -> Mem.at(base, stride, 1, offset);
        case 2 -> Mem.at(base, stride, 2, offset);
        default -> Mem.at(base, stride3, 1, offset);
      };
    }
  }

  /** Takes the vectors of a piece, in ascending order. */
  interface Column {
    void take(int number, Vec keys);
  }

  private final Assembler asm;
  private final IsaLevel level;
  private final CacheFormat format;
  private final Rows rows;
  private final VectorLength length;
  private final int lanes;
  private final Vec constant;
  private final Vec scale;
  private final Vec topByte;

  KeyColumns(Assembler asm, IsaLevel level, CacheFormat format, Rows rows) {
    this.asm = asm;
    this.level = level;
    this.format = format;
    this.rows = rows;
    this.length = CacheLayout.length(level);
    this.lanes = CacheLayout.keyStep(level);
    // beyond the sums and the query
    int free = REGISTERS + CacheLayout.headsMax(level) + 1;
    this.constant = v(free);
    this.scale = v(free + 1);
    this.topByte = v(free + 2);
  }

  /** Loads what stays in registers. */
  void prepare() {
    switch (format) {
      case F32 -> {}
      case F16 -> {
        if (level == IsaLevel.AVX512) {
          int[] evenThenOdd = {0, 0, 2, 0, 4, 0, 6, 0, 1, 0, 3, 0, 5, 0, 7, 0};
          asm.op(Row.VMOVUPS, length, constant, asm.constants32(evenThenOdd));
        }
      }
      case BF16 -> asm.zero(constant);
      case Q8_0 -> {
        asm.zero(constant);
        asm.op(Row.VBROADCASTSS, length, topByte, asm.constant(TOP_BYTE));
      }
    }
  }

  /**
   * Loads the scales of the next block of all rows.
   *
   * @param at the first row's scale; moved to the next block's
   * @param walk free to use
   * @param stride bytes from a row's scales to the next's
   */
  void scales(Gpr at, Gpr walk, Mem stride) {
    asm.mov(walk, at);
    for (int half = 0; half < lanes / 8; half++) {
      for (int row = 0; row < 8; row++) {
        asm.op(Row.VPINSRW, VectorLength.V128, v(half), v(half), Mem.at(walk), row);
        asm.add(walk, stride);
      }
    }
    if (lanes == 16) {
      asm.op(Row.VINSERTI128, VectorLength.V256, v(0), v(0), v(1), 1);
    }
    asm.op(Row.VCVTPH2PS, length, scale, v(0));
    asm.op(Row.VMULPS, length, scale, scale, topByte);
    asm.add(at, 2);
  }

  /** Gives the elements that lie in the 16 bytes at {@code offset} of each row. */
  void turn(int offset, Column column) {
    for (int q = 0; q < 4; q++) {
      asm.op(Row.VMOVUPS, VectorLength.V128, v(q), rows.at(q, offset));
      for (int lane = 1; lane < lanes / 4; lane++) {
        Row insert = level == IsaLevel.AVX512 ? Row.VINSERTI32X4 : Row.VINSERTI128;
        asm.op(insert, length, v(q), v(q), rows.at(4 * lane + q, offset), lane);
      }
    }
    switch (format) {
      case F32 -> words(column);
      case F16, BF16 -> halves(column);
      case Q8_0 -> bytes(column);
    }
  }

  private void interleave(Row low, Row high) {
    for (int i = 0; i < 4; i += 2) {
      asm.op(low, length, v(4 + i), v(i), v(i + 1));
      asm.op(high, length, v(5 + i), v(i), v(i + 1));
    }
  }

  /** Then the pairs (4, 6) and (5, 7), to the first four registers. */
  private void interleaveAgain(Row low, Row high) {
    for (int i = 0; i < 2; i++) {
      asm.op(low, length, v(2 * i), v(4 + i), v(6 + i));
      asm.op(high, length, v(2 * i + 1), v(4 + i), v(6 + i));
    }
  }

  private void words(Column column) {
    interleave(Row.VUNPCKLPS, Row.VUNPCKHPS);
    interleaveAgain(Row.VUNPCKLPD, Row.VUNPCKHPD);
    for (int i = 0; i < 4; i++) {
      column.take(i, v(i));
    }
  }

  private void halves(Column column) {
    interleave(Row.VPUNPCKLWD, Row.VPUNPCKHWD);
    interleaveAgain(Row.VPUNPCKLDQ, Row.VPUNPCKHDQ);
    for (int i = 0; i < 4; i++) {
      // two elements of four rows in each lane
      if (format == CacheFormat.BF16) {
        asm.op(Row.VPUNPCKLWD, length, v(4), constant, v(i));
        asm.op(Row.VPUNPCKHWD, length, v(5), constant, v(i));
      } else {
        gatherHalves(v(i));
      }
      column.take(2 * i, v(4));
      column.take(2 * i + 1, v(5));
    }
  }

  /** Two elements of all rows to f32, in registers 4 and 5. */
  private void gatherHalves(Vec two) {
    if (level == IsaLevel.AVX512) {
      asm.op(Row.VPERMQ, length, two, constant, two);
      asm.op(Row.VCVTPH2PS, length, v(4), two);
      asm.op(Row.VEXTRACTI64X4, length, v(5), two, 1);
    } else {
      asm.op(Row.VPERMQ_IMM, length, two, two, 0b11_01_10_00);
      asm.op(Row.VCVTPH2PS, length, v(4), two);
      asm.op(Row.VEXTRACTI128, length, v(5), two, 1);
    }
    asm.op(Row.VCVTPH2PS, length, v(5), v(5));
  }

  private void bytes(Column column) {
    interleave(Row.VPUNPCKLBW, Row.VPUNPCKHBW);
    interleaveAgain(Row.VPUNPCKLWD, Row.VPUNPCKHWD);
    for (int i = 0; i < 4; i++) {
      // four elements of four rows in each lane
      asm.op(Row.VPUNPCKLBW, length, v(6), constant, v(i));
      asm.op(Row.VPUNPCKHBW, length, v(7), constant, v(i));
      for (int pair = 0; pair < 2; pair++) {
        asm.op(Row.VPUNPCKLWD, length, v(4), constant, v(6 + pair));
        asm.op(Row.VPUNPCKHWD, length, v(5), constant, v(6 + pair));
        for (int k = 0; k < 2; k++) {
          asm.op(Row.VCVTDQ2PS, length, v(4 + k), v(4 + k));
          asm.op(Row.VMULPS, length, v(4 + k), v(4 + k), scale);
          column.take(4 * i + 2 * pair + k, v(4 + k));
        }
      }
    }
  }
}
