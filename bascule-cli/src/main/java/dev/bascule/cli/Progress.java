package dev.bascule.cli;

import java.io.PrintWriter;

/**
 * How far long work is: a bar that is drawn over on a terminal, and a line every few seconds
 * elsewhere. Says nothing of what is done within the first second.
 */
final class Progress implements AutoCloseable {
  private static final long QUIET_NANOS = 1_000_000_000L;
  private static final long BAR_NANOS = 100_000_000L;
  private static final long LINE_NANOS = 10_000_000_000L;
  private static final int BAR_CELLS = 24;
  private static final int LABEL_CHARS = 40;

  private final PrintWriter out;
  private final String what;
  private final long total;
  private final boolean terminal;
  private long done;
  private long nextNanos;
  private boolean drawn;

  Progress(Console console, String what, long total, boolean terminal) {
    this.out = console.err();
    this.what = what;
    this.total = total;
    this.terminal = terminal;
    this.nextNanos = System.nanoTime() + QUIET_NANOS;
  }

  /** One more is done; {@code next} is what is being worked on. */
  void step(String next) {
    done++;
    long now = System.nanoTime();
    if (now < nextNanos) {
      return;
    }
    nextNanos = now + (terminal ? BAR_NANOS : LINE_NANOS);
    if (terminal) {
      int filled = (int) (done * BAR_CELLS / Math.max(1, total));
      String bar = "#".repeat(filled) + ".".repeat(BAR_CELLS - filled);
      String label = next.length() > LABEL_CHARS ? next.substring(0, LABEL_CHARS) : next;
      out.print(
          Text.format("\r%s [%s] %d of %d %-" + LABEL_CHARS + "s", what, bar, done, total, label));
      drawn = true;
    } else {
      out.println("bascule: " + what + ": " + done + " of " + total);
    }
    out.flush();
  }

  /** Takes the bar away. */
  @Override
  public void close() {
    if (drawn) {
      out.print("\r\u001b[K");
      out.flush();
    }
  }
}
