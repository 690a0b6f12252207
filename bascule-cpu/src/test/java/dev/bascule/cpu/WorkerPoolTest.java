package dev.bascule.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class WorkerPoolTest {
  @Test
  void everyUnitRunsOnce() {
    for (int threads : new int[] {1, 2, 5}) {
      try (WorkerPool pool = new WorkerPool(threads)) {
        for (int total = 0; total < 3000; total += 37) {
          AtomicIntegerArray runs = new AtomicIntegerArray(total);
          pool.run(
              (worker, low, high) -> {
                assertThat(worker).isBetween(0, threads - 1);
                for (long unit = low; unit < high; unit++) {
                  runs.incrementAndGet((int) unit);
                }
              },
              total,
              1 + total % 5);
          for (int unit = 0; unit < total; unit++) {
            assertThat(runs.get(unit)).isEqualTo(1);
          }
        }
      }
    }
  }

  @Test
  void aFailureOfAnyChunkReachesTheCallerAndThePoolGoesOn() {
    try (WorkerPool pool = new WorkerPool(3)) {
      for (int bad = 0; bad < 100; bad++) {
        int failing = bad;
        assertThatThrownBy(() ->
                pool.run(
                    (worker, low, high) -> {
                      if (low <= failing && failing < high) {
                        throw new IllegalStateException("unit " + failing);
                      }
                    },
                    100,
                    1))
            .isInstanceOf(IllegalStateException.class)
            .hasMessage("unit " + failing);
        AtomicLong units = new AtomicLong();
        pool.run((worker, low, high) -> units.addAndGet(high - low), 100, 1);
        assertThat(units.get()).isEqualTo(100);
      }
    }
  }

  @Test
  void aCallerThatFindsThePoolBusyWorksAlone() {
    try (WorkerPool pool = new WorkerPool(2)) {
      AtomicLong inner = new AtomicLong();
      pool.run((worker, low, high) -> pool.run((w, l, h) -> inner.addAndGet(h - l), 10, 1), 8, 1);
      assertThat(inner.get() % 10).isZero();
      assertThat(inner.get()).isPositive();
    }
  }
}
