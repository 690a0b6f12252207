package dev.bascule.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bascule.core.DType;
import dev.bascule.core.device.DeviceOptions;
import dev.bascule.core.graph.CachedAttention;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CachedAttentionKernelTest {
  private static final List<DType> CACHES = List.of(DType.F32, DType.F16, DType.BF16, DType.I8);

  @Test
  void randomAttentionsGiveTheDecompositionsBits() {
    long first = System.nanoTime();
    for (long seed = first; seed < first + 40; seed++) {
      Random random = new Random(seed);
      check(draw(random), random, "seed " + seed);
    }
  }

  private static CachedAttentionTrial draw(Random random) {
    int kvHeads = 1 + random.nextInt(2);
    int group = random.nextInt(4) == 0 ? 1 + random.nextInt(10) : 1 + random.nextInt(3);
    int capacity = 1 + random.nextInt(150);
    int length = 1 + random.nextInt(capacity);
    int queries = random.nextBoolean() ? 1 : 1 + random.nextInt(Math.min(length, 60));
    var sizes =
        new CachedAttentionTrial.Sizes(
            queries,
            kvHeads * group,
            kvHeads,
            elements(random),
            elements(random),
            capacity,
            length,
            CACHES.get(random.nextInt(CACHES.size())));
    int keyBlock = 1 + random.nextInt(random.nextBoolean() ? 40 : 200);
    int window = random.nextBoolean() ? 0 : 1 + random.nextInt(100);
    var op = new CachedAttention(0.25f, keyBlock, window);
    return CachedAttentionTrial.of(op, sizes, random);
  }

  /** Often what heads have, sometimes what no vector fits. */
  private static int elements(Random random) {
    return random.nextInt(3) == 0 ? 1 + random.nextInt(40) : 8 << random.nextInt(4);
  }

  @Test
  void longCachesGiveTheDecompositionsBits() {
    Random random = new Random(8);
    for (DType cache : CACHES) {
      for (int queries : new int[] {1, 7, 130}) {
        var sizes = new CachedAttentionTrial.Sizes(queries, 6, 2, 96, 64, 400, 391, cache);
        for (int window : new int[] {0, 150}) {
          var op = new CachedAttention(0.1f, 128, window);
          check(CachedAttentionTrial.of(op, sizes, random), random, queries + " over " + cache);
        }
      }
    }
  }

  private static void check(CachedAttentionTrial trial, Random random, String what) {
    float[] expected = trial.reference();
    for (String isa : new String[] {"portable", "avx2", "best"}) {
      DeviceOptions options = new DeviceOptions(1 + random.nextInt(3), Map.of("cpu.isa", isa));
      try (CpuDevice device = new CpuDevice(CpuSettings.of(options))) {
        try (CachedAttentionTrial.Bound bound = trial.on(device)) {
          bound.run();
          bound.run();
          assertThat(bound.result())
              .as("%s, %s, %s, %s", what, isa, trial.op(), trial.sizes())
              .isEqualTo(expected);
        }
        assertThat(device.memory().buffers()).isZero();
      }
    }
  }
}
