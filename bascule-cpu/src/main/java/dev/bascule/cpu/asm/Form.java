package dev.bascule.cpu.asm;

import static dev.bascule.cpu.asm.Form.Kind.GPR;
import static dev.bascule.cpu.asm.Form.Kind.MASK;
import static dev.bascule.cpu.asm.Form.Kind.NONE;
import static dev.bascule.cpu.asm.Form.Kind.VEC;

/**
 * Which operands an instruction has and which field of the encoding each goes to. The letters of a
 * name are, destination first: R a vector in ModRM.reg, V a vector in VEX.vvvv, M a vector or
 * memory in ModRM.rm, G a general purpose register, K an opmask, I an immediate byte.
 */
enum Form {
  RM(VEC, false, VEC, true, false, false),
  RMI(VEC, false, VEC, true, false, true),
  RVM(VEC, true, VEC, true, false, false),
  RVMI(VEC, true, VEC, true, false, true),
  /** The third source is a register named by the immediate byte (VEX blendv). */
  RVMR(VEC, true, VEC, true, false, true),
  /** Registers only. */
  RVV(VEC, true, VEC, false, false, false),
  LOAD(VEC, false, NONE, true, false, false),
  STORE(VEC, false, NONE, true, true, false),
  /** {@code vvvv} holds the mask. */
  LOADV(VEC, true, NONE, true, false, false),
  STOREV(VEC, true, NONE, true, true, false),
  MR(VEC, false, VEC, true, true, false),
  MRI(VEC, false, VEC, true, true, true),
  /** Shifts by an immediate: the destination is in {@code vvvv}, ModRM.reg extends the opcode. */
  SHIFT0(0),
  SHIFT1(1),
  SHIFT2(2),
  SHIFT3(3),
  SHIFT4(4),
  SHIFT6(6),
  SHIFT7(7),
  RG(VEC, false, GPR, false, false, false),
  RGM(VEC, false, GPR, true, false, false),
  GR(VEC, false, GPR, false, true, false),
  GMR(VEC, false, GPR, true, true, false),
  GMRI(VEC, false, GPR, true, true, true),
  RVGM(VEC, true, GPR, true, false, false),
  RVGMI(VEC, true, GPR, true, false, true),
  GV(GPR, false, VEC, false, false, false),
  GVI(GPR, false, VEC, false, false, true),
  GM(GPR, false, VEC, true, false, false),
  KVM(MASK, true, VEC, true, false, false),
  KVMI(MASK, true, VEC, true, false, true),
  KMI(MASK, false, VEC, true, false, true),
  KV(MASK, false, VEC, false, false, false),
  RK(VEC, false, MASK, false, false, false);

  /** The kind of register a field may name; {@code NONE}: no register, memory only. */
  enum Kind {
    NONE,
    VEC,
    GPR,
    MASK;

    boolean accepts(Operand operand) {
      return switch (operand) {
        case Vec vec -> this == VEC;
        case Gpr gpr -> this == GPR;
        case Mask mask -> this == MASK;
        case Address address -> false;
      };
    }
  }

  final Kind reg;
  final boolean vvvv;
  final Kind rm;
  final boolean memory;
  final boolean rmIsDestination;
  final boolean immediate;
  final int digit;

  Form(
      Kind reg, boolean vvvv, Kind rm, boolean memory, boolean rmIsDestination, boolean immediate) {
    this.reg = reg;
    this.vvvv = vvvv;
    this.rm = rm;
    this.memory = memory;
    this.rmIsDestination = rmIsDestination;
    this.immediate = immediate;
    this.digit = -1;
  }

  Form(int digit) {
    this.reg = NONE;
    this.vvvv = true;
    this.rm = VEC;
    this.memory = false;
    this.rmIsDestination = false;
    this.immediate = true;
    this.digit = digit;
  }

  boolean isShift() {
    return digit >= 0;
  }

  boolean acceptsRm(Operand operand) {
    return operand instanceof Address ? memory : rm.accepts(operand);
  }
}
