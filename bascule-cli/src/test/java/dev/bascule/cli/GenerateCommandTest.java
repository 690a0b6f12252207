package dev.bascule.cli;

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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GenerateCommandTest {
  /** Llama's shape in small, without a vocabulary. */
  private static final DecoderConfig SHAPE =
      new SmallDecoder(2, 64, 4, 16, 96, 80, 64, List.of()).llama();

  @TempDir private static Path folder;

  private static Path model() {
    return folder.resolve("small.gguf");
  }

  @BeforeAll
  static void writeTheModel() throws IOException {
    WeightType q8 = new WeightType.Blocks(QuantType.Q8_0);
    try (Weights weights = SyntheticModel.random(SHAPE, q8, 7)) {
      GgufExport.write(SHAPE, weights, q8, GgufMetadata.empty(), model());
    }
  }

  private static CommandLineRun generate(String... more) {
    List<String> arguments = new ArrayList<>(List.of("generate", model().toString()));
    arguments.addAll(List.of("--context", "48", "--print-ids"));
    if (!List.of(more).contains("--max-tokens")) {
      arguments.addAll(List.of("--max-tokens", "12"));
    }
    arguments.addAll(List.of(more));
    return CommandLineRun.of(arguments.toArray(String[]::new));
  }

  private static CommandLineRun withoutIds(String... more) {
    List<String> arguments = new ArrayList<>(List.of("generate", model().toString()));
    arguments.addAll(List.of("--max-tokens", "12"));
    arguments.addAll(List.of(more));
    return CommandLineRun.of(arguments.toArray(String[]::new));
  }

  @Test
  void idsAreContinuedByTheSameIdsOnEveryPathAndInAnyChunk() {
    CommandLineRun first = generate("--prompt-ids", "5,9,2,61,70,0,3");
    assertThat(first.code()).as(first.err()).isZero();
    assertThat(first.out().strip().split(" ")).hasSize(12);
    for (String[] other :
        List.of(
            new String[] {"--cpu-isa", "portable"},
            new String[] {"--chunk", "3"},
            new String[] {"--threads", "1"},
            new String[] {"--device", "reference"})) {
      List<String> more = new ArrayList<>(List.of("--prompt-ids", "5,9,2,61,70,0,3"));
      more.addAll(List.of(other));
      assertThat(generate(more.toArray(String[]::new)).out()).isEqualTo(first.out());
    }
  }

  @Test
  void chanceIsTheSeeds() {
    String[] one = {"--prompt-ids", "5,9", "--temperature", "2", "--seed", "4"};
    String[] two = {"--prompt-ids", "5,9", "--temperature", "2", "--seed", "5"};
    assertThat(generate(one).out())
        .isEqualTo(generate(one).out())
        .isNotEqualTo(generate(two).out());
  }

  @Test
  void tokensThatCameAreKeptAwayByPenalties() {
    String[] never = {"--prompt-ids", "5,9,2", "--presence-penalty", "1e6"};
    List<String> ids = new ArrayList<>(List.of("5", "9", "2"));
    ids.addAll(List.of(generate(never).out().strip().split(" ")));
    assertThat(ids).hasSize(15).doesNotHaveDuplicates();
    String[] often = {"--prompt-ids", "5,9,2", "--frequency-penalty", "1e6"};
    assertThat(generate(often).out()).isEqualTo(generate(never).out());
    String[] last = {
      "--prompt-ids", "5,9,2", "--presence-penalty", "-1e6", "--penalty-window", "1"
    };
    assertThat(generate(last).out().strip().split(" ")).containsOnly("2");
  }

  @Test
  void logProbabilitiesOfAllTokensAreADistribution() {
    CommandLineRun run = withoutIds("--prompt-ids", "5,9", "--json", "--logprobs", "80");
    assertThat(run.code()).as(run.err()).isZero();
    Json json = Json.parse(run.out().getBytes(StandardCharsets.UTF_8), "standard output");
    List<Json> tokens = json.get("tokens").elements();
    assertThat(tokens).hasSize(12);
    for (int i = 0; i < tokens.size(); i++) {
      List<Json> top = tokens.get(i).get("top").elements();
      int id = tokens.get(i).get("id").integer(0, 79);
      assertThat(id).isEqualTo(json.get("ids").elements().get(i).integer(0, 79));
      assertThat(top.getFirst().get("id").integer(0, 79)).as("greedy").isEqualTo(id);
      assertThat(tokens.get(i).get("logprob").real())
          .isEqualTo(top.getFirst().get("logprob").real());
      double sum = top.stream().mapToDouble(one -> Math.exp(one.get("logprob").real())).sum();
      assertThat(sum).isCloseTo(1, within(1e-9));
    }
    CommandLineRun lines = withoutIds("--prompt-ids", "5,9", "--logprobs", "2");
    assertThat(lines.out().lines())
        .hasSize(12)
        .allMatch(line -> line.matches(" *\\d+ +-\\d+\\.\\d{4} +\\d+ -[\\d.]+, \\d+ -[\\d.]+"));
  }

  @Test
  void anotherDeviceGoesOnWithTheSameIds() {
    CommandLineRun whole = generate("--prompt-ids", "5,9,2");
    CommandLineRun broken =
        generate("--prompt-ids", "5,9,2", "--set", "cpu.fail-after=60", "--then", "reference");
    assertThat(broken.err()).contains("the device failed", "reference goes on");
    assertThat(broken.out()).isEqualTo(whole.out());
    assertThat(broken.code()).isZero();
    CommandLineRun alone = generate("--prompt-ids", "5,9,2", "--set", "cpu.fail-after=60");
    assertThat(alone.code()).isEqualTo(ExitCodes.FAILED);
  }

  @Test
  void logitsAreWritten() {
    Path file = folder.resolve("logits.npy");
    assertThat(generate("--prompt-ids", "5,9", "--logits", file.toString()).code()).isZero();
    assertThat(file).satisfies(f -> assertThat(Files.size(f)).isEqualTo(128 + 80 * 4));
  }

  @Test
  void wrongRequestsAreToldInOneLine() {
    assertThat(generate().err()).contains("give --prompt or --prompt-ids, one of them");
    assertThat(generate("--prompt-ids", "5,80").err())
        .contains("token 80 is not one of the model's 80");
    assertThat(generate("--prompt-ids", "5", "--cache", "f8").err()).contains("--cache is f16");
    for (String[] wrong :
        new String[][] {
          {"--temperature", "-1", "a temperature from 0, got -1.0"},
          {"--top-k", "-1", "top-k of 0 (all) or more, got -1"},
          {"--top-p", "0", "top-p above 0 and up to 1 (all), got 0.0"},
          {"--min-p", "2", "min-p from 0 (all) to 1, got 2.0"},
          {"--repeat-penalty", "0", "repetition above 0, got 0.0"},
          {"--presence-penalty", "NaN", "a finite presence penalty, got NaN"},
          {"--frequency-penalty", "NaN", "a finite frequency penalty, got NaN"},
          {"--penalty-window", "-1", "a window of 0 (all) or more tokens, got -1"},
          {"--stop", "", "--stop needs a text"},
          {"--logprobs", "-1", "--logprobs must be 0 or more, not -1"},
          {"--logprobs", "1", "--print-ids and --logprobs"},
          {"--max-tokens", "-1", "--max-tokens must be 0 or more, not -1"},
          {"--seed", "x", "'x' is not a whole number"},
          {"--then", "nonsense", "there is no device 'nonsense'; there are: cpu"},
          {"--set", "nonsense=1", "no device has a setting 'nonsense'"},
          {"--set", "cpu.nonsense=1", "there is no setting 'cpu.nonsense'; there are: cpu.isa"},
          {"--threads", "9999", "--threads must be 1 to 1024"},
          {"--chunk", "0", "--context and --chunk must be 1 or more"},
          {"--logits", "/proc/no/such.npy", "writing /proc/no/such.npy: there is no such folder"}
        }) {
      CommandLineRun run = generate("--prompt-ids", "5", wrong[0], wrong[1]);
      assertThat(run.err()).contains(wrong[2]);
      assertThat(run.err().strip().lines()).hasSize(1);
      assertThat(run.code()).isEqualTo(ExitCodes.WRONG_REQUEST);
    }
    assertThat(withoutIds("--prompt-ids", "5,9,2", "--context", "2").err())
        .contains("the prompt has 3 tokens, and the context has room for 2; give a larger");
    assertThat(CommandLineRun.of("generate", folder.toString(), "--prompt-ids", "1").err())
        .contains("expected a model's folder with config.json");
    assertThat(generate("--prompt-ids", "5", "--top-k", "3").err()).contains("give --temperature");
    CommandLineRun text = generate("--prompt", "hello");
    assertThat(text.code()).isEqualTo(ExitCodes.WRONG_REQUEST);
    assertThat(text.err().strip().lines()).hasSize(1);
  }

  @Test
  void readingAndWritingAreTimed() {
    CommandLineRun run =
        CommandLineRun.of(
            "bench",
            model().toString(),
            "--prompt-tokens",
            "8",
            "--batch-sizes",
            "3,8",
            "--tokens",
            "4",
            "--contexts",
            "6");
    assertThat(run.out()).contains("pp8 by 3", "pp8  ", "tg4 at 6", "tokens/s");
    assertThat(run.code()).isZero();
    assertThat(CommandLineRun.of("bench").err()).contains("give a MODEL or --synthetic");
    CommandLineRun shape = CommandLineRun.of("bench", "--synthetic", "gpt-9");
    assertThat(shape.code()).isEqualTo(ExitCodes.WRONG_REQUEST);
    assertThat(shape.err()).contains("expected one of qwen3-0.6b, llama-1b", "got 'gpt-9'");
    assertThat(CommandLineRun.of("chat", model().toString()).code())
        .isEqualTo(ExitCodes.WRONG_REQUEST);
  }
}
