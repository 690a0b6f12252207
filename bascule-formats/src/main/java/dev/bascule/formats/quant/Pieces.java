package dev.bascule.formats.quant;

import dev.bascule.formats.OutgoingTensor;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Makes the pieces of tensors with several threads, a few ahead, and hands them over in their
 * order: memory stays at a few pieces for each thread, however large the tensors are.
 */
public final class Pieces implements AutoCloseable {
  /** Whole blocks of every type; some ten milliseconds of a search for scales. */
  public static final int ELEMENTS = 1 << 16;

  private static final int AHEAD = 4;

  /** Makes one piece of a tensor's bytes. */
  public interface Maker {
    MemorySegment make(long index);
  }

  private final int threads;
  private final ExecutorService pool;

  public Pieces(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("pieces: expected at least one thread, got " + threads);
    }
    this.threads = threads;
    this.pool = Executors.newFixedThreadPool(threads);
  }

  /**
   * Writes {@code count} pieces to {@code sink}.
   *
   * @param written hears of each
   */
  public void write(long count, Maker maker, OutgoingTensor.Sink sink, Runnable written)
      throws IOException {
    Deque<Future<MemorySegment>> ahead = new ArrayDeque<>();
    try {
      for (long i = 0; i < count; i++) {
        if (ahead.size() == AHEAD * threads) {
          sink.write(get(ahead.removeFirst()));
          written.run();
        }
        long index = i;
        ahead.addLast(pool.submit(() -> maker.make(index)));
      }
      while (!ahead.isEmpty()) {
        sink.write(get(ahead.removeFirst()));
        written.run();
      }
    } finally {
      ahead.forEach(piece -> piece.cancel(false));
    }
  }

  private static MemorySegment get(Future<MemorySegment> piece) throws IOException {
    try {
      return piece.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IOException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    }
  }

  @Override
  public void close() {
    pool.shutdownNow();
  }
}
