package dev.bascule.cpu;

import dev.bascule.core.DType;
import dev.bascule.core.device.DeviceOptions;
import dev.bascule.core.graph.CachedAttention;
import dev.bascule.cpu.asm.ExecutableMemory;
import dev.bascule.cpu.asm.IsaLevel;
import dev.bascule.cpu.gemm.ElementType;
import dev.bascule.cpu.gemm.FmaPeak;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Prints how fast attention over a cache is at the shape of Qwen3-0.6B (16 heads over 8, of 128
 * elements): for a prompt as a share of what fma on registers reaches in the same run, counting
 * only what the causal triangle needs; for one token as bytes of cache read in a second.
 *
 * <p>{@code java ... dev.bascule.cpu.AttentionSpeed ISA THREADS CACHE QUERIESxLENGTH...}
 */
final class AttentionSpeed {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
  private static final int HEADS = 16;
  private static final int KV_HEADS = 8;
  private static final int WIDTH = 128;
  private static final int KEY_BLOCK = 512;

  /** So many caches in turn are more than the last-level cache holds. */
  private static final int LAYERS = 12;

  private static final double SECONDS = 1.5;

  private AttentionSpeed() {}

  public static void main(String[] arguments) {
    int threads = Integer.parseInt(arguments[1]);
    DType cache = DType.valueOf(arguments[2]);
    DeviceOptions options = new DeviceOptions(threads, Map.of("cpu.isa", arguments[0]));
    try (CpuDevice device = new CpuDevice(CpuSettings.of(options));
        ExecutableMemory memory = new ExecutableMemory(ExecutableMemory.Policy.ALLOWED)) {
      IsaLevel level = arguments[0].equals("avx2") ? IsaLevel.AVX2 : IsaLevel.AVX512;
      FmaPeak probe = new FmaPeak(memory, level, ElementType.F32);
      for (String size : Arrays.asList(arguments).subList(3, arguments.length)) {
        String[] parts = size.split("x");
        measure(
            device, probe, threads, cache, Integer.parseInt(parts[0]), Integer.parseInt(parts[1]));
      }
    }
  }

  /** One thread is timed by its processor time, so that a busy machine does little harm. */
  private static long clock(int threads) {
    return threads == 1 ? THREADS.getCurrentThreadCpuTime() : System.nanoTime();
  }

  private static void measure(
      CpuDevice device, FmaPeak probe, int threads, DType cache, int queries, int length) {
    var sizes =
        new CachedAttentionTrial.Sizes(
            queries, HEADS, KV_HEADS, WIDTH, WIDTH, length, length, cache);
    var trial =
        CachedAttentionTrial.of(new CachedAttention(0.0884f, KEY_BLOCK), sizes, new Random(1));
    double peak = 0;
    double[] nanos = new double[100_000];
    int runs = 0;
    List<CachedAttentionTrial.Bound> layers = new ArrayList<>();
    for (int layer = 0; layer < (queries == 1 ? LAYERS : 1); layer++) {
      layers.add(trial.on(device));
    }
    long end = System.nanoTime() + (long) (SECONDS * 1e9);
    while (runs < nanos.length && (runs < 5 || System.nanoTime() < end)) {
      peak = Math.max(peak, probe.flopsPerSecond(2_000_000));
      long start = clock(threads);
      layers.get(runs % layers.size()).run();
      nanos[runs++] = clock(threads) - start;
    }
    layers.forEach(CachedAttentionTrial.Bound::close);
    Arrays.sort(nanos, 0, runs);
    double pairs = queries * (length - (queries - 1) / 2.0);
    double flops = 2.0 * HEADS * pairs * 2 * WIDTH;
    double perRow = WIDTH * cache.bits() / 8.0 + (cache == DType.I8 ? WIDTH / 16.0 : 0);
    double bytes = 2.0 * KV_HEADS * length * perRow;
    System.out.printf(
        "%s %d of %d: median %.3f ms, best %.3f ms; at best %.1f GFLOP/s (%.0f %% of %.1f), %.1f"
            + " GB/s of cache%n",
        cache,
        queries,
        length,
        nanos[runs / 2] / 1e6,
        nanos[0] / 1e6,
        flops / nanos[0],
        100 * flops / nanos[0] / (peak * threads / 1e9),
        peak * threads / 1e9,
        bytes / nanos[0]);
  }
}
