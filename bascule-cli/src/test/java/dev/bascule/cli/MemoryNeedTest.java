package dev.bascule.cli;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.bascule.core.quant.QuantType;
import dev.bascule.core.quant.WeightType;
import dev.bascule.formats.gguf.GgufMetadata;
import dev.bascule.formats.json.Json;
import dev.bascule.models.DecoderConfig;
import dev.bascule.models.GgufExport;
import dev.bascule.models.SyntheticModel;
import dev.bascule.models.Weights;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What {@code inspect} says of memory, held to what {@code generate} takes. */
class MemoryNeedTest {
  /** 126 million weights, the output layer the largest. */
  private static final DecoderConfig SHAPE =
      new SmallDecoder(6, 1024, 8, 128, 3072, 40_000, 4096, List.of()).qwen3(true);

  private static final int CONTEXT = 2048;

  @TempDir private static Path folder;

  @BeforeAll
  static void writeTheModel() throws IOException {
    WeightType q8 = new WeightType.Blocks(QuantType.Q8_0);
    try (Weights weights = SyntheticModel.random(SHAPE, q8, 3)) {
      GgufExport.write(SHAPE, weights, q8, GgufMetadata.empty(), model());
    }
  }

  private static Path model() {
    return folder.resolve("middle.gguf");
  }

  private static Json memory(String inspected) {
    return Json.parse(inspected.getBytes(StandardCharsets.UTF_8), "standard output").get("memory");
  }

  private static long bytes(Json json, String name) {
    return json.get(name).integer(0L, 1L << 40);
  }

  private static String[] generate(int promptTokens, int tokens) {
    return new String[] {
      "generate",
      model().toString(),
      "--context",
      Integer.toString(CONTEXT),
      "--prompt-ids",
      IntStream.range(0, promptTokens).mapToObj(Integer::toString).collect(joining(",")),
      "--max-tokens",
      Integer.toString(tokens),
      "--explain"
    };
  }

  @Test
  void whatIsPlannedIsWhatThePlanTakes() {
    CommandLineRun inspected =
        CommandLineRun.of("inspect", model().toString(), "--context", "" + CONTEXT, "--json");
    assertThat(inspected.code()).as(inspected.err()).isZero();
    Json memory = memory(inspected.out());
    CommandLineRun run = CommandLineRun.of(generate(4, 4));
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.err())
        .containsPattern(String.format("arena %,d bytes", bytes(memory, "working")))
        .contains(String.format("constants %,d bytes", bytes(memory, "weights")))
        .contains(String.format("states %,d bytes", bytes(memory, "cache")));
    // keys and values of 4 heads of 128 elements in f16
    assertThat(bytes(memory, "cache")).isEqualTo(6L * 2048 * 2 * 4 * 128 * 2);
    long parts =
        bytes(memory, "weights")
            + bytes(memory, "cache")
            + bytes(memory, "working")
            + bytes(memory, "program");
    assertThat(bytes(memory, "total")).isEqualTo(parts);
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aProcessTakesWhatInspectSaid() throws Exception {
    CommandProcess inspected =
        CommandProcess.of("inspect", model().toString(), "--context", "" + CONTEXT, "--json");
    assertThat(inspected.code()).as(inspected.err()).isZero();
    double said = bytes(memory(inspected.out()), "total") / 1e6;
    assertThat(residentMegabytes(generate(CONTEXT - 32, 32))).isCloseTo(said, within(0.05 * said));
    // the cache of a text that ends early is not taken
    double cache = bytes(memory(inspected.out()), "cache") / 1e6;
    assertThat(residentMegabytes(generate(16, 32))).isLessThan(said - 0.8 * cache);
  }

  private static double residentMegabytes(String... arguments) throws Exception {
    CommandProcess run = CommandProcess.of(arguments);
    Matcher peak = Pattern.compile("resident memory: ([0-9,.]+) MB").matcher(run.err());
    assertThat(peak.find()).as(run.err()).isTrue();
    return Double.parseDouble(peak.group(1).replace(",", ""));
  }
}
