package dev.bascule.cpu.linear;

import static dev.bascule.cpu.asm.Row.*;

import dev.bascule.cpu.asm.Assembler;
import dev.bascule.cpu.asm.IsaLevel;
import dev.bascule.cpu.asm.Mem;
import dev.bascule.cpu.asm.Vec;
import dev.bascule.cpu.asm.VectorLength;
import dev.bascule.cpu.linear.ActivationRow.LessSum;

/**
 * Emits the integer products of two vectors of numbers, in {@code low} and {@code high}, with the
 * eight bytes of a token that they meet.
 */
sealed interface DotCode {
  static DotCode of(BlockFormat format, Assembler asm, KernelRegisters registers) {
    if (format.level() == IsaLevel.AVX512) {
      return new Vnni(format, asm, registers);
    }
    return format.bits() == Byte.SIZE
        ? new SignedBytes(asm, registers)
        : new ShortSums(format, asm, registers);
  }

  /** Before the first tile. */
  void prepare();

  /**
   * Before a group.
   *
   * @param record of the token's activations
   */
  void start(Vec sum, Mem record, int group);

  /** After numbers were loaded, before the first token. */
  void loaded();

  /** Adds to a token's sum. */
  void add(Vec sum, Mem first, Mem second, boolean isFirst);

  /** After a group: the sum is that of 32-bit integers. */
  void finish(Vec sum, Mem record, int group);

  /** vpdpbusd: four products of unsigned by signed bytes, summed in 32 bits, in one instruction. */
  record Vnni(BlockFormat format, Assembler asm, KernelRegisters registers) implements DotCode {
    private static final VectorLength LENGTH = VectorLength.V512;

    @Override
    public void prepare() {}

    @Override
    public void start(Vec sum, Mem record, int group) {
      if (format.bias() == 0) {
        asm.zero(sum);
        return;
      }
      lessSum(format, asm, sum, record, group);
    }

    @Override
    public void loaded() {}

    @Override
    public void add(Vec sum, Mem first, Mem second, boolean isFirst) {
      asm.op(VPDPBUSD, LENGTH, sum, registers.low, first.toAllLanes());
      asm.op(VPDPBUSD, LENGTH, sum, registers.high, second.toAllLanes());
    }

    @Override
    public void finish(Vec sum, Mem record, int group) {}
  }

  /**
   * vpmaddubsw of numbers below 64: two products fit 16 bits, and of numbers below 16 all of a
   * group's.
   */
  record ShortSums(BlockFormat format, Assembler asm, KernelRegisters registers)
      implements DotCode {
    private static final VectorLength LENGTH = VectorLength.V256;

    private boolean staysShort() {
      return format.bits() == 4;
    }

    @Override
    public void prepare() {
      ones(asm, registers);
    }

    @Override
    public void start(Vec sum, Mem record, int group) {}

    @Override
    public void loaded() {}

    @Override
    public void add(Vec sum, Mem first, Mem second, boolean isFirst) {
      asm.op(VPBROADCASTD, LENGTH, registers.first, first);
      asm.op(VPBROADCASTD, LENGTH, registers.second, second);
      asm.op(VPMADDUBSW, LENGTH, registers.first, registers.low, registers.first);
      asm.op(VPMADDUBSW, LENGTH, registers.second, registers.high, registers.second);
      Vec pair = isFirst ? sum : registers.first;
      asm.op(VPADDW, LENGTH, pair, registers.first, registers.second);
      if (!staysShort()) {
        asm.op(VPMADDWD, LENGTH, pair, pair, registers.constant);
      }
      if (!isFirst) {
        asm.op(staysShort() ? VPADDW : VPADDD, LENGTH, sum, sum, pair);
      }
    }

    @Override
    public void finish(Vec sum, Mem record, int group) {
      if (staysShort()) {
        asm.op(VPMADDWD, LENGTH, sum, sum, registers.constant);
      }
      if (format.bias() > 0) {
        lessSum(format, asm, registers.first, record, group);
        asm.op(VPADDD, LENGTH, sum, sum, registers.first);
      }
    }
  }

  /** vpmaddubsw of magnitudes with activations that took over the sign: at most 2 * 128 * 127. */
  record SignedBytes(Assembler asm, KernelRegisters registers) implements DotCode {
    private static final VectorLength LENGTH = VectorLength.V256;

    @Override
    public void prepare() {
      ones(asm, registers);
    }

    @Override
    public void start(Vec sum, Mem record, int group) {}

    @Override
    public void loaded() {
      asm.op(VPABSB, LENGTH, registers.scale, registers.low);
      asm.op(VPABSB, LENGTH, registers.offset, registers.high);
    }

    @Override
    public void add(Vec sum, Mem first, Mem second, boolean isFirst) {
      products(registers.first, first, registers.low, registers.scale);
      products(registers.second, second, registers.high, registers.offset);
      if (isFirst) {
        asm.op(VPADDD, LENGTH, sum, registers.first, registers.second);
      } else {
        asm.op(VPADDD, LENGTH, registers.first, registers.first, registers.second);
        asm.op(VPADDD, LENGTH, sum, sum, registers.first);
      }
    }

    private void products(Vec to, Mem numbers, Vec weights, Vec magnitudes) {
      asm.op(VPBROADCASTD, LENGTH, to, numbers);
      asm.op(VPSIGNB, LENGTH, to, to, weights);
      asm.op(VPMADDUBSW, LENGTH, to, magnitudes, to);
      asm.op(VPMADDWD, LENGTH, to, to, registers.constant);
    }

    @Override
    public void finish(Vec sum, Mem record, int group) {}
  }

  /** Less the sum of a group's activations times the bias, to all lanes. */
  private static void lessSum(BlockFormat format, Assembler asm, Vec to, Mem record, int group) {
    VectorLength length = format.level() == IsaLevel.AVX512 ? VectorLength.V512 : VectorLength.V256;
    LessSum less = LessSum.of(format.bias(), format.groups(), group);
    asm.op(VPBROADCASTD, length, to, record.plus(less.at()));
    if (less.shift() > 0) {
      asm.op(VPSLLD, length, to, to, less.shift());
    }
  }

  private static void ones(Assembler asm, KernelRegisters registers) {
    asm.op(VPBROADCASTD, VectorLength.V256, registers.constant, asm.constant32(0x0001_0001));
  }
}
