package dev.bascule.cpu.emit;

import dev.bascule.core.DType;
import dev.bascule.core.kernel.Kernel;
import dev.bascule.cpu.KernelCode;
import dev.bascule.cpu.asm.IsaLevel;
import java.util.ArrayList;
import java.util.List;

/** Compiles kernels to machine code. */
public final class Emitter {
  private Emitter() {}

  /** What became of a kernel. */
  public sealed interface Result {
    /** Machine code. */
    record Emitted(KernelCode code) implements Result {}

    /** The kernel has something the emitter does not take; the portable path takes all. */
    record Declined(String reason) implements Result {}
  }

  /**
   * Compiles a kernel for an instruction set; dimensions stay arguments.
   *
   * @param workers how many workers may run the code at once
   */
  public static Result compile(Kernel kernel, IsaLevel isa, int workers) {
    if (isa == IsaLevel.PORTABLE) {
      return new Result.Declined("no machine code on the portable level");
    }
    try {
      for (Kernel.Parameter parameter : kernel.parameters()) {
        check(parameter.dtype());
      }
      Nest nest = Nest.of(kernel);
      List<Emission> variants = new ArrayList<>();
      Emission first = Emission.of(kernel, nest, isa, true);
      variants.add(first);
      if (first.keepsInFrame() && nest.rowExtent().max() > first.keptElementsMax()) {
        variants.add(Emission.of(kernel, nest, isa, false));
      }
      return new Result.Emitted(new EmittedKernel(kernel, isa, variants, workers));
    } catch (Decline decline) {
      return new Result.Declined(decline.reason());
    }
  }

  private static void check(DType dtype) {
    switch (dtype) {
      case F8E4M3, F8E5M2, I4, U4 -> throw new Decline("elements of " + dtype);
      case F64, F32, F16, BF16, I64, I32, I16, I8, U64, U32, U16, U8, BOOL -> {}
    }
  }
}
