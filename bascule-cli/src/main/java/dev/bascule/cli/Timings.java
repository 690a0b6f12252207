package dev.bascule.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Where the time of a command went, phase by phase, from the start of the process: on the clock,
 * and, where Linux says so, of this thread on a processor. The two differ by what other threads did
 * for it, and by waiting.
 */
final class Timings {
  private static final Path SCHEDULED = Path.of("/proc/thread-self/schedstat");

  private record Phase(String name, double millis, double processorMillis) {}

  private final List<Phase> phases = new ArrayList<>();
  private long lastNanos = System.nanoTime();
  private long lastProcessorNanos;

  /** A stopwatch whose first phase is what came before it: the JVM and the command line. */
  static Timings sinceProcessStart() {
    Timings timings = new Timings();
    long startMillis =
        ProcessHandle.current()
            .info()
            .startInstant()
            .map(java.time.Instant::toEpochMilli)
            .orElse(System.currentTimeMillis());
    timings.lastNanos -= (System.currentTimeMillis() - startMillis) * 1_000_000;
    timings.mark("start of the JVM, command line");
    return timings;
  }

  /** Everything since the last call was {@code phase}. */
  void mark(String phase) {
    long now = System.nanoTime();
    long processor = processorNanos();
    phases.add(new Phase(phase, (now - lastNanos) / 1e6, (processor - lastProcessorNanos) / 1e6));
    lastNanos = System.nanoTime();
    lastProcessorNanos = processor;
  }

  /** Time this thread has run; 0 where the system does not say. */
  private static long processorNanos() {
    try {
      String text = Files.readString(SCHEDULED);
      return Long.parseLong(text.substring(0, text.indexOf(' ')));
    } catch (IOException | RuntimeException e) {
      return 0;
    }
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("   clock  processor\n");
    double millis = 0;
    double processorMillis = 0;
    for (Phase phase : phases) {
      text.append(line(phase));
      millis += phase.millis();
      processorMillis += phase.processorMillis();
    }
    return text.append(line(new Phase("in all", millis, processorMillis))).toString();
  }

  private static String line(Phase phase) {
    return Text.format(
        "%8.1f %8.1f ms  %s%n", phase.millis(), phase.processorMillis(), phase.name());
  }
}
