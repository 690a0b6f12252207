package dev.bascule.cpu.gemm;

import static dev.bascule.cpu.asm.Vec.v;

import dev.bascule.cpu.asm.Assembler;
import dev.bascule.cpu.asm.Condition;
import dev.bascule.cpu.asm.ExecutableMemory;
import dev.bascule.cpu.asm.Gpr;
import dev.bascule.cpu.asm.IsaLevel;
import dev.bascule.cpu.asm.Label;
import dev.bascule.cpu.asm.MachineCode;
import dev.bascule.cpu.asm.VectorLength;
import java.lang.foreign.MemorySegment;

/**
 * The most that one core does: independent chains of fma on registers. What a kernel's speed is a
 * percentage of.
 */
public final class FmaPeak {
  private static final int CHAINS = 12;
  private static final int UNROLL = 4;

  private final MemorySegment code;
  private final long flopsPerIteration;

  /**
   * @param memory owns the code
   */
  public FmaPeak(ExecutableMemory memory, IsaLevel level, ElementType type) {
    VectorLength length = level == IsaLevel.AVX512 ? VectorLength.V512 : VectorLength.V256;
    Assembler asm = new Assembler(level);
    for (int i = 0; i < 16; i++) {
      asm.zero(v(i));
    }
    asm.align(32);
    Label loop = asm.here();
    for (int i = 0; i < UNROLL * CHAINS; i++) {
      asm.op(type.fma, length, v(i % CHAINS), v(13), v(14));
    }
    asm.sub(Gpr.RDX, 1);
    asm.jcc(Condition.GREATER, loop);
    asm.vzeroupper();
    asm.ret();
    code = memory.install(asm.finish());
    flopsPerIteration = 2L * UNROLL * CHAINS * length.lanes(type.bytes());
  }

  /** Runs about so many operations and says how many a second that was. */
  public double flopsPerSecond(long flops) {
    long iterations = Math.max(1, flops / flopsPerIteration);
    long start = System.nanoTime();
    MachineCode.run(code, 0, 0, iterations);
    return 1e9 * iterations * flopsPerIteration / (System.nanoTime() - start);
  }
}
