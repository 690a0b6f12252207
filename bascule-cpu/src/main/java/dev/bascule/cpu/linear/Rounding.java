package dev.bascule.cpu.linear;

import static dev.bascule.cpu.asm.Row.*;
import static dev.bascule.cpu.asm.Vec.v;
import static dev.bascule.cpu.asm.VectorLength.V128;
import static dev.bascule.cpu.asm.VectorLength.V256;

import dev.bascule.cpu.asm.AbiFrame;
import dev.bascule.cpu.asm.Assembler;
import dev.bascule.cpu.asm.Condition;
import dev.bascule.cpu.asm.Constant;
import dev.bascule.cpu.asm.Gpr;
import dev.bascule.cpu.asm.IsaLevel;
import dev.bascule.cpu.asm.Label;
import dev.bascule.cpu.asm.Mem;
import dev.bascule.cpu.asm.Row;
import dev.bascule.cpu.asm.Vec;

/**
 * Emits the rounding of activations to 8 bits: rows of f32 become {@link ActivationRow}s. A block
 * with an element that is not finite gets a scale that is not a number, which makes its token's
 * results what they must be, whatever the numbers are.
 */
final class Rounding {
  /** The argument block: 8 bytes each. */
  enum Argument {
    /** Address of the first row of f32. */
    FROM,
    FROM_STRIDE,
    /** Address of the first {@link ActivationRow}. */
    TO,
    TO_STRIDE,
    /** Blocks in a row. */
    BLOCKS;

    Mem place() {
      return Mem.at(Gpr.RDI, offset());
    }

    int offset() {
      return 8 * ordinal();
    }
  }

  private static final Gpr FROM = Gpr.R8;
  private static final Gpr TO = Gpr.R9;
  private static final Gpr COUNT = Gpr.RAX;
  private static final Gpr FROM_ROW = Gpr.R10;
  private static final Gpr TO_ROW = Gpr.R11;
  private static final Gpr ROWS = Gpr.RDX;
  private static final Vec LEVELS = v(15);
  private static final Vec LESS_LEVELS = v(14);
  private static final Vec MAGNITUDE = v(13);
  private static final Vec ORDER = v(12);
  private static final int IS_NUMBER = 7;
  private static final int VECTORS = 4;

  private final Assembler asm = new Assembler(IsaLevel.AVX2);

  private Rounding() {}

  static byte[] emit() {
    return new Rounding().rows();
  }

  private byte[] rows() {
    AbiFrame frame = AbiFrame.saving();
    frame.enter(asm);
    constants();
    asm.sub(ROWS, Gpr.RSI);
    start(FROM_ROW, Argument.FROM, Argument.FROM_STRIDE);
    start(TO_ROW, Argument.TO, Argument.TO_STRIDE);
    Label row = asm.here();
    asm.mov(FROM, FROM_ROW);
    asm.mov(TO, TO_ROW);
    asm.mov(COUNT, Argument.BLOCKS.place());
    asm.align(32);
    Label block = asm.here();
    block();
    asm.add(FROM, VECTORS * V256.bytes());
    asm.add(TO, ActivationRow.RECORD_BYTES);
    asm.sub(COUNT, 1);
    asm.jcc(Condition.GREATER, block);
    asm.add(FROM_ROW, Argument.FROM_STRIDE.place());
    asm.add(TO_ROW, Argument.TO_STRIDE.place());
    asm.sub(ROWS, 1);
    asm.jcc(Condition.GREATER, row);
    frame.leave(asm);
    return asm.finish();
  }

  private void start(Gpr row, Argument base, Argument stride) {
    asm.mov(row, stride.place());
    asm.imul(row, Gpr.RSI);
    asm.add(row, base.place());
  }

  private void constants() {
    asm.op(VBROADCASTSS, V256, LEVELS, asm.constant(127f));
    asm.op(VBROADCASTSS, V256, LESS_LEVELS, asm.constant(-127f));
    asm.op(VPBROADCASTD, V256, MAGNITUDE, asm.constant32(0x7FFF_FFFF));
    asm.op(VMOVDQU, V256, ORDER, asm.constants32(0, 4, 1, 5, 2, 6, 3, 7));
  }

  private void block() {
    for (int i = 0; i < VECTORS; i++) {
      asm.op(VMOVUPS, V256, v(i), Mem.at(FROM, i * V256.bytes()));
      asm.op(VPAND, V256, v(4 + i), v(i), MAGNITUDE);
    }
    largest();
    Vec scale = v(8);
    Vec inverse = v(9);
    Constant zero = asm.constant(0f);
    asm.op(VDIVSS, V128, scale, v(4), LEVELS);
    asm.op(VMULSS, V128, v(5), v(4), zero); // not a number, unless the block is finite
    asm.op(VADDSS, V128, scale, scale, v(5));
    asm.op(VDIVSS, V128, inverse, LEVELS, v(4));
    asm.op(VBROADCASTSS, V256, inverse, inverse);
    for (int i = 0; i < VECTORS; i++) {
      round(v(i), inverse);
    }
    store();
    sums(scale);
  }

  /** The largest magnitude, to lane 0 of v4: as integers, among which NaN is the greatest. */
  private void largest() {
    asm.op(VPMAXSD, V256, v(4), v(4), v(5));
    asm.op(VPMAXSD, V256, v(6), v(6), v(7));
    asm.op(VPMAXSD, V256, v(4), v(4), v(6));
    asm.op(VEXTRACTI128, V256, v(5), v(4), 1);
    asm.op(VPMAXSD, V128, v(4), v(4), v(5));
    asm.op(VPSHUFD, V128, v(5), v(4), 0x4E);
    asm.op(VPMAXSD, V128, v(4), v(4), v(5));
    asm.op(VPSHUFD, V128, v(5), v(4), 0xB1);
    asm.op(VPMAXSD, V128, v(4), v(4), v(5));
  }

  /** 0 times an inverse that is infinite counts as 0. */
  private void round(Vec x, Vec inverse) {
    asm.op(VMULPS, V256, x, x, inverse);
    asm.op(VCMPPS, V256, v(4), x, x, IS_NUMBER);
    asm.op(VANDPS, V256, x, x, v(4));
    asm.op(VMINPS, V256, x, x, LEVELS);
    asm.op(VMAXPS, V256, x, x, LESS_LEVELS);
    asm.op(VCVTPS2DQ, V256, x, x);
  }

  private void store() {
    asm.op(VPACKSSDW, V256, v(4), v(0), v(1));
    asm.op(VPACKSSDW, V256, v(5), v(2), v(3));
    asm.op(VPACKSSWB, V256, v(4), v(4), v(5));
    asm.op(VPERMD, V256, v(4), ORDER, v(4));
    asm.op(VMOVDQU_STORE, V256, Mem.at(TO), v(4));
  }

  /** With a and b the sums of the halves and c of both: scale, -8c, -128c, -32a; c, a, b, -32b. */
  private void sums(Vec scale) {
    asm.op(VPADDD, V256, v(0), v(0), v(1));
    asm.op(VPADDD, V256, v(2), v(2), v(3));
    asm.op(VPUNPCKLDQ, V256, v(1), v(0), v(2));
    asm.op(VPUNPCKHDQ, V256, v(3), v(0), v(2));
    asm.op(VPADDD, V256, v(0), v(1), v(3));
    asm.op(VEXTRACTI128, V256, v(1), v(0), 1);
    asm.op(VPADDD, V128, v(0), v(0), v(1));
    asm.op(VPSHUFD, V128, v(1), v(0), 0x4E);
    asm.op(VPADDD, V128, v(0), v(0), v(1)); // a b a b
    asm.op(VPSHUFD, V128, v(1), v(0), 0xB1);
    asm.op(VPADDD, V128, v(1), v(0), v(1)); // c
    asm.zero(v(2));
    asm.op(VPSUBD, V128, v(3), v(2), v(0));
    asm.op(VPSUBD, V128, v(2), v(2), v(1));
    asm.op(VPSLLD, V128, v(3), v(3), 5);
    asm.op(VPSLLD, V128, v(4), v(2), 3);
    asm.op(VPSLLD, V128, v(5), v(2), 7);
    asm.op(VPSHUFD, V128, v(6), v(3), 0);
    blend(v(6), scale, 1);
    blend(v(6), v(4), 1 << 1);
    blend(v(6), v(5), 1 << 2);
    asm.op(VMOVDQU_STORE, V128, Mem.at(TO, ActivationRow.SCALE_AT), v(6));
    asm.op(VPSHUFD, V128, v(0), v(0), 0x10);
    blend(v(0), v(1), 1);
    asm.op(VCVTDQ2PS, V128, v(0), v(0));
    blend(v(0), v(3), 1 << 3);
    asm.op(VMOVDQU_STORE, V128, Mem.at(TO, ActivationRow.SUMS_AT), v(0));
  }

  private void blend(Vec target, Vec other, int lanes) {
    asm.op(Row.VPBLENDD, V128, target, target, other, lanes);
  }
}
