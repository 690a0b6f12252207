package dev.bascule.cli;

import dev.bascule.core.device.Device;
import dev.bascule.core.quant.QuantType;
import dev.bascule.core.quant.WeightType;
import dev.bascule.llm.LanguageModel;
import dev.bascule.llm.Sequence;
import dev.bascule.llm.sampling.Sampler;
import dev.bascule.llm.sampling.Sampling;
import dev.bascule.models.DecoderModel;
import dev.bascule.models.SyntheticModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bascule bench}: how fast a language model reads and writes. */
@Command(
    name = "bench",
    description = "Times how a language model reads (pp) and writes (tg).",
    sortOptions = false)
final class BenchCommand implements Callable<Integer> {
  private static final int ROUNDS = 5;

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "MODEL",
      description = "a GGUF file or a model's folder")
  private @Nullable Path model;

  @Option(
      names = "--synthetic",
      paramLabel = "SHAPE",
      description = "random weights in the shape of qwen3-0.6b, llama-1b, qwen3-8b, qwen3-30b-a3b")
  private @Nullable String shape;

  @Option(
      names = "--quant",
      paramLabel = "TYPE",
      defaultValue = "q8_0",
      description = "type of the random weights (default: ${DEFAULT-VALUE})")
  private String quant = "";

  @Option(
      names = "--prompt-tokens",
      paramLabel = "N",
      defaultValue = "512",
      description = "tokens of a prompt (default: ${DEFAULT-VALUE})")
  private int promptTokens;

  @Option(
      names = "--batch-sizes",
      paramLabel = "N",
      split = ",",
      description = "tokens of the prompt that are read at a time (default: all at once)")
  private int[] batchSizes = {};

  @Option(
      names = "--tokens",
      paramLabel = "N",
      defaultValue = "128",
      description = "tokens that are written and timed (default: ${DEFAULT-VALUE})")
  private int tokens;

  @Option(
      names = "--contexts",
      paramLabel = "N",
      split = ",",
      defaultValue = "128,4096",
      description = "after how many tokens writing is timed (default: ${DEFAULT-VALUE})")
  private int[] contexts = {};

  private final Main main;
  private final Console console;

  BenchCommand(Main main, Console console) {
    this.main = main;
    this.console = console;
  }

  /** What was timed: seconds of each round or token. */
  private record Timed(String name, int count, double[] seconds) {
    double median() {
      double[] sorted = seconds.clone();
      Arrays.sort(sorted);
      return sorted[sorted.length / 2];
    }

    double perSecond() {
      return count / median();
    }
  }

  @Override
  public Integer call() {
    requirePositive();
    int context = Math.max(promptTokens, Arrays.stream(contexts).max().orElse(0)) + 2 * tokens;
    LanguageModel.Settings settings =
        LanguageModel.Settings.usual().withContext(context).withChunk(promptTokens);
    List<Timed> all = new ArrayList<>();
    try (Device device = main.openDevice();
        LanguageModel opened = new LanguageModel(decoder(), device, settings)) {
      if (main.explain()) {
        console.err().println(opened.explain());
      }
      for (int size : batchSizes.length == 0 ? new int[] {promptTokens} : batchSizes) {
        all.add(reading(opened, Math.min(size, promptTokens)));
      }
      for (int at : contexts) {
        all.add(writing(opened, at));
      }
      long bytes = opened.bytesPerToken();
      if (main.json()) {
        console.out().println(JsonText.of(json(device, all, bytes)));
      } else {
        print(device, all, bytes);
      }
    }
    console.out().flush();
    return ExitCodes.DONE;
  }

  private void requirePositive() {
    IntStream sizes = IntStream.concat(Arrays.stream(contexts), Arrays.stream(batchSizes));
    if (promptTokens <= 0 || tokens <= 0 || sizes.anyMatch(size -> size <= 0)) {
      throw new RequestException(
          "bench: --prompt-tokens, --batch-sizes, --tokens and --contexts must be 1 or more");
    }
  }

  private DecoderModel decoder() {
    Path path = model;
    String known = shape;
    if ((path == null) == (known == null)) {
      throw new RequestException("bench: give a MODEL or --synthetic, one of them");
    }
    if (known == null) {
      return DecoderModel.open(path == null ? Path.of("") : path);
    }
    QuantType type =
        QuantType.of(quant)
            .orElseThrow(() ->
                new RequestException(
                    "--quant is one of "
                        + Arrays.toString(QuantType.values())
                        + ", not "
                        + Text.quote(quant)));
    return DecoderModel.synthetic(synthetic(known), new WeightType.Blocks(type), 1);
  }

  private static SyntheticModel synthetic(String name) {
    try {
      return SyntheticModel.of(name);
    } catch (IllegalArgumentException e) {
      throw new RequestException("bench: " + e.getMessage(), e);
    }
  }

  private static int[] ids(LanguageModel opened, int count) {
    int[] ids = new int[count];
    Arrays.setAll(ids, i -> (int) (i * 7919L % opened.config().vocabulary()));
    return ids;
  }

  /** In one sequence, whose cache is in memory from the second round on, as in a long talk. */
  private Timed reading(LanguageModel opened, int batchSize) {
    int[] prompt = ids(opened, promptTokens);
    float[] logits = new float[opened.config().vocabulary()];
    double[] seconds = new double[ROUNDS];
    try (Sequence sequence = opened.sequence()) {
      for (int round = -2; round < ROUNDS; round++) {
        sequence.truncate(0);
        long start = System.nanoTime();
        for (int from = 0; from < promptTokens; from += batchSize) {
          int to = Math.min(from + batchSize, promptTokens);
          sequence.add(Arrays.copyOfRange(prompt, from, to), logits);
        }
        seconds[Math.max(0, round)] = (System.nanoTime() - start) * 1e-9;
      }
    }
    String cut = batchSize < promptTokens ? " by " + batchSize : "";
    return new Timed("pp" + promptTokens + cut, promptTokens, seconds);
  }

  /** The whole loop, choosing the token included; as many tokens again come first, untimed. */
  private Timed writing(LanguageModel opened, int at) {
    double[] seconds = new double[tokens];
    try (Sequence sequence = opened.sequence()) {
      float[] logits = sequence.add(ids(opened, at));
      Sampler sampler = new Sampler(Sampling.GREEDY, logits.length);
      for (int i = -tokens; i < tokens; i++) {
        long start = System.nanoTime();
        int id = sampler.choose(logits);
        sampler.accept(id);
        sequence.add(new int[] {id}, logits);
        seconds[Math.max(0, i)] = (System.nanoTime() - start) * 1e-9;
      }
    }
    return new Timed("tg" + tokens + " at " + at, 1, seconds);
  }

  private void print(Device device, List<Timed> all, long bytes) {
    console
        .out()
        .println(name() + " on " + device.info().id() + ": " + device.info().description());
    for (Timed timed : all) {
      console
          .out()
          .println(
              String.format(
                  Locale.ROOT,
                  "  %-16s %9.1f tokens/s   median %9.2f ms%s",
                  timed.name,
                  timed.perSecond(),
                  timed.median() * 1e3,
                  timed.count == 1
                      ? String.format(
                          Locale.ROOT, "   %.1f GB/s of weights", bytes / timed.median() * 1e-9)
                      : ""));
    }
  }

  private String name() {
    return shape != null ? shape + " " + quant + ", random weights" : String.valueOf(model);
  }

  private Map<String, Object> json(Device device, List<Timed> all, long bytes) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("model", name());
    json.put("device", device.info().id());
    json.put("weight_bytes_per_token", bytes);
    List<Map<String, Object>> results = new ArrayList<>();
    for (Timed timed : all) {
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("name", timed.name);
      result.put("tokens_per_second", timed.perSecond());
      result.put("median_seconds", timed.median());
      results.add(result);
    }
    json.put("results", results);
    return json;
  }
}
