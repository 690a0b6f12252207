package dev.bascule.cpu;

import java.util.concurrent.atomic.AtomicLongArray;

/** The chunks of a job that are not taken yet: for each worker a run of neighbouring ones. */
final class ChunkRuns {
  /** Longs from one worker's run to the next: no two share lines that are fetched together. */
  private static final int STRIDE = 16;

  /** The half of a run that holds its first chunk; the other holds the one after its last. */
  private static final long FIRST = (1L << Integer.SIZE) - 1;

  private final AtomicLongArray runs;
  private final int workers;

  ChunkRuns(int workers) {
    this.workers = workers;
    this.runs = new AtomicLongArray((workers + 1) * STRIDE);
  }

  /** Behind a stride that is left free: the array's length, which all read, lies before it. */
  private static int place(int worker) {
    return (worker + 1) * STRIDE;
  }

  /**
   * Shares {@code chunks} among the first {@code sharing} workers. Others see it when something
   * volatile is written after it: with many workers, a fence for each would be slow.
   */
  void share(long chunks, long sharing) {
    for (int worker = 0; worker < workers; worker++) {
      long share = Math.min(worker, sharing);
      long end = chunks * Math.min(share + 1, sharing) / sharing;
      runs.setRelease(place(worker), end << Integer.SIZE | chunks * share / sharing);
    }
  }

  /** Takes the first chunk of a worker's run; -1 when there is none. */
  long first(int worker) {
    while (true) {
      long run = runs.get(place(worker));
      long first = run & FIRST;
      if (first >= run >>> Integer.SIZE) {
        return -1;
      }
      if (runs.compareAndSet(place(worker), run, run + 1)) {
        return first;
      }
    }
  }

  /** Takes the last chunk of a worker's run; -1 when there is none. */
  long last(int worker) {
    while (true) {
      long run = runs.get(place(worker));
      long end = run >>> Integer.SIZE;
      if ((run & FIRST) >= end) {
        return -1;
      }
      if (runs.compareAndSet(place(worker), run, run - (1L << Integer.SIZE))) {
        return end - 1;
      }
    }
  }

  /** Leaves nothing to take. */
  void clear() {
    for (int worker = 0; worker < workers; worker++) {
      runs.set(place(worker), 0);
    }
  }
}
