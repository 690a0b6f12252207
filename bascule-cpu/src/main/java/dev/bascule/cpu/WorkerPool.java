package dev.bascule.cpu;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Persistent threads that share the chunks of one job at a time.
 *
 * <p>Each has a run of neighbouring chunks of its own, so that it reads memory in order, and takes
 * from the end of another's run when its own is done. The caller works too, as worker 0, and waits
 * only for workers that are in the middle of a chunk, never for one that has not woken up. A caller
 * that finds the pool busy with another job does its whole work itself, so that callers cannot wait
 * for each other. Workers spin for {@link #SPIN_NANOS} after a job, because the next launch usually
 * follows at once, and then park.
 */
final class WorkerPool implements AutoCloseable {
  /** A range of independent units that any worker may run any part of. */
  interface Work {
    void run(int worker, long low, long high);
  }

  private static final long SPIN_NANOS = 1_000_000;
  private static final int SPINS_PER_CLOCK = 64;

  /** Chunks per thread: enough to balance, few enough that taking one costs nothing. */
  private static final int CHUNKS_PER_THREAD = 4;

  /** Set in {@link #gate} while workers may enter. */
  private static final long OPEN = 1L << 31;

  private static final long ENTERED = OPEN - 1;
  private static final long EPOCH = 1L << 32;

  /** A job that nobody submitted. */
  private static final Work NOTHING = (worker, low, high) -> {};

  private final List<Worker> workers = new ArrayList<>();
  private final int threads;

  private final AtomicBoolean busy = new AtomicBoolean();

  /** Number of the job, whether it is open, and how many workers are inside. */
  private final AtomicLong gate = new AtomicLong();

  private final ChunkRuns chunks;
  private volatile boolean closed;
  private volatile @Nullable Thread caller;

  // the job; written by the caller before it opens the gate
  private Work work = NOTHING;
  private long units;
  private long chunk;
  private volatile @Nullable Throwable failure;

  /**
   * @param threads threads that work on a job, the caller's included
   */
  WorkerPool(int threads) {
    this.threads = threads;
    this.chunks = new ChunkRuns(threads);
    for (int number = 1; number < threads; number++) {
      Worker worker = new Worker(number);
      workers.add(worker);
      worker.setDaemon(true);
      worker.start();
    }
  }

  /** Workers that may run parts of a job: valid worker numbers are below this. */
  int threads() {
    return threads;
  }

  /**
   * Runs {@code [0, total)} in chunks of at least {@code chunkMin} units; returns when all are
   * done.
   */
  void run(Work job, long total, long chunkMin) {
    if (threads == 1 || total <= chunkMin || !busy.compareAndSet(false, true)) {
      job.run(0, 0, total);
      return;
    }
    try {
      submit(job, total, chunkMin);
      try {
        takeChunks(0);
      } catch (RuntimeException | Error e) {
        chunks.clear();
        throw e;
      } finally {
        closeGate();
      }
      Throwable thrown = failure;
      if (thrown instanceof RuntimeException exception) {
        throw exception;
      } else if (thrown instanceof Error error) {
        throw error;
      }
    } finally {
      work = NOTHING;
      failure = null;
      busy.set(false);
    }
  }

  private void submit(Work job, long total, long chunkMin) {
    work = job;
    units = total;
    chunk = Math.max(chunkMin, Math.ceilDiv(total, (long) threads * CHUNKS_PER_THREAD));
    long count = Math.ceilDiv(total, chunk);
    long sharing = Math.min(threads, count);
    chunks.share(count, sharing);
    caller = Thread.currentThread();
    gate.set((gate.get() & -EPOCH) + EPOCH + OPEN);
    for (int i = 0; i < sharing - 1; i++) {
      workers.get(i).wake();
    }
  }

  /** The worker's own chunks in order, then what is left of the others'. */
  private void takeChunks(int worker) {
    for (long taken = chunks.first(worker); taken >= 0; taken = chunks.first(worker)) {
      run(worker, taken);
    }
    for (int i = 1; i < threads; i++) {
      int other = (worker + i) % threads;
      for (long taken = chunks.last(other); taken >= 0; taken = chunks.last(other)) {
        run(worker, taken);
      }
    }
  }

  private void run(int worker, long taken) {
    long low = taken * chunk;
    work.run(worker, low, Math.min(low + chunk, units));
  }

  /** Lets no more workers in and waits for those inside. */
  private void closeGate() {
    long state = gate.addAndGet(-OPEN);
    if ((state & ENTERED) == 0) {
      return;
    }
    long deadline = System.nanoTime() + SPIN_NANOS;
    for (int spins = 1; (gate.get() & ENTERED) != 0; spins++) {
      if (spins % SPINS_PER_CLOCK != 0 || System.nanoTime() < deadline) {
        Thread.onSpinWait();
      } else {
        LockSupport.park(this);
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    for (Worker worker : workers) {
      LockSupport.unpark(worker);
    }
    boolean interrupted = false;
    for (Worker worker : workers) {
      interrupted |= join(worker);
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Waits for the thread's end; true where this thread was interrupted meanwhile. */
  private static boolean join(Thread thread) {
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        return interrupted;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
  }

  private final class Worker extends Thread {
    private final int number;
    private volatile boolean parked;

    Worker(int number) {
      super("bascule-cpu-" + number);
      this.number = number;
    }

    void wake() {
      if (parked) {
        LockSupport.unpark(this);
      }
    }

    @Override
    public void run() {
      long done = 0;
      while (!closed) {
        long state = awaitJob(done);
        if ((state & OPEN) == 0) {
          continue;
        }
        if (gate.compareAndSet(state, state + 1)) {
          done = state >>> 32;
          help();
        }
      }
    }

    /**
     * To a thread that has work, such as a compiler of the JVM's: at a start there are more of them
     * than cores.
     */
    @SuppressWarnings("ThreadPriorityCheck") // who spins is in nobody's way
    private static void giveWay() {
      Thread.yield();
    }

    /** The gate once a job other than {@code done} is open; or closed, when the pool is. */
    private long awaitJob(long done) {
      long deadline = System.nanoTime() + SPIN_NANOS;
      for (int spins = 1; !closed; spins++) {
        long state = gate.get();
        if ((state & OPEN) != 0 && state >>> 32 != done) {
          return state;
        }
        if (spins % SPINS_PER_CLOCK != 0) {
          Thread.onSpinWait();
          continue;
        }
        if (System.nanoTime() < deadline) {
          giveWay();
          continue;
        }
        parked = true;
        state = gate.get();
        if (!closed && ((state & OPEN) == 0 || state >>> 32 == done)) {
          LockSupport.park(WorkerPool.this);
        }
        parked = false;
        deadline = System.nanoTime() + SPIN_NANOS;
      }
      return 0;
    }

    private void help() {
      try {
        takeChunks(number);
      } catch (RuntimeException | Error e) {
        failure = e;
        chunks.clear();
      } finally {
        Thread waiting = caller;
        long state = gate.decrementAndGet();
        if ((state & (OPEN | ENTERED)) == 0) {
          LockSupport.unpark(waiting);
        }
      }
    }
  }
}
