package dev.bascule.cpu.cache;

import dev.bascule.cpu.asm.ExecutableMemory;
import dev.bascule.cpu.asm.IsaLevel;
import dev.bascule.cpu.asm.MachineCode;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** Machine code that reads a cache of one layout; any number of threads may use it. */
public final class CacheCode {
  /** What a thread gives it to pass arguments in. */
  public static final int ARGUMENT_BYTES = 8 * MixKernel.Argument.values().length;

  /**
   * Rows of a cache.
   *
   * @param address of the first
   * @param stride bytes from a row to the next
   * @param scales address of the first row's; 0 where there are none
   * @param scaleStride bytes from a row's scales to the next's
   */
  public record Rows(long address, long stride, long scales, long scaleStride) {}

  private final int keyStep;
  private final MemorySegment scores;
  private final MemorySegment mix;

  private CacheCode(int keyStep, MemorySegment scores, MemorySegment mix) {
    this.keyStep = keyStep;
    this.scores = scores;
    this.mix = mix;
  }

  /** For a layout that is served. */
  public static CacheCode of(CacheLayout layout, IsaLevel level, ExecutableMemory memory) {
    if (!layout.serves(level)) {
      throw new IllegalArgumentException("no code for " + layout + " at " + level);
    }
    List<MemorySegment> codes =
        memory.install(
            List.of(new ScoreKernel(level, layout).emit(), new MixKernel(level, layout).emit()));
    return new CacheCode(CacheLayout.keyStep(level), codes.get(0), codes.get(1));
  }

  /** Keys that are taken at a time: rows are read, and scores written, up to a multiple of it. */
  public int keyStep() {
    return keyStep;
  }

  /**
   * Scores of all heads' queries.
   *
   * @param queries address, f32 [heads, width]
   * @param target address, f32 [heads, scoreStride]
   * @param next address of what is read after the keys
   * @param arguments {@link #ARGUMENT_BYTES} that nobody else uses meanwhile
   */
  public void score(
      long queries, Rows keys, long count, long target, long next, MemorySegment arguments) {
    set(arguments, ScoreKernel.Argument.QUERIES, queries);
    set(arguments, ScoreKernel.Argument.KEYS, keys.address);
    set(arguments, ScoreKernel.Argument.KEY_STRIDE, keys.stride);
    set(arguments, ScoreKernel.Argument.SCALES, keys.scales);
    set(arguments, ScoreKernel.Argument.SCALE_STRIDE, keys.scaleStride);
    set(arguments, ScoreKernel.Argument.SCORES, target);
    set(arguments, ScoreKernel.Argument.NEXT, next);
    long groups = Math.ceilDiv(count, (long) keyStep);
    MachineCode.run(scores, arguments.address(), 0, groups);
  }

  /**
   * Adds values times weights; at least one.
   *
   * @param weights address, f32 [heads, scoreStride]
   * @param out address, f32 [heads, channels]
   * @param fromZero true where what is there does not count
   * @param next address of what is read after the values
   */
  public void mix(
      Rows values,
      long count,
      long weights,
      long out,
      boolean fromZero,
      long next,
      MemorySegment arguments) {
    set(arguments, MixKernel.Argument.VALUES, values.address);
    set(arguments, MixKernel.Argument.VALUE_STRIDE, values.stride);
    set(arguments, MixKernel.Argument.SCALES, values.scales);
    set(arguments, MixKernel.Argument.SCALE_STRIDE, values.scaleStride);
    set(arguments, MixKernel.Argument.WEIGHTS, weights);
    set(arguments, MixKernel.Argument.OUT, out);
    set(arguments, MixKernel.Argument.ACCUMULATE, fromZero ? 0 : 1);
    set(arguments, MixKernel.Argument.NEXT, next);
    MachineCode.run(mix, arguments.address(), 0, count);
  }

  private static void set(MemorySegment arguments, Enum<?> argument, long value) {
    arguments.set(ValueLayout.JAVA_LONG, 8L * argument.ordinal(), value);
  }
}
