package dev.bascule.cli;

import java.util.LinkedHashMap;
import java.util.Map;

/** Where the time of a command went, phase by phase, from the start of the process. */
final class Timings {
  private final Map<String, Double> millis = new LinkedHashMap<>();
  private long lastNanos = System.nanoTime();

  /** A stopwatch whose first phase is what came before it: the JVM and the command line. */
  static Timings sinceProcessStart() {
    Timings timings = new Timings();
    ProcessHandle.current()
        .info()
        .startInstant()
        .ifPresent(start ->
            timings.millis.put(
                "start of the JVM, command line",
                (double) (System.currentTimeMillis() - start.toEpochMilli())));
    timings.lastNanos = System.nanoTime();
    return timings;
  }

  /** Everything since the last call was {@code phase}. */
  void mark(String phase) {
    long now = System.nanoTime();
    millis.merge(phase, (now - lastNanos) / 1e6, Double::sum);
    lastNanos = now;
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    double sum = 0;
    for (Map.Entry<String, Double> phase : millis.entrySet()) {
      text.append(Text.format("%8.1f ms  %s%n", phase.getValue(), phase.getKey()));
      sum += phase.getValue();
    }
    return text.append(Text.format("%8.1f ms  in all%n", sum)).toString();
  }
}
