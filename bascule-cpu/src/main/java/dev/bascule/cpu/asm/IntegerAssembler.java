package dev.bascule.cpu.asm;

/**
 * The half of an {@link Assembler} that every x86-64 processor has: labels, a pool of constants,
 * and integer instructions as methods.
 */
public abstract sealed class IntegerAssembler permits Assembler {
  private static final int OPERAND_SIZE = 0x66;

  final CodeBuffer buffer = new CodeBuffer();

  IntegerAssembler() {}

  /** The code and its constants, ready to run at any address that is a multiple of 64. */
  public byte[] finish() {
    return buffer.finish();
  }

  /** Bytes of code so far. */
  public int size() {
    return buffer.size();
  }

  // ---- labels and constants

  public Label newLabel() {
    return new Label();
  }

  public void bind(Label label) {
    label.bind(buffer.size());
  }

  /** A label bound here: the head of a loop. */
  public Label here() {
    Label label = new Label();
    bind(label);
    return label;
  }

  /**
   * Pads with no-operations so that the next instruction starts at a multiple of {@code bytes} (2,
   * 4, ... 64).
   */
  public void align(int bytes) {
    int missing = -buffer.size() & bytes - 1;
    while (missing > 0) {
      int chunk = Math.min(missing, 9);
      nop(chunk);
      missing -= chunk;
    }
  }

  /** Equal constants share a place; a constant is aligned to its size (a power of two). */
  public Constant constant(byte[] bytes) {
    if (bytes.length == 0 || Integer.bitCount(bytes.length) != 1 || bytes.length > 64) {
      throw new IllegalArgumentException(
          "constant of " + bytes.length + " bytes: expected 1, 2, 4 ... 64");
    }
    return new Constant(buffer.intern(bytes), false);
  }

  /** The bits of one 4-byte element. */
  public Constant constant32(int bits) {
    return constants32(bits);
  }

  /** The bits of one 8-byte element. */
  public Constant constant64(long bits) {
    return constants32((int) bits, (int) (bits >> 32));
  }

  public Constant constant(float value) {
    return constant32(Float.floatToRawIntBits(value));
  }

  public Constant constant(double value) {
    return constant64(Double.doubleToRawLongBits(value));
  }

  /** A vector of 4-byte elements: 1, 2, 4, 8 or 16 of them. */
  public Constant constants32(int... bits) {
    byte[] bytes = new byte[4 * bits.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (bits[i / 4] >> 8 * (i % 4));
    }
    return constant(bytes);
  }

  // ---- integers

  public void mov(Gpr destination, Gpr source) {
    legacy(Width.B64, source.ordinal(), destination, 0, 0x89);
  }

  /** Copies the low 32 bits and clears the rest. */
  public void mov32(Gpr destination, Gpr source) {
    legacy(Width.B32, source.ordinal(), destination, 0, 0x89);
  }

  public void mov(Gpr destination, Address source) {
    legacy(Width.B64, destination.ordinal(), source, 0, 0x8B);
  }

  /** Loads 32 bits and clears the rest. */
  public void mov32(Gpr destination, Address source) {
    legacy(Width.B32, destination.ordinal(), source, 0, 0x8B);
  }

  /** The shortest instruction that gives the register this value; the flags stay as they are. */
  public void mov(Gpr destination, long value) {
    if (value == (value & 0xFFFF_FFFFL)) {
      rex(false, 0, 0, destination.ordinal(), false);
      buffer.u8(0xB8 | (destination.ordinal() & 7));
      buffer.u32((int) value);
    } else if (value == (int) value) {
      legacy(Width.B64, 0, destination, 4, 0xC7);
      buffer.u32((int) value);
    } else {
      rex(true, 0, 0, destination.ordinal(), false);
      buffer.u8(0xB8 | (destination.ordinal() & 7));
      buffer.u64(value);
    }
  }

  /** Stores the low {@code width} of a register. */
  public void store(Width width, Mem destination, Gpr source) {
    legacy(width, source.ordinal(), destination, 0, width == Width.B8 ? 0x88 : 0x89);
  }

  /** Stores an immediate; at 64 bits it is the sign extension of 32. */
  public void store(Width width, Mem destination, int immediate) {
    int bytes = Math.min(4, width.bytes());
    legacy(width, 0, destination, bytes, width == Width.B8 ? 0xC6 : 0xC7);
    switch (bytes) {
      case 1 -> buffer.u8(immediate);
      case 2 -> buffer.u16(immediate);
      default -> buffer.u32(immediate);
    }
  }

  public void lea(Gpr destination, Address source) {
    legacy(Width.B64, destination.ordinal(), source, 0, 0x8D);
  }

  /** Zero-extends to 64 bits. */
  public void movzx(Gpr destination, Width from, Operand source) {
    switch (from) {
      case B8 -> legacy(Width.B32, destination.ordinal(), source, 0, 0x0F, 0xB6);
      case B16 -> legacy(Width.B32, destination.ordinal(), source, 0, 0x0F, 0xB7);
      case B32, B64 -> legacy(from, destination.ordinal(), source, 0, 0x8B);
    }
  }

  /** Sign-extends to 64 bits. */
  public void movsx(Gpr destination, Width from, Operand source) {
    switch (from) {
      case B8 -> legacy(Width.B64, destination.ordinal(), source, 0, 0x0F, 0xBE);
      case B16 -> legacy(Width.B64, destination.ordinal(), source, 0, 0x0F, 0xBF);
      case B32 -> legacy(Width.B64, destination.ordinal(), source, 0, 0x63);
      case B64 -> legacy(Width.B64, destination.ordinal(), source, 0, 0x8B);
    }
  }

  /**
   * {@code destination op= source} on 32 or 64 bits; 32 bits clear the rest. The source may be
   * memory.
   */
  public void alu(Alu op, Width width, Gpr destination, Operand source) {
    requireWord(width);
    switch (source) {
      case Gpr gpr -> legacy(width, gpr.ordinal(), destination, 0, op.ordinal() << 3 | 1);
      case Address address ->
          legacy(width, destination.ordinal(), address, 0, op.ordinal() << 3 | 3);
      case Vec vec -> throw new IllegalArgumentException(op + ": " + vec);
      case Mask mask -> throw new IllegalArgumentException(op + ": " + mask);
    }
  }

  public void alu(Alu op, Width width, Gpr destination, int immediate) {
    requireWord(width);
    if (immediate >= -128 && immediate <= 127) {
      legacy(width, op.ordinal(), destination, 1, 0x83);
      buffer.u8(immediate);
    } else if (destination == Gpr.RAX) {
      rex(width == Width.B64, 0, 0, 0, false);
      buffer.u8(op.ordinal() << 3 | 5);
      buffer.u32(immediate);
    } else {
      legacy(width, op.ordinal(), destination, 4, 0x81);
      buffer.u32(immediate);
    }
  }

  public void add(Gpr destination, Operand source) {
    alu(Alu.ADD, Width.B64, destination, source);
  }

  public void add(Gpr destination, int immediate) {
    alu(Alu.ADD, Width.B64, destination, immediate);
  }

  public void sub(Gpr destination, Operand source) {
    alu(Alu.SUB, Width.B64, destination, source);
  }

  public void sub(Gpr destination, int immediate) {
    alu(Alu.SUB, Width.B64, destination, immediate);
  }

  public void and(Gpr destination, Operand source) {
    alu(Alu.AND, Width.B64, destination, source);
  }

  public void and(Gpr destination, int immediate) {
    alu(Alu.AND, Width.B64, destination, immediate);
  }

  public void or(Gpr destination, Operand source) {
    alu(Alu.OR, Width.B64, destination, source);
  }

  public void xor(Gpr destination, Operand source) {
    alu(Alu.XOR, Width.B64, destination, source);
  }

  /** Sets a register to zero (and the flags with it). */
  public void zero(Gpr destination) {
    alu(Alu.XOR, Width.B32, destination, destination);
  }

  public void cmp(Gpr first, Operand second) {
    alu(Alu.CMP, Width.B64, first, second);
  }

  public void cmp(Gpr first, int immediate) {
    alu(Alu.CMP, Width.B64, first, immediate);
  }

  public void test(Gpr first, Gpr second) {
    legacy(Width.B64, second.ordinal(), first, 0, 0x85);
  }

  public void test(Gpr first, int immediate) {
    if (first == Gpr.RAX) {
      rex(true, 0, 0, 0, false);
      buffer.u8(0xA9);
    } else {
      legacy(Width.B64, 0, first, 4, 0xF7);
    }
    buffer.u32(immediate);
  }

  public void imul(Gpr destination, Operand source) {
    legacy(Width.B64, destination.ordinal(), source, 0, 0x0F, 0xAF);
  }

  /** {@code destination = source * immediate}. */
  public void imul(Gpr destination, Operand source, int immediate) {
    boolean small = immediate >= -128 && immediate <= 127;
    legacy(Width.B64, destination.ordinal(), source, small ? 1 : 4, small ? 0x6B : 0x69);
    if (small) {
      buffer.u8(immediate);
    } else {
      buffer.u32(immediate);
    }
  }

  /** rax = rdx:rax / divisor, rdx = the remainder, from rax extended by its sign or by zeros. */
  public void divide(Gpr divisor, boolean signed) {
    if (signed) {
      buffer.u8(0x48);
      buffer.u8(0x99);
    } else {
      zero(Gpr.RDX);
    }
    legacy(Width.B64, signed ? 7 : 6, divisor, 0, 0xF7);
  }

  public void neg(Gpr register) {
    legacy(Width.B64, 3, register, 0, 0xF7);
  }

  public void not(Gpr register) {
    legacy(Width.B64, 2, register, 0, 0xF7);
  }

  public void shift(Shift shift, Width width, Gpr register, int count) {
    requireWord(width);
    if (count < 0 || count >= 8 * width.bytes()) {
      throw new IllegalArgumentException(shift + " of " + width + " by " + count);
    }
    legacy(width, shift.digit, register, count == 1 ? 0 : 1, count == 1 ? 0xD1 : 0xC1);
    if (count != 1) {
      buffer.u8(count);
    }
  }

  /** Shifts by the low bits of {@code cl}. */
  public void shiftByCl(Shift shift, Width width, Gpr register) {
    requireWord(width);
    legacy(width, shift.digit, register, 0, 0xD3);
  }

  public void shl(Gpr register, int count) {
    shift(Shift.SHL, Width.B64, register, count);
  }

  public void shr(Gpr register, int count) {
    shift(Shift.SHR, Width.B64, register, count);
  }

  public void sar(Gpr register, int count) {
    shift(Shift.SAR, Width.B64, register, count);
  }

  public void cmov(Condition condition, Gpr destination, Operand source) {
    legacy(Width.B64, destination.ordinal(), source, 0, 0x0F, 0x40 | condition.ordinal());
  }

  /** Sets the low byte to 1 or 0; the others stay. */
  public void set(Condition condition, Gpr destination) {
    legacy(Width.B8, 0, destination, 0, 0x0F, 0x90 | condition.ordinal());
  }

  public void push(Gpr register) {
    rex(false, 0, 0, register.ordinal(), false);
    buffer.u8(0x50 | (register.ordinal() & 7));
  }

  public void pop(Gpr register) {
    rex(false, 0, 0, register.ordinal(), false);
    buffer.u8(0x58 | (register.ordinal() & 7));
  }

  public void jcc(Condition condition, Label target) {
    buffer.u8(0x0F);
    buffer.u8(0x80 | condition.ordinal());
    buffer.distance(target, 0);
  }

  public void jmp(Label target) {
    buffer.u8(0xE9);
    buffer.distance(target, 0);
  }

  public void jmp(Gpr target) {
    rex(false, 0, 0, target.ordinal(), false);
    buffer.u8(0xFF);
    buffer.modrmRegister(4, target.ordinal());
  }

  public void call(Gpr target) {
    rex(false, 0, 0, target.ordinal(), false);
    buffer.u8(0xFF);
    buffer.modrmRegister(2, target.ordinal());
  }

  public void call(Label target) {
    buffer.u8(0xE8);
    buffer.distance(target, 0);
  }

  /** The address of a label. */
  public void lea(Gpr destination, Label target) {
    rex(true, destination.ordinal(), 0, 0, false);
    buffer.u8(0x8D);
    buffer.u8((destination.ordinal() & 7) << 3 | 5);
    buffer.distance(target, 0);
  }

  public void ret() {
    buffer.u8(0xC3);
  }

  public void prefetch(Prefetch where, Mem address) {
    legacy(Width.B32, where.ordinal(), address, 0, 0x0F, 0x18);
  }

  /** Fills eax, ebx, ecx, edx with what leaf eax, subleaf ecx says of the processor. */
  public void cpuid() {
    buffer.u8(0x0F);
    buffer.u8(0xA2);
  }

  /** edx:eax = the extended control register ecx. */
  public void xgetbv() {
    buffer.u8(0x0F);
    buffer.u8(0x01);
    buffer.u8(0xD0);
  }

  /** One no-operation of 1 to 9 bytes (the forms the manual recommends). */
  private void nop(int bytes) {
    int[] code =
        switch (bytes) {
          case 1 -> new int[] {0x90};
          case 2 -> new int[] {0x66, 0x90};
          case 3 -> new int[] {0x0F, 0x1F, 0x00};
          case 4 -> new int[] {0x0F, 0x1F, 0x40, 0};
          case 5 -> new int[] {0x0F, 0x1F, 0x44, 0, 0};
          case 6 -> new int[] {0x66, 0x0F, 0x1F, 0x44, 0, 0};
          case 7 -> new int[] {0x0F, 0x1F, 0x80, 0, 0, 0, 0};
          case 8 -> new int[] {0x0F, 0x1F, 0x84, 0, 0, 0, 0, 0};
          default -> new int[] {0x66, 0x0F, 0x1F, 0x84, 0, 0, 0, 0, 0};
        };
    for (int b : code) {
      buffer.u8(b);
    }
  }

  static void requireWord(Width width) {
    if (width != Width.B32 && width != Width.B64) {
      throw new IllegalArgumentException(
          "integer arithmetic on " + width + ": expected 32 or 64 bits");
    }
  }

  /**
   * An integer instruction: prefixes, opcode, ModRM.
   *
   * @param reg register number, or an extension of the opcode
   * @param trailing bytes of immediate that the caller appends
   */
  private void legacy(Width width, int reg, Operand rm, int trailing, int... opcode) {
    if (width == Width.B16) {
      buffer.u8(OPERAND_SIZE);
    }
    int base = 0;
    int index = 0;
    // Without a REX prefix, numbers 4 to 7 would name ah, ch, dh, bh as byte registers.
    boolean byteRegister = false;
    switch (rm) {
      case Gpr gpr -> {
        base = gpr.ordinal();
        boolean readsByte = opcode.length == 2 && (opcode[1] & ~8) == 0xB6;
        byteRegister = (width == Width.B8 || readsByte) && base >= 4;
      }
      case Mem mem -> {
        base = mem.base() == null ? 0 : mem.base().ordinal();
        index = mem.index() == null ? 0 : mem.index().ordinal();
        byteRegister = width == Width.B8 && reg >= 4;
      }
      case Constant constant -> byteRegister = false;
      case Vsib vsib -> throw new IllegalArgumentException("integer instruction with " + vsib);
      case Vec vec -> throw new IllegalArgumentException("integer instruction with " + vec);
      case Mask mask -> throw new IllegalArgumentException("integer instruction with " + mask);
    }
    rex(width == Width.B64, reg, index, base, byteRegister);
    for (int b : opcode) {
      buffer.u8(b);
    }
    if (rm instanceof Address address) {
      buffer.modrmMemory(reg, address, 1, trailing);
    } else {
      buffer.modrmRegister(reg, base);
    }
  }

  private void rex(boolean wide, int reg, int index, int base, boolean always) {
    int bits = (wide ? 8 : 0) | (reg >> 3 & 1) << 2 | (index >> 3 & 1) << 1 | (base >> 3 & 1);
    if (bits != 0 || always) {
      buffer.u8(0x40 | bits);
    }
  }
}
