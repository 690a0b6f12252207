package dev.bascule.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bascule.core.quant.QuantType;
import dev.bascule.core.quant.WeightType;
import dev.bascule.formats.gguf.GgufMetadata;
import dev.bascule.models.DecoderConfig;
import dev.bascule.models.Family;
import dev.bascule.models.GgufExport;
import dev.bascule.models.Rope;
import dev.bascule.models.SyntheticModel;
import dev.bascule.models.Weights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GenerateCommandTest {
  /** Llama's shape in small, without a vocabulary. */
  private static final DecoderConfig SHAPE =
      new DecoderConfig(
          Family.LLAMA,
          2,
          64,
          4,
          2,
          16,
          96,
          80,
          1e-5f,
          new Rope(16, 1e4f, new Rope.Scaling.None()),
          new DecoderConfig.Features(false, false, false, false, false),
          Optional.empty(),
          Optional.empty(),
          64,
          OptionalInt.empty(),
          new DecoderConfig.Ends(OptionalInt.empty(), List.of()));

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
    arguments.addAll(List.of("--context", "48", "--max-tokens", "12", "--print-ids"));
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
            "--tokens",
            "4",
            "--contexts",
            "6");
    assertThat(run.out()).contains("pp8", "tg4 at 6", "tokens/s");
    assertThat(run.code()).isZero();
    assertThat(CommandLineRun.of("bench").err()).contains("give a MODEL or --synthetic");
    assertThat(CommandLineRun.of("chat", model().toString()).code())
        .isEqualTo(ExitCodes.WRONG_REQUEST);
  }
}
