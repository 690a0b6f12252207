package dev.bascule.bench;

import dev.bascule.models.DecoderModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Language models beside their peers, on one GGUF file, in one run. Every side lives in a process
 * of its own and rests while another is timed; blocks of about half a second alternate, so that
 * medians, and above all the ratios of neighbouring blocks, stand beside each other whatever the
 * machine does meanwhile. Timed: reading a prompt; writing tokens behind a context, the whole loop
 * with the choice of the likeliest, each block from the same context anew. How fast memory can be
 * read is probed beside each block.
 *
 * <pre>
 * --model FILE.gguf | --synthetic SHAPE [--quant q8_0]   what to run
 * [--llama-lib FOLDER]   llama.cpp: the folder of libllama.so, libggml.so, libggml-cpu-*.so
 * [--kherud]             llama.cpp of de.kherud:llama (b4916, AVX2); it does not know Qwen3
 * [--jlama FOLDER]       Jlama, for Llamas: the folder of jlama-core's jar and those that it needs
 * [--jlama-model FOLDER] where to keep what Jlama reads, which takes it minutes to make
 * [--threads 2] [--isa best|avx512|avx2]   isa is Bascule's; a peer chooses by itself
 * [--prompt 512] [--contexts 128,4096] [--chunk 512] [--blocks 9] [--seconds 0.5] [--warm 3]
 * [--json]
 * --cold [--starts 5] [--bascule ./bascule] [--llama-command FILE] [--before COMMAND]   see ColdStart
 * </pre>
 */
public final class LanguageSpeed {
  private static final long TIMEOUT_SECONDS = 900;

  private final List<SideProcess> sides;
  private final ReadProbe probe;
  private final int blocks;
  private final double blockSeconds;
  private final double warmSeconds;

  private LanguageSpeed(List<SideProcess> sides, ReadProbe probe, Options options) {
    this.sides = sides;
    this.probe = probe;
    this.blocks = options.number("blocks", 9);
    this.blockSeconds = options.real("seconds", 0.5);
    this.warmSeconds = options.real("warm", 3);
  }

  public static void main(String[] arguments) throws IOException {
    Options options = Options.parse(arguments);
    SpeedReport report = run(options);
    System.out.println(options.has("json") ? report.json() : report.table());
  }

  static SpeedReport run(Options options) throws IOException {
    Path folder = Files.createTempDirectory("language-speed");
    try {
      Path model =
          options.has("synthetic")
              ? SyntheticFile.write(
                  options.required("synthetic"), options.text("quant", "q8_0"), folder)
              : Path.of(options.required("model"));
      List<SideProcess.Kind> kinds = kinds(model, options, folder);
      return options.has("cold")
          ? ColdStart.measure(model, options, kinds)
          : measure(model, options, kinds);
    } finally {
      remove(folder);
    }
  }

  private static List<SideProcess.Kind> kinds(Path model, Options options, Path folder)
      throws IOException {
    List<SideProcess.Kind> kinds = new ArrayList<>();
    kinds.add(SideProcess.Kind.bascule());
    if (options.has("llama-lib")) {
      kinds.add(SideProcess.Kind.llamaCpp("llama.cpp", Path.of(options.required("llama-lib"))));
    }
    if (options.has("kherud")) {
      Path library =
          BundledLlama.unpack(folder)
              .orElseThrow(() ->
                  new IllegalArgumentException(
                      "--kherud: de.kherud:llama is not on the class path, or has no library for"
                          + " this system"));
      kinds.add(SideProcess.Kind.llamaCpp("llama.cpp b4916", library));
    }
    if (options.has("jlama")) {
      Path kept =
          options.has("jlama-model")
              ? Path.of(options.required("jlama-model"))
              : folder.resolve("jlama");
      kinds.add(
          SideProcess.Kind.jlama(
              Path.of(options.required("jlama")), JlamaModel.write(model, kept)));
    }
    return kinds;
  }

  private static void remove(Path folder) {
    try (Stream<Path> paths = Files.walk(folder)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static SpeedReport measure(Path model, Options options, List<SideProcess.Kind> kinds) {
    int prompt = options.number("prompt", 512);
    int[] contexts = options.numbers("contexts", "128,4096");
    int longest = prompt;
    for (int context : contexts) {
      longest = Math.max(longest, context);
    }
    int threads = options.number("threads", 2);
    Side.Settings settings =
        new Side.Settings(
            model,
            threads,
            longest + SideMain.STRETCH,
            options.number("chunk", 512),
            options.text("isa", "best"));
    long weightBytes;
    try (DecoderModel opened = DecoderModel.open(model)) {
      weightBytes = opened.weights().bytesPerToken();
    }
    List<SideProcess> sides = new ArrayList<>();
    try (ReadProbe probe = new ReadProbe(threads)) {
      for (SideProcess.Kind kind : kinds) {
        sides.add(new SideProcess(kind, settings, TIMEOUT_SECONDS));
      }
      LanguageSpeed speed = new LanguageSpeed(sides, probe, options);
      List<SpeedReport.Row> rows = speed.rows(prompt, contexts, weightBytes);
      return new SpeedReport(
          model.getFileName() + ", " + threads + " threads",
          sides.stream().map(side -> side.name() + ": " + side.description()).toList(),
          rows);
    } finally {
      sides.forEach(SideProcess::close);
    }
  }

  private List<SpeedReport.Row> rows(int prompt, int[] contexts, long weightBytes) {
    List<SpeedReport.Row> rows = new ArrayList<>();
    rows.add(row("pp" + prompt, prompt, 0, (side, seconds) -> side.prompt(prompt, seconds)));
    for (int at : contexts) {
      sides.forEach(side -> side.context(at));
      rows.add(row("tg at " + at, 1, weightBytes, (side, seconds) -> side.decode(at, seconds)));
    }
    return rows;
  }

  /** Times of one thing again and again, for so long. */
  private interface Work {
    double[] times(SideProcess side, double seconds);
  }

  private SpeedReport.Row row(String name, int tokens, long weightBytes, Work work) {
    sides.forEach(side -> work.times(side, warmSeconds));
    double[][] medians = new double[sides.size()][blocks];
    double[][] least = new double[sides.size()][blocks];
    double[] reading = new double[blocks];
    for (int block = 0; block < blocks; block++) {
      reading[block] = weightBytes > 0 ? probe.bytesPerSecond() : Double.NaN;
      for (int i = 0; i < sides.size(); i++) {
        double[] times = work.times(sides.get(i), blockSeconds);
        medians[i][block] = Medians.median(times);
        least[i][block] = Medians.least(times);
      }
    }
    List<SpeedReport.Timing> timings = new ArrayList<>();
    for (int i = 0; i < sides.size(); i++) {
      double[] own = medians[i];
      timings.add(
          new SpeedReport.Timing(
              sides.get(i).name(),
              Medians.median(own),
              Medians.least(least[i]),
              Medians.ratio(own, medians[0]),
              Medians.median(shares(own, reading, weightBytes))));
    }
    return new SpeedReport.Row(name, tokens, weightBytes, Medians.median(reading), timings);
  }

  private static double[] shares(double[] seconds, double[] reading, long weightBytes) {
    double[] shares = new double[seconds.length];
    Arrays.setAll(shares, i -> weightBytes / seconds[i] / reading[i]);
    return shares;
  }
}
