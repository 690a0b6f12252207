package dev.bascule.cpu.asm;

import java.util.List;

/**
 * What a function owes its caller (System V): callee-saved registers as they were, the stack as it
 * was, clean upper halves of the vector registers. All vector registers and opmasks are free to
 * use.
 *
 * @param saved the callee-saved registers that the function uses; without {@code RBP} when there is
 *     scratch space
 * @param scratchBytes stack space, at multiples of 64
 */
public record AbiFrame(List<Gpr> saved, int scratchBytes) {
  /** The stack is touched one page at a time: larger spaces belong in a workspace. */
  private static final int SCRATCH_BYTES_MAX = 4096;

  public AbiFrame {
    saved = List.copyOf(saved);
    for (Gpr register : saved) {
      if (!register.calleeSaved() || (register == Gpr.RBP && scratchBytes > 0)) {
        throw new IllegalArgumentException(register + " need not or cannot be saved");
      }
    }
    if (scratchBytes < 0 || scratchBytes > SCRATCH_BYTES_MAX) {
      throw new IllegalArgumentException(
          "scratch of " + scratchBytes + " bytes: expected 0 to 4096");
    }
  }

  public static AbiFrame saving(Gpr... saved) {
    return new AbiFrame(List.of(saved), 0);
  }

  public AbiFrame withScratch(int bytes) {
    return new AbiFrame(saved, bytes);
  }

  /** The prologue: emit it first. */
  public void enter(Assembler asm) {
    if (scratchBytes > 0) {
      asm.push(Gpr.RBP);
      asm.mov(Gpr.RBP, Gpr.RSP);
    }
    for (Gpr register : saved) {
      asm.push(register);
    }
    if (scratchBytes > 0) {
      asm.sub(Gpr.RSP, scratchBytes);
      asm.and(Gpr.RSP, -64);
    }
  }

  /** A place in the scratch space; offset 0 is at a multiple of 64. */
  public Mem scratch(int offset) {
    if (offset < 0 || offset >= scratchBytes) {
      throw new IllegalArgumentException("offset " + offset + " in scratch of " + scratchBytes);
    }
    return Mem.at(Gpr.RSP, offset);
  }

  /** The epilogue, with the return. */
  public void leave(Assembler asm) {
    if (scratchBytes > 0) {
      asm.lea(Gpr.RSP, Mem.at(Gpr.RBP, -8 * saved.size()));
    }
    for (Gpr register : saved.reversed()) {
      asm.pop(register);
    }
    if (scratchBytes > 0) {
      asm.pop(Gpr.RBP);
    }
    asm.vzeroupper();
    asm.ret();
  }
}
