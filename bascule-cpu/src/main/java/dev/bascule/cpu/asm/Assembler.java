package dev.bascule.cpu.asm;

/**
 * Writes x86-64 machine code: integer instructions as methods, vector instructions as {@link Row}s,
 * labels, and a pool of constants after the code.
 *
 * <p>Operands come destination first. Where an instruction does not say its width, it works on 64
 * bits. Operands that the level or the instruction does not allow are an {@link
 * IllegalArgumentException}: a mistake in the emitter.
 */
public final class Assembler extends IntegerAssembler {
  private final IsaLevel level;
  private final VectorEncoder vectors;

  /**
   * @param level no instruction beyond it is encoded
   */
  public Assembler(IsaLevel level) {
    this.level = level;
    this.vectors = new VectorEncoder(buffer, level);
  }

  public IsaLevel level() {
    return level;
  }

  // ---- vector instructions

  /**
   * Two operands: {@code destination = row(source)}; either may be memory where the row says so.
   */
  public void op(Row row, VectorLength length, Operand destination, Operand source) {
    op(row, length, destination, source, Masking.NONE, 0);
  }

  public void op(Row row, VectorLength length, Operand destination, Operand source, int immediate) {
    op(row, length, destination, source, Masking.NONE, immediate);
  }

  public void op(
      Row row, VectorLength length, Operand destination, Operand source, Masking masking) {
    op(row, length, destination, source, masking, 0);
  }

  public void op(
      Row row,
      VectorLength length,
      Operand destination,
      Operand source,
      Masking masking,
      int immediate) {
    // In a shift by an immediate the source is encoded in rm, the destination in vvvv.
    vectors.encode(row, length, destination, null, source, masking, immediate);
  }

  /** Three operands: {@code destination = row(first, second)}; the second may be memory. */
  public void op(Row row, VectorLength length, Operand destination, Operand first, Operand second) {
    op(row, length, destination, first, second, Masking.NONE, 0);
  }

  public void op(
      Row row,
      VectorLength length,
      Operand destination,
      Operand first,
      Operand second,
      int immediate) {
    op(row, length, destination, first, second, Masking.NONE, immediate);
  }

  public void op(
      Row row,
      VectorLength length,
      Operand destination,
      Operand first,
      Operand second,
      Masking masking) {
    op(row, length, destination, first, second, masking, 0);
  }

  public void op(
      Row row,
      VectorLength length,
      Operand destination,
      Operand first,
      Operand second,
      Masking masking,
      int immediate) {
    vectors.encode(row, length, destination, first, second, masking, immediate);
  }

  /**
   * VEX blendv: lanes of {@code second} where the sign bit of {@code selector} is set, else of
   * {@code first}.
   */
  public void blendv(
      Row row, VectorLength length, Vec destination, Vec first, Operand second, Vec selector) {
    if (row.form != Form.RVMR || selector.number() > 15) {
      throw new IllegalArgumentException(row.mnemonic() + ": not a blend by register " + selector);
    }
    op(row, length, destination, first, second, Masking.NONE, selector.number() << 4);
  }

  /** All lanes zero, in all of the register. */
  public void zero(Vec vec) {
    if (vec.number() < 16) {
      op(Row.VXORPS, VectorLength.V128, vec, vec, vec);
    } else {
      op(Row.VPXORD, VectorLength.V128, vec, vec, vec);
    }
  }

  /** Leaves the upper halves clean: without it, SSE code of the JVM would run slowly afterwards. */
  public void vzeroupper() {
    buffer.u8(0xC5);
    buffer.u8(0xF8);
    buffer.u8(0x77);
  }

  // ---- an integer instruction in the vectors' encoding

  /**
   * {@code destination} = the low {@code count} bits of {@code source} (BMI2): makes masks of the
   * first lanes.
   */
  public void bzhi(Width width, Gpr destination, Gpr source, Gpr count) {
    requireWord(width);
    int w = width == Width.B64 ? 1 : 0;
    vectors.vexPrefix(2, 0, w, 0, destination.ordinal(), count.ordinal(), 0, source.ordinal());
    buffer.u8(0xF5);
    buffer.modrmRegister(destination.ordinal(), source.ordinal());
  }

  // ---- opmasks

  /** {@code destination = op(source)}, or a test of the two that sets the flags. */
  public void mask(MaskOp op, Width width, Mask destination, Mask source) {
    requireMasks();
    if (op.threeOperands) {
      throw new IllegalArgumentException(op + " takes three operands");
    }
    maskPrefix(width, 0, destination.ordinal(), 0, source.ordinal());
    buffer.u8(op.opcode);
    buffer.modrmRegister(destination.ordinal(), source.ordinal());
  }

  /** {@code destination = op(first, second)}. */
  public void mask(MaskOp op, Width width, Mask destination, Mask first, Mask second) {
    requireMasks();
    if (!op.threeOperands) {
      throw new IllegalArgumentException(op + " takes two operands");
    }
    maskPrefix(width, 1, destination.ordinal(), first.ordinal(), second.ordinal());
    buffer.u8(op.opcode);
    buffer.modrmRegister(destination.ordinal(), second.ordinal());
  }

  /** {@code destination = source}, the low {@code width} of it. */
  public void kmov(Width width, Mask destination, Gpr source) {
    requireMasks();
    gprMaskPrefix(width, destination.ordinal(), source.ordinal());
    buffer.u8(0x92);
    buffer.modrmRegister(destination.ordinal(), source.ordinal());
  }

  /** {@code destination = source}, zero-extended. */
  public void kmov(Width width, Gpr destination, Mask source) {
    requireMasks();
    gprMaskPrefix(width, destination.ordinal(), source.ordinal());
    buffer.u8(0x93);
    buffer.modrmRegister(destination.ordinal(), source.ordinal());
  }

  public void kmov(Width width, Mask destination, Mask source) {
    requireMasks();
    maskPrefix(width, 0, destination.ordinal(), 0, source.ordinal());
    buffer.u8(0x90);
    buffer.modrmRegister(destination.ordinal(), source.ordinal());
  }

  public void kmov(Width width, Mask destination, Mem source) {
    kmovMemory(0x90, width, destination, source);
  }

  public void kmov(Width width, Mem destination, Mask source) {
    kmovMemory(0x91, width, source, destination);
  }

  /** Shifts lanes towards higher ({@code left}) or lower numbers. */
  public void kshift(Width width, boolean left, Mask destination, Mask source, int lanes) {
    requireMasks();
    int w = width == Width.B16 || width == Width.B64 ? 1 : 0;
    int wide = width == Width.B32 || width == Width.B64 ? 1 : 0;
    vectors.vexPrefix(3, 1, w, 0, destination.ordinal(), 0, 0, source.ordinal());
    buffer.u8((left ? 0x32 : 0x30) + wide);
    buffer.modrmRegister(destination.ordinal(), source.ordinal());
    buffer.u8(lanes);
  }

  private void kmovMemory(int opcode, Width width, Mask mask, Mem memory) {
    requireMasks();
    int index = memory.index() == null ? 0 : memory.index().ordinal();
    int base = memory.base() == null ? 0 : memory.base().ordinal();
    int prefix = width == Width.B8 || width == Width.B32 ? 1 : 0;
    int w = width == Width.B32 || width == Width.B64 ? 1 : 0;
    vectors.vexPrefix(1, prefix, w, 0, mask.ordinal(), 0, index, base);
    buffer.u8(opcode);
    buffer.modrmMemory(mask.ordinal(), memory, 1, 0);
  }

  private void maskPrefix(Width width, int length, int reg, int vvvv, int rm) {
    int prefix = width == Width.B8 || width == Width.B32 ? 1 : 0;
    int w = width == Width.B32 || width == Width.B64 ? 1 : 0;
    vectors.vexPrefix(1, prefix, w, length, reg, vvvv, 0, rm);
  }

  private void gprMaskPrefix(Width width, int reg, int rm) {
    int prefix =
        switch (width) {
          case B8 -> 1;
          case B16 -> 0;
          case B32, B64 -> 3;
        };
    vectors.vexPrefix(1, prefix, width == Width.B64 ? 1 : 0, 0, reg, 0, 0, rm);
  }

  private void requireMasks() {
    if (!level.includes(IsaLevel.AVX512)) {
      throw new IllegalArgumentException("opmasks need AVX512, the code is for " + level);
    }
  }
}
