package dev.bascule.cpu.linear;

import static dev.bascule.cpu.asm.Row.*;

import dev.bascule.cpu.asm.Assembler;
import dev.bascule.cpu.asm.Constant;
import dev.bascule.cpu.asm.IsaLevel;
import dev.bascule.cpu.asm.Mem;
import dev.bascule.cpu.asm.Row;
import dev.bascule.cpu.asm.Vec;
import dev.bascule.cpu.asm.VectorLength;

/** Emits the loading of a group's scales, and offsets, of all rows of a tile as f32. */
final class ScaleCode {
  private static final int SIX_BITS = 0x3F;
  private static final int LOW_BITS = 0x0F;
  private static final int HIGH_BITS = 0x30;

  private final BlockFormat format;
  private final Assembler asm;
  private final KernelRegisters registers;
  private final VectorLength length;

  ScaleCode(BlockFormat format, Assembler asm, KernelRegisters registers) {
    this.format = format;
    this.asm = asm;
    this.registers = registers;
    this.length = isAvx512() ? VectorLength.V512 : VectorLength.V256;
  }

  private boolean isAvx512() {
    return format.level() == IsaLevel.AVX512;
  }

  /** Minima are offsets to be taken away: {@code load} leaves them positive. */
  Row offsetFma() {
    return format.scaling() == BlockFormat.Scaling.SIX_BIT ? VFNMADD231PS : VFMADD231PS;
  }

  /** The scales of a block's group to {@code scale}, the offsets to {@code offset}. */
  void load(int block, int group) {
    boolean hasOffsets = format.type().hasOffsets();
    switch (format.scaling()) {
      case F16 -> {
        asm.op(VCVTPH2PS, length, registers.scale, header(Short.BYTES, block));
        if (hasOffsets) {
          asm.op(
              VCVTPH2PS,
              length,
              registers.offset,
              header(Short.BYTES, format.unitBlocks() + block));
        }
      }
      case F32 -> {
        asm.op(VMOVUPS, length, registers.scale, header(Float.BYTES, group));
        if (hasOffsets) {
          asm.op(VMOVUPS, length, registers.offset, header(Float.BYTES, format.groups() + group));
        }
      }
      case SIX_BIT -> {
        sixBits(registers.scale, block, 0, header(Short.BYTES, 0));
        sixBits(registers.offset, block, SixBitScales.MINIMA_AT, header(Short.BYTES, 1));
      }
      case EIGHT_BIT -> {
        int index = Short.BYTES + block * format.groups() + group;
        asm.op(VPMOVSXBD, length, registers.scale, header(1, index));
        times(registers.scale, header(Short.BYTES, 0));
      }
    }
  }

  /** The {@code index}-th run of {@code bytes} for each row. */
  private Mem header(int bytes, int index) {
    return Mem.at(TileFrame.WEIGHTS, bytes * format.lanes() * index);
  }

  /** A byte of the twelve. */
  private Mem sixBitByte(int index) {
    return header(1, 2 * Short.BYTES + index);
  }

  /**
   * @param at of the bytes that hold these values whole: scales or minima
   * @param d what multiplies them
   */
  private void sixBits(Vec to, int block, int at, Mem d) {
    if (block < SixBitScales.WHOLE) {
      asm.op(VPMOVZXBD, length, to, sixBitByte(at + block));
      and(to, SIX_BITS);
    } else {
      int rest = block - SixBitScales.WHOLE;
      asm.op(VPMOVZXBD, length, registers.first, sixBitByte(at + rest));
      asm.op(VPSRLD, length, registers.first, registers.first, 2);
      and(registers.first, HIGH_BITS);
      asm.op(VPMOVZXBD, length, to, sixBitByte(SixBitScales.LOW_AT + rest));
      if (at == SixBitScales.MINIMA_AT) {
        asm.op(VPSRLD, length, to, to, 4);
      } else {
        and(to, LOW_BITS);
      }
      asm.op(isAvx512() ? VPORD : VPOR, length, to, to, registers.first);
    }
    times(to, d);
  }

  private void and(Vec vector, int mask) {
    if (isAvx512()) {
      asm.op(VPANDD, length, vector, vector, asm.constant32(mask).toAllLanes());
    } else {
      Constant everywhere = asm.constants32(mask, mask, mask, mask, mask, mask, mask, mask);
      asm.op(VPAND, length, vector, vector, everywhere);
    }
  }

  /** Whole numbers to f32, times f16: exact, as both are short. */
  private void times(Vec numbers, Mem d) {
    asm.op(VCVTDQ2PS, length, numbers, numbers);
    asm.op(VCVTPH2PS, length, registers.first, d);
    asm.op(VMULPS, length, numbers, numbers, registers.first);
  }
}
