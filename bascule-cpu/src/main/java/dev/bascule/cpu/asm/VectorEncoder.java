package dev.bascule.cpu.asm;

import org.jspecify.annotations.Nullable;

/**
 * Encodes a {@link Row} with its operands: VEX where that is enough (it is shorter), EVEX where a
 * mask, a broadcast, 512 bits or registers 16 to 31 ask for it.
 */
final class VectorEncoder {
  private final CodeBuffer buffer;
  private final IsaLevel level;

  VectorEncoder(CodeBuffer buffer, IsaLevel level) {
    this.buffer = buffer;
    this.level = level;
  }

  /**
   * Operands sorted into the fields of the encoding. {@code reg} and {@code vvvv} are register
   * numbers.
   */
  private record Fields(
      Row row, VectorLength length, int reg, int vvvv, Operand rm, Masking masking, int immediate) {

    int rmNumber() {
      return switch (rm) {
        case Vec vec -> vec.number();
        case Gpr gpr -> gpr.ordinal();
        case Mask mask -> mask.ordinal();
        case Address address -> 0;
      };
    }

    boolean isBroadcast() {
      return rm instanceof Address address && address.isBroadcast();
    }

    int baseNumber() {
      return switch (rm) {
        case Mem mem -> mem.base() == null ? 0 : mem.base().ordinal();
        case Vsib vsib -> vsib.base().ordinal();
        default -> rmNumber();
      };
    }

    int indexNumber() {
      return switch (rm) {
        case Mem mem -> mem.index() == null ? 0 : mem.index().ordinal();
        case Vsib vsib -> vsib.index().number();
        default -> 0;
      };
    }

    boolean needsEvex() {
      return length == VectorLength.V512
          || masking.mask() != Mask.K0
          || isBroadcast()
          || reg > 15
          || vvvv > 15
          || rmNumber() > 15
          || (rm instanceof Vsib vsib && vsib.index().number() > 15);
    }

    int trailing() {
      return row.form.immediate ? 1 : 0;
    }
  }

  /**
   * Encodes one instruction.
   *
   * @param first the first source of a three-operand instruction, absent otherwise
   */
  void encode(
      Row row,
      VectorLength length,
      Operand destination,
      @Nullable Operand first,
      Operand second,
      Masking masking,
      int immediate) {
    Form form = row.form;
    check(row, row.lengths.allows(length), "vector length " + length + " does not exist");
    check(row, form.isShift() || form.vvvv == (first != null), "wrong number of operands");
    check(
        row,
        immediate >= -128 && immediate <= 255 && (form.immediate || immediate == 0),
        "immediate " + immediate + ": expected a byte, and only where the instruction has one");
    Operand rm = form.rmIsDestination ? destination : second;
    check(row, form.acceptsRm(rm), "operand " + rm + " is of the wrong kind");
    int reg;
    int vvvv;
    if (form.isShift()) {
      reg = form.digit;
      vvvv = number(row, Form.Kind.VEC, destination);
    } else {
      reg = number(row, form.reg, form.rmIsDestination ? second : destination);
      vvvv = first == null ? 0 : number(row, Form.Kind.VEC, first);
    }
    Fields fields = new Fields(row, length, reg, vvvv, rm, masking, immediate);
    if (row.hasVex() && !fields.needsEvex()) {
      vex(fields);
    } else {
      checkEvex(fields);
      evex(fields);
    }
    if (form.immediate) {
      buffer.u8(immediate);
    }
  }

  private void checkEvex(Fields fields) {
    Row row = fields.row;
    check(
        row, row.hasEvex(), "there is no EVEX form: no masks, broadcasts, 512 bits, registers 16+");
    check(row, level.includes(IsaLevel.AVX512), "needs AVX512, the code is for " + level);
    if (fields.isBroadcast()) {
      check(row, row.tuple.canBroadcast(), "its memory operand cannot be broadcast");
    }
    if (fields.masking.zeroing()) {
      boolean toMemory = row.form.rmIsDestination && fields.rm instanceof Address;
      check(row, !toMemory, "a store cannot zero lanes");
    }
  }

  private static void check(Row row, boolean condition, String complaint) {
    if (!condition) {
      throw new IllegalArgumentException(row.mnemonic() + " (" + row + "): " + complaint);
    }
  }

  private static int number(Row row, Form.Kind kind, Operand operand) {
    check(row, kind.accepts(operand), "operand " + operand + ": expected " + kind);
    return switch (operand) {
      case Vec vec -> vec.number();
      case Gpr gpr -> gpr.ordinal();
      case Mask mask -> mask.ordinal();
      case Address address -> throw new AssertionError(address);
    };
  }

  private void vex(Fields f) {
    Row row = f.row;
    int w = row.w == Row.W.W1 ? 1 : 0;
    vexPrefix(
        row.map, row.prefix, w, f.length.ordinal(), f.reg, f.vvvv, f.indexNumber(), f.baseNumber());
    buffer.u8(row.opcode);
    modrm(f, 1);
  }

  /** The two-byte form where it can say everything, else the three-byte form. */
  void vexPrefix(int map, int prefix, int w, int length, int reg, int vvvv, int index, int base) {
    int r = (~reg >> 3 & 1) << 7;
    int last = (~vvvv & 15) << 3 | length << 2 | prefix;
    if (map == 1 && w == 0 && index < 8 && base < 8) {
      buffer.u8(0xC5);
      buffer.u8(r | last);
    } else {
      buffer.u8(0xC4);
      buffer.u8(r | (~index >> 3 & 1) << 6 | (~base >> 3 & 1) << 5 | map);
      buffer.u8(w << 7 | last);
    }
  }

  private void evex(Fields f) {
    Row row = f.row;
    int w = row.w == Row.W.W0 ? 0 : 1;
    // A register in rm has its fifth bit in X; a vector index has its fifth bit in V'.
    boolean register = !(f.rm instanceof Address);
    int x = register ? f.rmNumber() >> 4 : f.indexNumber() >> 3;
    int high = f.rm instanceof Vsib vsib ? vsib.index().number() >> 4 : f.vvvv >> 4;
    buffer.u8(0x62);
    buffer.u8(
        (~f.reg >> 3 & 1) << 7
            | (~x & 1) << 6
            | (~f.baseNumber() >> 3 & 1) << 5
            | (~f.reg >> 4 & 1) << 4
            | row.map);
    buffer.u8(w << 7 | (~f.vvvv & 15) << 3 | 4 | row.prefix);
    buffer.u8(
        (f.masking.zeroing() ? 0x80 : 0)
            | f.length.ordinal() << 5
            | (f.isBroadcast() ? 0x10 : 0)
            | (~high & 1) << 3
            | f.masking.mask().ordinal());
    buffer.u8(row.opcode);
    modrm(f, row.tuple.memoryBytes(f.length, f.isBroadcast()));
  }

  private void modrm(Fields f, int unit) {
    if (f.rm instanceof Address address) {
      buffer.modrmMemory(f.reg, address, unit, f.trailing());
    } else {
      buffer.modrmRegister(f.reg, f.rmNumber());
    }
  }
}
