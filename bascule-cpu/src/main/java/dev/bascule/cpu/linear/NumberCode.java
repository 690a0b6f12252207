package dev.bascule.cpu.linear;

import static dev.bascule.cpu.asm.Row.*;

import dev.bascule.cpu.asm.Assembler;
import dev.bascule.cpu.asm.Constant;
import dev.bascule.cpu.asm.IsaLevel;
import dev.bascule.cpu.asm.Mem;
import dev.bascule.cpu.asm.Prefetch;
import dev.bascule.cpu.asm.Vec;
import dev.bascule.cpu.asm.VectorLength;

/** Emits the unpacking of numbers to bytes, two vectors at a time. */
final class NumberCode {
  /** {@code a | b & c} in vpternlog. */
  private static final int OR_AND = 0xF8;

  private static final int NIBBLES = 0x0F0F_0F0F;
  private static final int NIBBLE_BITS = 4;

  /**
   * How far ahead of itself the kernel asks for numbers, first into the second-level cache, then
   * from there: what was fastest on two threads.
   */
  private static final int FAR_AHEAD_BYTES = 4096;

  private static final int NEAR_AHEAD_BYTES = 2048;

  private final BlockFormat format;
  private final Assembler asm;
  private final KernelRegisters registers;
  private final VectorLength length;

  NumberCode(BlockFormat format, Assembler asm, KernelRegisters registers) {
    this.format = format;
    this.asm = asm;
    this.registers = registers;
    this.length = isAvx512() ? VectorLength.V512 : VectorLength.V256;
  }

  private boolean isAvx512() {
    return format.level() == IsaLevel.AVX512;
  }

  void prepare() {
    if (isAvx512() && format.bits() < Byte.SIZE) {
      asm.op(VPBROADCASTD, length, registers.constant, asm.constant32(NIBBLES));
    }
  }

  /**
   * Vectors {@code i} and {@code i + 1} to {@code low} and {@code high}.
   *
   * @param at where the block's numbers begin
   * @param i even
   */
  void load(int at, int i) {
    if (format.bits() == Byte.SIZE) {
      move(registers.low, at + i * length.bytes());
      move(registers.high, at + (i + 1) * length.bytes());
      return;
    }
    move(registers.low, at + i / 2 * length.bytes());
    asm.op(VPSRLW, length, registers.high, registers.low, NIBBLE_BITS);
    mask(registers.low);
    mask(registers.high);
    if (format.planes() > 0) {
      planes(at + BlockFormat.VECTORS / 2 * length.bytes(), i);
    }
  }

  private void move(Vec to, int at) {
    prefetch(at);
    asm.op(isAvx512() ? VMOVDQU32 : VMOVDQU, length, to, Mem.at(TileFrame.WEIGHTS, at));
  }

  /** Asks for what is at {@code at} in units to come. */
  void prefetch(int at) {
    asm.prefetch(Prefetch.L2, Mem.at(TileFrame.WEIGHTS, at + FAR_AHEAD_BYTES));
    asm.prefetch(Prefetch.L1, Mem.at(TileFrame.WEIGHTS, at + NEAR_AHEAD_BYTES));
  }

  private void mask(Vec vector) {
    if (isAvx512()) {
      asm.op(VPANDD, length, vector, vector, registers.constant);
    } else {
      asm.op(VPAND, length, vector, vector, everywhere(NIBBLES));
    }
  }

  private Constant everywhere(int word) {
    return asm.constants32(word, word, word, word, word, word, word, word);
  }

  private void planes(int at, int i) {
    int perPlane = Byte.SIZE / format.planes();
    int group = BlockFormat.VECTORS / format.groups();
    if (i % Math.min(perPlane, group) == 0) {
      move(registers.plane, at + i / perPlane * length.bytes());
    }
    addBits(registers.low, i % perPlane);
    addBits(registers.high, i % perPlane + 1);
  }

  /** Bits from {@code planes * index} on of each byte go above the nibble. */
  private void addBits(Vec vector, int index) {
    int left = NIBBLE_BITS - format.planes() * index;
    Vec bits = registers.first;
    if (left > 0) {
      asm.op(VPSLLW, length, bits, registers.plane, left);
    } else if (left < 0) {
      asm.op(VPSRLW, length, bits, registers.plane, -left);
    } else {
      bits = registers.plane;
    }
    int mask = (format.planes() == 1 ? 0x10 : 0x30) * 0x0101_0101;
    if (isAvx512()) {
      asm.op(VPTERNLOGD, length, vector, bits, asm.constant32(mask).toAllLanes(), OR_AND);
    } else {
      asm.op(VPAND, length, registers.first, bits, everywhere(mask));
      asm.op(VPOR, length, vector, vector, registers.first);
    }
  }
}
