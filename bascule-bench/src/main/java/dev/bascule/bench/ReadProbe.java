package dev.bascule.bench;

import dev.bascule.core.device.Buffer;
import dev.bascule.core.device.Device;
import dev.bascule.core.device.DeviceOptions;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * How fast memory can be read, by as many threads as a model has: what writing a token, which reads
 * every weight once, can at best be compared with. Each thread sums its part of a buffer that is
 * much larger than the caches and lies in memory as weights do; of two loops that compile
 * differently and a few rounds the fastest counts, because whatever disturbs a round makes it
 * slower. A machine that is shared reads faster at one time than at another: the probe belongs
 * beside what is compared with it.
 */
final class ReadProbe implements AutoCloseable {
  private static final long BYTES = 512L << 20;
  private static final int ROUNDS = 4;
  private static final int ROUNDS_WARMING = 12;
  private static final int LINE_BYTES = 64;

  private final Device device;
  private final Buffer buffer;
  private final MemorySegment memory;
  private final ExecutorService workers;
  private final int threads;

  ReadProbe(int threads) {
    this.threads = threads;
    this.device = EmbeddingModel.device("cpu", new DeviceOptions(1, Map.of()));
    this.buffer = device.allocate(BYTES);
    this.memory = buffer.host().orElseThrow();
    this.workers = Executors.newFixedThreadPool(threads);
    memory.fill((byte) 1); // pages of zeros may all be one page
    best(ROUNDS_WARMING);
  }

  /** Bytes a second, now. */
  double bytesPerSecond() {
    return best(ROUNDS);
  }

  private double best(int rounds) {
    double best = 0;
    for (int round = 0; round < rounds; round++) {
      best = Math.max(best, Math.max(rate(ReadProbe::sum), rate(ReadProbe::sumOfLines)));
    }
    return best;
  }

  private interface Sum {
    long of(MemorySegment memory, long from, long to);
  }

  private double rate(Sum sum) {
    long part = BYTES / threads / LINE_BYTES * LINE_BYTES;
    List<Callable<Long>> parts = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      long from = i * part;
      parts.add(() -> sum.of(memory, from, from + part));
    }
    try {
      long start = System.nanoTime();
      List<Future<Long>> sums = workers.invokeAll(parts);
      double seconds = (System.nanoTime() - start) * 1e-9;
      for (Future<Long> one : sums) {
        if (one.get() != part / Long.BYTES * 0x0101_0101_0101_0101L) {
          throw new IllegalStateException("the probe read something that was not written");
        }
      }
      return part * threads / seconds;
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException("the probe of memory failed", e);
    }
  }

  private static long sum(MemorySegment memory, long from, long to) {
    long sum = 0;
    for (long at = from; at < to; at += Long.BYTES) {
      sum += memory.get(ValueLayout.JAVA_LONG, at);
    }
    return sum;
  }

  /** A cache line at a time: independent sums, so that many loads are under way. */
  private static long sumOfLines(MemorySegment memory, long from, long to) {
    long a = 0;
    long b = 0;
    long c = 0;
    long d = 0;
    for (long at = from; at < to; at += LINE_BYTES) {
      a += memory.get(ValueLayout.JAVA_LONG, at) + memory.get(ValueLayout.JAVA_LONG, at + 8);
      b += memory.get(ValueLayout.JAVA_LONG, at + 16) + memory.get(ValueLayout.JAVA_LONG, at + 24);
      c += memory.get(ValueLayout.JAVA_LONG, at + 32) + memory.get(ValueLayout.JAVA_LONG, at + 40);
      d += memory.get(ValueLayout.JAVA_LONG, at + 48) + memory.get(ValueLayout.JAVA_LONG, at + 56);
    }
    return a + b + c + d;
  }

  @Override
  public void close() {
    workers.close();
    buffer.close();
    device.close();
  }
}
