package dev.bascule.bench;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Time to the first token of a process that is started anew, the model's file in the page cache, in
 * turn. {@code command}: a whole program, from its start to the first byte that it prints, which is
 * its first token: {@code ./bascule generate} and the C program {@code first-token.c} (given as
 * {@code --llama-command}, compiled). {@code in Java}: the same of the processes of {@link
 * LanguageSpeed}, JVM start included, and {@code inside}: of these, only from before the model is
 * opened until the first token is chosen.
 *
 * <p>{@code --before} is a command that runs before each start, whoever's it is. A virtual
 * machine's host may take free memory back after seconds, and give it again at milliseconds a
 * megabyte: a command that touches as much memory as a model takes, and ends, keeps that out of the
 * measurement.
 */
final class ColdStart {
  private static final int PROMPT_TOKENS = 16;
  private static final int CONTEXT = 4096;
  private static final long TIMEOUT_SECONDS = 300;
  private static final long ID_STRIDE = 7919;
  private static final int ID_LIMIT = 512;

  private ColdStart() {}

  /** A time to the first token; each call starts a process anew. */
  private interface Start {
    double seconds() throws IOException;
  }

  static SpeedReport measure(Path model, Options options, List<SideProcess.Kind> kinds)
      throws IOException {
    int threads = options.number("threads", 2);
    int starts = options.number("starts", 5);
    String isa = options.text("isa", "best");
    List<SpeedReport.Row> rows = new ArrayList<>();
    rows.add(commands(model, options, threads, starts));
    Side.Settings settings = new Side.Settings(model, threads, CONTEXT, CONTEXT, isa);
    rows.addAll(processes(settings, kinds, options, starts));
    return new SpeedReport(
        "time to the first token, "
            + model.getFileName()
            + ", a prompt of "
            + PROMPT_TOKENS
            + " tokens, "
            + threads
            + " threads, "
            + starts
            + " starts each",
        List.of(),
        rows);
  }

  private static SpeedReport.Row commands(Path model, Options options, int threads, int starts)
      throws IOException {
    String file = model.toString();
    List<String> names = new ArrayList<>(List.of("Bascule"));
    List<Start> commands = new ArrayList<>();
    commands.add(() ->
        firstByte(
            List.of(
                options.text("bascule", "./bascule"),
                "--threads",
                Integer.toString(threads),
                "--cpu-isa",
                options.text("isa", "best"),
                "generate",
                file,
                "--prompt-ids",
                Arrays.stream(ids()).mapToObj(String::valueOf).collect(Collectors.joining(",")),
                "--print-ids",
                "--max-tokens",
                "1")));
    if (options.has("llama-command")) {
      names.add("llama.cpp");
      commands.add(() ->
          firstByte(
              List.of(
                  options.required("llama-command"),
                  options.required("llama-lib"),
                  file,
                  Integer.toString(CONTEXT),
                  Integer.toString(threads),
                  Integer.toString(PROMPT_TOKENS))));
    }
    double[][] times = new double[commands.size()][starts];
    for (int round = -1; round < starts; round++) { // the first fills the page cache
      for (int i = 0; i < times.length; i++) {
        before(options);
        times[i][Math.max(0, round)] = commands.get(i).seconds();
      }
    }
    return row("first token: command", names, times);
  }

  private static void before(Options options) throws IOException {
    if (!options.has("before")) {
      return;
    }
    List<String> command = List.of(options.required("before").split(" ", -1));
    Process process =
        new ProcessBuilder(command).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
    try {
      if (process.waitFor() != 0) {
        throw new SideFailedException(command + " ended with " + process.exitValue(), null);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SideFailedException("interrupted while " + command + " ran", e);
    }
  }

  /** Ids that any vocabulary has; those of the C program. */
  private static int[] ids() {
    return IntStream.range(0, PROMPT_TOKENS).map(i -> (int) (i * ID_STRIDE % ID_LIMIT)).toArray();
  }

  private static double firstByte(List<String> command) throws IOException {
    Path log = Files.createTempFile("first-token", ".log");
    long start = System.nanoTime();
    Process process = new ProcessBuilder(command).redirectError(log.toFile()).start();
    try (InputStream out = process.getInputStream()) {
      int first = out.read();
      double seconds = (System.nanoTime() - start) * 1e-9;
      out.readAllBytes();
      if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)
          || process.exitValue() != 0
          || first < 0) {
        throw new SideFailedException(
            command + " failed; its last words:\n" + Files.readString(log), null);
      }
      return seconds;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SideFailedException("interrupted while " + command + " ran", e);
    } finally {
      process.destroyForcibly();
      Files.delete(log);
    }
  }

  private static List<SpeedReport.Row> processes(
      Side.Settings settings, List<SideProcess.Kind> kinds, Options options, int starts)
      throws IOException {
    double[][] whole = new double[kinds.size()][starts];
    double[][] inside = new double[kinds.size()][starts];
    for (int round = -1; round < starts; round++) {
      for (int i = 0; i < kinds.size(); i++) {
        before(options);
        long start = System.nanoTime();
        try (SideProcess side = new SideProcess(kinds.get(i), settings, TIMEOUT_SECONDS)) {
          long opened = System.nanoTime();
          side.greedy(1, ids());
          long end = System.nanoTime();
          whole[i][Math.max(0, round)] = (end - start) * 1e-9;
          inside[i][Math.max(0, round)] = side.openSeconds() + (end - opened) * 1e-9;
        }
      }
    }
    List<String> names = kinds.stream().map(SideProcess.Kind::name).toList();
    return List.of(
        row("first token: in Java", names, whole), row("first token: inside", names, inside));
  }

  private static SpeedReport.Row row(String name, List<String> sides, double[][] times) {
    List<SpeedReport.Timing> timings = new ArrayList<>();
    for (int i = 0; i < times.length; i++) {
      timings.add(
          new SpeedReport.Timing(
              sides.get(i),
              Medians.median(times[i]),
              Arrays.stream(times[i]).min().orElse(Double.NaN),
              Medians.ratio(times[i], times[0]),
              Double.NaN));
    }
    return new SpeedReport.Row(name, 0, 0, Double.NaN, timings);
  }
}
