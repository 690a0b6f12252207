package dev.bascule.cpu.emit;

import dev.bascule.core.kernel.Instruction;
import dev.bascule.core.kernel.Primitive;
import dev.bascule.cpu.asm.Mask;
import dev.bascule.cpu.asm.Vec;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The 32 lanes of a reduction along a row: one vector for each piece of 32 elements, in registers,
 * or in the frame where registers are short.
 *
 * <p>The minimum and maximum of floats let NaN win. The hardware's do not, so the loop notes apart
 * whether it saw one, which is cheaper than testing the accumulator: then the result is NaN.
 *
 * @param registers one per piece; empty where they are in the frame
 * @param slot the first vector in the frame, else -1
 * @param nanMask where NaNs are noted (AVX-512)
 * @param nanVector where NaNs are noted (AVX2), or a value waits for the next piece (AVX-512)
 */
record Accumulator(
    int reduce,
    Instruction.Reduce instruction,
    List<Vec> registers,
    int slot,
    @Nullable Mask nanMask,
    @Nullable Vec nanVector) {

  boolean inRegisters() {
    return slot < 0;
  }

  boolean notesNan() {
    return nanMask != null || nanVector != null;
  }

  /** Whether this is a minimum or maximum of floats. */
  static boolean isFloatExtreme(Instruction.Reduce reduce) {
    Primitive op = reduce.reduction().primitive();
    return reduce.type().isFloat() && (op == Primitive.MIN || op == Primitive.MAX);
  }
}
