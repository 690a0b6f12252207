package dev.bascule.cpu.emit;

import static dev.bascule.cpu.asm.Gpr.*;
import static dev.bascule.cpu.asm.Row.*;
import static dev.bascule.cpu.asm.Vec.v;
import static dev.bascule.cpu.asm.VectorLength.V128;
import static dev.bascule.cpu.asm.VectorLength.V256;
import static dev.bascule.cpu.asm.VectorLength.V512;

import dev.bascule.cpu.asm.Assembler;
import dev.bascule.cpu.asm.Condition;
import dev.bascule.cpu.asm.Gpr;
import dev.bascule.cpu.asm.IsaLevel;
import dev.bascule.cpu.asm.Label;
import dev.bascule.cpu.asm.Mask;
import dev.bascule.cpu.asm.MaskOp;
import dev.bascule.cpu.asm.Mem;
import dev.bascule.cpu.asm.Operand;
import dev.bascule.cpu.asm.Row;
import dev.bascule.cpu.asm.Vec;
import dev.bascule.cpu.asm.Width;

/**
 * The kernels of {@link KernelShelf} written by hand for AVX-512, as a yardstick for the emitter:
 * the same bits, the shape built in, columns a multiple of 32, one call for rows low to high.
 *
 * <p>Arguments: rdi points to the operands' addresses in the kernel's order; rsi and rdx are the
 * first row and the row after the last. The code steps through rows with pointers, keeps all
 * constants in registers and results in the output itself.
 */
final class HandKernels {
  private final Assembler asm = new Assembler(IsaLevel.AVX512);
  private final int columns;

  private HandKernels(int columns) {
    if (columns % 32 != 0) {
      throw new IllegalArgumentException("columns " + columns + ": expected a multiple of 32");
    }
    this.columns = columns;
  }

  static byte[] softmax(int columns) {
    HandKernels hand = new HandKernels(columns);
    hand.softmax();
    return hand.asm.finish();
  }

  static byte[] rmsNorm(int columns) {
    HandKernels hand = new HandKernels(columns);
    hand.rmsNorm();
    return hand.asm.finish();
  }

  /** RMS norm whose sum of squares has the order that suits: what the exact order costs. */
  static byte[] rmsNormInFreeOrder(int columns) {
    HandKernels hand = new HandKernels(columns);
    hand.rmsNormInFreeOrder();
    return hand.asm.finish();
  }

  static byte[] layerNorm(int columns) {
    HandKernels hand = new HandKernels(columns);
    hand.layerNorm();
    return hand.asm.finish();
  }

  static byte[] gelu(int columns) {
    HandKernels hand = new HandKernels(columns);
    hand.gelu();
    return hand.asm.finish();
  }

  static byte[] residual(int columns) {
    HandKernels hand = new HandKernels(columns);
    hand.residual();
    return hand.asm.finish();
  }

  /** Rows are the matrix' height here; low and high are blocks of 256 columns. */
  static byte[] columnSum(int rows, int columns) {
    HandKernels hand = new HandKernels(columns);
    hand.columnSum(rows);
    return hand.asm.finish();
  }

  // ---- pieces that the kernels share

  private void op(Row row, Vec to, Operand a) {
    asm.op(row, V512, to, a);
  }

  private void op(Row row, Vec to, Vec a, Operand b) {
    asm.op(row, V512, to, a, b);
  }

  private void constant(int register, float value) {
    asm.op(VBROADCASTSS, V512, v(register), asm.constant(value));
  }

  /** r8, r9 ... = the operands' addresses at row rsi (the first {@code moving} move with rows). */
  private void enter(int operands, int... still) {
    Gpr[] pointers = {R8, R9, R10, R11};
    asm.sub(RDX, RSI);
    asm.imul(RAX, RSI, columns * 4);
    for (int i = 0; i < operands; i++) {
      asm.mov(pointers[i], Mem.at(RDI, 8 * i));
      boolean moves = true;
      for (int s : still) {
        moves &= s != i;
      }
      if (moves) {
        asm.add(pointers[i], RAX);
      }
    }
  }

  private void nextRow(Label row, Gpr... moving) {
    for (Gpr pointer : moving) {
      asm.add(pointer, columns * 4);
    }
    asm.sub(RDX, 1);
    asm.jcc(Condition.NOT_EQUAL, row);
    asm.vzeroupper();
    asm.ret();
  }

  private Label loop() {
    asm.zero(RCX);
    asm.align(32);
    return asm.here();
  }

  private void end(Label loop, int step) {
    asm.add(RCX, step);
    asm.cmp(RCX, columns);
    asm.jcc(Condition.BELOW, loop);
  }

  private static Mem at(Gpr base, int piece) {
    return Mem.at(base, RCX, 4, piece * 64);
  }

  /** All lanes of {@code a} and {@code b} folded in the reduction's order, into all lanes of a. */
  private void fold(Row row, int a, int b, int temp) {
    op(row, v(a), v(a), v(b));
    asm.op(VEXTRACTF64X4, V512, v(temp), v(a), 1);
    asm.op(row, V256, v(a), v(a), v(temp));
    asm.op(VEXTRACTF32X4, V256, v(temp), v(a), 1);
    asm.op(row, V128, v(a), v(a), v(temp));
    asm.op(VPSHUFD, V128, v(temp), v(a), 0xEE);
    asm.op(row, V128, v(a), v(a), v(temp));
    asm.op(VPSHUFD, V128, v(temp), v(a), 0x55);
    asm.op(row, V128, v(a), v(a), v(temp));
  }

  // ---- the kernels

  private static final float[] EXP = {
    -104f, 90f, 12583166f, 0x1.715476p0f, -0x1.62e430p-1f, 0x1.05c610p-29f,
    0x1.6ab6bap-10f, 0x1.123d5cp-7f, 0x1.55585ap-5f, 0x1.55548cp-3f, 0x1.fffffcp-2f, 1f
  };

  /** Constants of {@link #exp} in registers 31 down. */
  private void expConstants() {
    for (int i = 0; i < EXP.length; i++) {
      constant(31 - i, EXP[i]);
    }
  }

  /** x = e^x; a and b are free. */
  private void exp(int x, int a, int b) {
    op(VMINPS, v(x), v(30), v(x));
    op(VMAXPS, v(x), v(31), v(x));
    op(VMOVAPS, v(a), v(x));
    op(VFMADD213PS, v(a), v(28), v(29));
    op(VSUBPS, v(b), v(a), v(29));
    op(VFMADD231PS, v(x), v(b), v(27));
    op(VFMADD231PS, v(x), v(b), v(26));
    op(VMOVAPS, v(b), v(25));
    for (int c = 24; c >= 21; c--) {
      op(VFMADD213PS, v(b), v(x), v(c));
    }
    op(VFMADD213PS, v(b), v(x), v(20));
    op(VFMADD213PS, v(b), v(x), v(20));
    asm.op(VPSRLD, V512, v(x), v(a), 1);
    op(VPSUBD, v(a), v(a), v(x));
    asm.op(VPSLLD, V512, v(x), v(x), 23);
    op(VMULPS, v(b), v(b), v(x));
    asm.op(VPSLLD, V512, v(a), v(a), 23);
    op(VMULPS, v(x), v(b), v(a));
  }

  private void softmax() {
    enter(2);
    expConstants();
    Label row = asm.here();
    constant(8, Float.NEGATIVE_INFINITY);
    constant(9, Float.NEGATIVE_INFINITY);
    asm.mask(MaskOp.KXOR, Width.B16, Mask.K1, Mask.K1, Mask.K1);
    Label most = loop();
    op(VMOVUPS, v(0), at(R8, 0));
    op(VMOVUPS, v(1), at(R8, 1));
    // One comparison finds a NaN in either.
    asm.op(VCMPPS_MASK, V512, Mask.K2, v(0), v(1), 3);
    op(VMAXPS, v(8), v(8), v(0));
    op(VMAXPS, v(9), v(9), v(1));
    asm.mask(MaskOp.KOR, Width.B16, Mask.K1, Mask.K1, Mask.K2);
    end(most, 32);
    fold(VMAXPS, 8, 9, 0);
    Label numbers = asm.newLabel();
    asm.mask(MaskOp.KORTEST, Width.B16, Mask.K1, Mask.K1);
    asm.jcc(Condition.EQUAL, numbers);
    asm.op(VMOVSS, V128, v(8), asm.constant(Float.NaN));
    asm.bind(numbers);
    op(VBROADCASTSS, v(8), v(8));
    asm.zero(v(9));
    asm.zero(v(10));
    Label exps = loop();
    op(VMOVUPS, v(0), at(R8, 0));
    op(VMOVUPS, v(3), at(R8, 1));
    op(VSUBPS, v(0), v(0), v(8));
    op(VSUBPS, v(3), v(3), v(8));
    exp(0, 1, 2);
    exp(3, 4, 5);
    op(VMOVUPS_STORE, at(R9, 0), v(0));
    op(VMOVUPS_STORE, at(R9, 1), v(3));
    op(VADDPS, v(9), v(9), v(0));
    op(VADDPS, v(10), v(10), v(3));
    end(exps, 32);
    fold(VADDPS, 9, 10, 0);
    op(VBROADCASTSS, v(9), v(9));
    Label quotients = loop();
    for (int piece = 0; piece < 2; piece++) {
      op(VMOVUPS, v(piece), at(R9, piece));
      op(VDIVPS, v(piece), v(piece), v(9));
      op(VMOVUPS_STORE, at(R9, piece), v(piece));
    }
    end(quotients, 32);
    nextRow(row, R8, R9);
  }

  private void op(Row row, Mem to, Vec from) {
    asm.op(row, V512, to, from);
  }

  /** xmm {@code sum} = 1 / sqrt(sum / columns + eps), to all lanes of it. */
  private void inverseRoot(int sum) {
    asm.op(VDIVSS, V128, v(sum), v(sum), asm.constant((float) columns));
    asm.op(VADDSS, V128, v(sum), v(sum), asm.constant(1e-5f));
    asm.op(VSQRTSS, V128, v(sum), v(sum), v(sum));
    asm.op(VMOVSS, V128, v(3), asm.constant(1f));
    asm.op(VDIVSS, V128, v(sum), v(3), v(sum));
    op(VBROADCASTSS, v(sum), v(sum));
  }

  private void rmsNorm() {
    enter(3, 1);
    Label row = asm.here();
    asm.zero(v(8));
    asm.zero(v(9));
    Label squares = loop();
    for (int piece = 0; piece < 2; piece++) {
      op(VMOVUPS, v(piece), at(R8, piece));
      op(VMULPS, v(piece), v(piece), v(piece));
      op(VADDPS, v(8 + piece), v(8 + piece), v(piece));
    }
    end(squares, 32);
    fold(VADDPS, 8, 9, 0);
    scale(row);
  }

  /** Eight sums of fused squares instead of two; columns in multiples of 128. */
  private void rmsNormInFreeOrder() {
    enter(3, 1);
    Label row = asm.here();
    for (int piece = 0; piece < 8; piece++) {
      asm.zero(v(8 + piece));
    }
    Label squares = loop();
    for (int piece = 0; piece < 8; piece++) {
      op(VMOVUPS, v(piece), at(R8, piece));
      op(VFMADD231PS, v(8 + piece), v(piece), v(piece));
    }
    end(squares, 128);
    for (int apart = 4; apart > 1; apart /= 2) {
      for (int piece = 0; piece < apart; piece++) {
        op(VADDPS, v(8 + piece), v(8 + piece), v(8 + piece + apart));
      }
    }
    fold(VADDPS, 8, 9, 0);
    scale(row);
  }

  /** Ends an RMS norm whose sum of squares is in register 8. */
  private void scale(Label row) {
    inverseRoot(8);
    Label scaled = loop();
    for (int piece = 0; piece < 2; piece++) {
      op(VMULPS, v(piece), v(8), at(R8, piece));
      op(VMULPS, v(piece), v(piece), at(R9, piece));
      op(VMOVUPS_STORE, at(R10, piece), v(piece));
    }
    end(scaled, 32);
    nextRow(row, R8, R10);
  }

  private void layerNorm() {
    enter(4, 1, 2);
    Label row = asm.here();
    asm.zero(v(8));
    asm.zero(v(9));
    Label sum = loop();
    op(VADDPS, v(8), v(8), at(R8, 0));
    op(VADDPS, v(9), v(9), at(R8, 1));
    end(sum, 32);
    fold(VADDPS, 8, 9, 0);
    asm.op(VDIVSS, V128, v(8), v(8), asm.constant((float) columns));
    op(VBROADCASTSS, v(10), v(8));
    asm.zero(v(8));
    asm.zero(v(9));
    Label squares = loop();
    for (int piece = 0; piece < 2; piece++) {
      op(VMOVUPS, v(piece), at(R8, piece));
      op(VSUBPS, v(piece), v(piece), v(10));
      op(VMULPS, v(piece), v(piece), v(piece));
      op(VADDPS, v(8 + piece), v(8 + piece), v(piece));
    }
    end(squares, 32);
    fold(VADDPS, 8, 9, 0);
    inverseRoot(8);
    Label scaled = loop();
    for (int piece = 0; piece < 2; piece++) {
      op(VMOVUPS, v(piece), at(R8, piece));
      op(VSUBPS, v(piece), v(piece), v(10));
      op(VMULPS, v(piece), v(piece), v(8));
      op(VMULPS, v(piece), v(piece), at(R9, piece));
      op(VADDPS, v(piece), v(piece), at(R10, piece));
      op(VMOVUPS_STORE, at(R11, piece), v(piece));
    }
    end(scaled, 32);
    nextRow(row, R8, R11);
  }

  private static final float[] ERF_NEAR = {
    0x1.1036a2p-14f,
    -0x1.8bb9aep-11f,
    0x1.5025fcp-8f,
    -0x1.b76648p-6f,
    0x1.ce231ep-4f,
    -0x1.812700p-2f,
    0x1.06eba6p-3f
  };
  private static final float[] ERF_FAR = {
    -0x1.59a924p-17f,
    -0x1.495cd0p-16f,
    0x1.1cb624p-9f,
    -0x1.2b4bc2p-6f,
    0x1.d42e3ap-5f,
    -0x1.34ca0ep-5f,
    -0x1.31817cp-4f,
    -0x1.369b78p-2f,
    0x1.011d42p+0f
  };

  private void gelu() {
    enter(2);
    int next = 31;
    for (float c : ERF_NEAR) {
      constant(next--, c);
    }
    for (float c : ERF_FAR) {
      constant(next--, c);
    }
    float[] others = {0.70710677f, 3.9375f, 1f, 1.15f, 0.5f};
    for (float c : others) {
      constant(next--, c);
    }
    asm.op(VBROADCASTSS, V512, v(10), asm.constant32(Integer.MIN_VALUE));
    Label row = asm.here();
    Label loop = loop();
    op(VMOVUPS, v(0), at(R8, 0));
    op(VMULPS, v(1), v(0), v(15)); // scaled x
    op(VANDNPS, v(2), v(10), v(1)); // its size
    op(VMULPS, v(3), v(1), v(1));
    op(VMOVAPS, v(4), v(31));
    for (int c = 30; c >= 25; c--) {
      op(VFMADD213PS, v(4), v(3), v(c));
    }
    op(VFMADD213PS, v(4), v(1), v(1)); // near
    op(VMINPS, v(5), v(14), v(2));
    op(VMOVAPS, v(6), v(24));
    for (int c = 23; c >= 16; c--) {
      op(VFMADD213PS, v(6), v(5), v(c));
    }
    op(VMULPS, v(6), v(6), v(6));
    asm.op(VCMPPS_MASK, V512, Mask.K1, v(2), v(12), 0x11);
    op(VFNMADD213PS, v(6), v(6), v(13)); // far
    asm.op(VPTERNLOGD, V512, v(6), v(10), v(1), 0x78);
    asm.op(VMOVAPS, V512, v(6), v(4), dev.bascule.cpu.asm.Masking.merge(Mask.K1));
    op(VMULPS, v(0), v(0), v(11));
    op(VADDPS, v(6), v(6), v(13));
    op(VMULPS, v(0), v(0), v(6));
    op(VMOVUPS_STORE, at(R9, 0), v(0));
    end(loop, 16);
    nextRow(row, R8, R9);
  }

  private void residual() {
    enter(4, 2);
    constant(31, 0.7f);
    Label row = asm.here();
    Label loop = loop();
    for (int piece = 0; piece < 2; piece++) {
      op(VMOVUPS, v(piece), at(R8, piece));
      op(VADDPS, v(piece), v(piece), at(R10, piece));
      op(VMULPS, v(piece), v(piece), v(31));
      op(VADDPS, v(piece), v(piece), at(R9, piece));
      op(VMOVUPS_STORE, at(R11, piece), v(piece));
    }
    end(loop, 32);
    nextRow(row, R8, R9, R11);
  }

  /**
   * Lane by lane: 256 columns in 16 registers, rows j, j + 32, ... for lane j, so that memory is
   * only read. The third operand has room for 32 lanes of 256 columns.
   */
  private void columnSum(int rows) {
    int block = 256;
    int pitch = block * 4 + 64;
    int blocks = block / 16;
    asm.sub(RDX, RSI);
    asm.imul(RAX, RSI, block * 4);
    asm.mov(R8, Mem.at(RDI, 0));
    asm.add(R8, RAX);
    asm.mov(R9, Mem.at(RDI, 8));
    asm.add(R9, RAX);
    asm.mov(R10, Mem.at(RDI, 16));
    Label next = asm.here();
    asm.zero(RCX);
    asm.mov(R11, R10);
    Label lane = asm.here();
    for (int q = 0; q < blocks; q++) {
      asm.zero(v(q));
    }
    asm.imul(RAX, RCX, columns * 4);
    asm.add(RAX, R8);
    asm.mov(RSI, RCX);
    asm.align(32);
    Label row = asm.here();
    for (int q = 0; q < blocks; q++) {
      asm.prefetch(dev.bascule.cpu.asm.Prefetch.L2, Mem.at(RAX, 8 * 32 * columns * 4 + 64 * q));
      op(VADDPS, v(q), v(q), Mem.at(RAX, 64 * q));
    }
    asm.add(RAX, 32 * columns * 4);
    asm.add(RSI, 32);
    asm.cmp(RSI, rows);
    asm.jcc(Condition.BELOW, row);
    for (int q = 0; q < blocks; q++) {
      op(VMOVUPS_STORE, Mem.at(R11, 64 * q), v(q));
    }
    asm.add(R11, pitch);
    asm.add(RCX, 1);
    asm.cmp(RCX, 32);
    asm.jcc(Condition.BELOW, lane);
    asm.zero(RCX);
    Label folds = asm.here();
    int result = folded(0, 1, pitch, 0);
    op(VMOVUPS_STORE, Mem.at(R9, RCX, 1), v(result));
    asm.add(RCX, 64);
    asm.cmp(RCX, block * 4);
    asm.jcc(Condition.BELOW, folds);
    asm.add(R8, block * 4);
    asm.add(R9, block * 4);
    asm.sub(RDX, 1);
    asm.jcc(Condition.NOT_EQUAL, next);
    asm.vzeroupper();
    asm.ret();
  }

  /** Lane {@code lane} with all lanes a multiple of {@code step} away folded onto it. */
  private int folded(int lane, int step, int pitch, int register) {
    if (step == 16) {
      op(VMOVUPS, v(register), Mem.at(R10, RCX, 1, lane * pitch));
      op(VADDPS, v(register), v(register), Mem.at(R10, RCX, 1, (lane + 16) * pitch));
    } else {
      folded(lane, 2 * step, pitch, register);
      folded(lane + step, 2 * step, pitch, register + 1);
      op(VADDPS, v(register), v(register), v(register + 1));
    }
    return register;
  }
}
