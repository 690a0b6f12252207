package dev.bascule.conformance;

import dev.bascule.core.device.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The suite from the command line: {@code test}, {@code graphs FROM TO}, {@code kernels FROM TO},
 * {@code perf}, {@code support FILE}; then the devices, by default all that are here.
 */
public final class Main {
  private static final int PROGRESS = 100;

  private final List<Devices> kinds;

  private Main(List<Devices> kinds) {
    this.kinds = kinds;
  }

  public static void main(String[] arguments) throws IOException {
    if (arguments.length == 0) {
      System.err.println(
          "conformance test | graphs FROM TO | kernels FROM TO | perf | support FILE, then devices "
              + Arrays.toString(Devices.values()));
      System.exit(2);
    }
    int used =
        switch (arguments[0]) {
          case "graphs", "kernels" -> 3;
          case "support" -> 2;
          default -> 1;
        };
    List<Devices> kinds = new ArrayList<>();
    for (String name : Arrays.asList(arguments).subList(used, arguments.length)) {
      kinds.add(Devices.of(name));
    }
    Main main = new Main(kinds.isEmpty() ? List.of(Devices.values()) : kinds);
    int failures =
        switch (arguments[0]) {
          case "test" -> main.test();
          case "graphs" -> main.graphs(from(arguments), to(arguments));
          case "kernels" -> main.kernels(from(arguments), to(arguments));
          case "perf" -> main.perf();
          case "support" -> main.support(Path.of(arguments[1]));
          default -> throw new IllegalArgumentException("no mode '" + arguments[0] + "'");
        };
    System.exit(failures == 0 ? 0 : 1);
  }

  private static long from(String[] arguments) {
    return Long.parseLong(arguments[1]);
  }

  private static long to(String[] arguments) {
    return Long.parseLong(arguments[2]);
  }

  /** The device of each kind, with this many threads; those that are absent are told. */
  private List<Opened> open(int threads) {
    List<Opened> opened = new ArrayList<>();
    for (Devices kind : kinds) {
      Devices.Opened found = kind.open(threads, Map.of());
      if (found.devices().isEmpty()) {
        System.out.println(kind + " is absent: " + found.reason());
      } else {
        opened.add(new Opened(kind, threads, found.devices().getFirst()));
      }
    }
    return opened;
  }

  private record Opened(Devices kind, int threads, Device device) {
    @Override
    public String toString() {
      return kind + " with " + threads + (threads == 1 ? " thread" : " threads");
    }
  }

  private int test() {
    int failures = 0;
    References references = new References();
    for (Opened opened : open(2)) {
      var report = new Conformance(opened.device, opened.kind.scope(), references).run();
      System.out.println(opened + ", " + report);
      report.failures().forEach(System.out::println);
      failures += report.failures().size();
      opened.device.close();
    }
    return failures;
  }

  /** Each graph on every device with 1 and 2 threads; OpenCL has its own. */
  private int graphs(long from, long to) {
    List<Opened> all = new ArrayList<>(open(1));
    open(2).stream().filter(o -> o.kind.scope().equals(Conformance.Scope.FULL)).forEach(all::add);
    System.out.println("graphs " + from + " to " + to + " on the reference, " + all);
    long start = System.nanoTime();
    int failures = 0;
    long nodes = 0;
    for (long seed = from; seed < to; seed++) {
      Case example = RandomGraph.of(seed);
      GraphChecks.Drawn drawn = GraphChecks.Drawn.of(example);
      nodes += example.graph().nodes().size();
      for (Opened opened : all) {
        try (EngineRunner runner = new EngineRunner(opened.device)) {
          Optional<String> failure = GraphChecks.failure(runner, drawn);
          failure.ifPresent(text -> System.out.println(opened + ": " + text));
          failures += failure.isPresent() ? 1 : 0;
        }
      }
      progress(seed + 1 - from, to - from, "graphs", failures, start);
    }
    System.out.printf(
        Locale.ROOT,
        "%d graphs of %.1f nodes on %d devices: %d failures%n",
        to - from,
        nodes / (double) Math.max(1, to - from),
        all.size(),
        failures);
    all.forEach(opened -> opened.device.close());
    return failures;
  }

  private int kernels(long from, long to) {
    List<Opened> all = open(2);
    long start = System.nanoTime();
    int failures = 0;
    for (long seed = from; seed < to; seed++) {
      KernelCase example = RandomKernel.of(seed);
      for (Opened opened : all) {
        Optional<String> failure = KernelChecks.failure(opened.device, example);
        failure.ifPresent(text -> System.out.println(opened + ": " + text));
        failures += failure.isPresent() ? 1 : 0;
      }
      progress(seed + 1 - from, to - from, "kernels", failures, start);
    }
    System.out.println((to - from) + " kernels on " + all + ": " + failures + " failures");
    all.forEach(opened -> opened.device.close());
    return failures;
  }

  private static void progress(long done, long all, String what, int failures, long start) {
    if (done % PROGRESS == 0 || done == all) {
      System.out.printf(
          Locale.ROOT,
          "%d of %d %s, %d failures, %.0f s%n",
          done,
          all,
          what,
          failures,
          (System.nanoTime() - start) / 1e9);
    }
  }

  /** The time of each case: to compile, and of the fastest of some runs; nothing is asserted. */
  private int perf() {
    for (Opened opened : open(2)) {
      System.out.println(opened + ": case, ms to compile, us to run");
      try (EngineRunner runner = new EngineRunner(opened.device)) {
        for (Case example :
            opened.kind.scope().equals(Conformance.Scope.FULL) ? Cases.all() : Cases.brief()) {
          time(runner, example);
        }
      }
      opened.device.close();
    }
    return 0;
  }

  private static void time(GraphRunner runner, Case example) {
    long start = System.nanoTime();
    try (GraphRunner.Compiled compiled = runner.compile(example.graph())) {
      double compileMillis = (System.nanoTime() - start) / 1e6;
      int last = example.runs().size() - 1;
      var inputs = example.inputs(last);
      long fastest = Long.MAX_VALUE;
      for (int i = 0; i < 5; i++) {
        long before = System.nanoTime();
        compiled.run(inputs);
        fastest = Math.min(fastest, System.nanoTime() - before);
      }
      System.out.printf(
          Locale.ROOT, "%s, %.1f, %.0f%n", example.name(), compileMillis, fastest / 1e3);
    }
  }

  private int support(Path file) throws IOException {
    Map<Devices, String> sections = new EnumMap<>(Devices.class);
    for (Opened opened : open(2)) {
      sections.put(opened.kind, SupportMatrix.section(opened.kind, opened.device));
      opened.device.close();
    }
    String before = Files.exists(file) ? Files.readString(file) : "";
    Files.writeString(file, SupportMatrix.page(before, sections));
    return 0;
  }
}
