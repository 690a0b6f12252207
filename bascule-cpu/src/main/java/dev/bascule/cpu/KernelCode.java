package dev.bascule.cpu;

import dev.bascule.core.Bindings;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * One kernel, made executable on the CPU: by the emitter as machine code, or by the portable path
 * as loops over tiles. Work is counted in units (rows of a Row kernel; points or runs of points of
 * a Map kernel), and any range of units may run on any thread, in any order: the bits do not depend
 * on it.
 */
public interface KernelCode extends AutoCloseable {
  /** How the kernel runs and why, for {@code --explain}. */
  String describe();

  /**
   * Fixes operands (one segment per parameter, native memory) and dimensions. Allocates what
   * running needs.
   */
  BoundCode bind(List<MemorySegment> operands, Bindings dims);

  @Override
  void close();

  /** A kernel with its operands and dimensions. */
  interface BoundCode extends AutoCloseable {
    /** Number of work units; 0 for an empty domain. */
    long units();

    /**
     * Elements touched per unit, for deciding how many units make a chunk worth handing to a
     * thread.
     */
    long unitElements();

    /**
     * Runs units {@code low} (inclusive) to {@code high} (exclusive). Calls with different {@code
     * worker} numbers may overlap. Allocates nothing.
     *
     * @param worker 0 to workers - 1: selects the scratch memory
     */
    void run(int worker, long low, long high);

    /** True where an index was outside its axis since the last call, which clears it. */
    boolean takeFault();

    @Override
    void close();
  }
}
