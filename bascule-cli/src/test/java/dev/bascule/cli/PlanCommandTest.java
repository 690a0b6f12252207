package dev.bascule.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlanCommandTest {
  @TempDir private Path folder;

  private Path government() throws IOException {
    Path file = folder.resolve("own.csv");
    Files.writeString(
        file,
        """
        id,effect,when,from,source
        NO-H20,deny,"'government' in labels && chip.startsWith('H20 ')",2026-01-01,board minutes of 2025-12-01
        WHY,needs-reason,"'government' in labels && !chip.startsWith('H20 ')",2026-01-01,board minutes of 2025-12-01
        """);
    return file;
  }

  @Test
  void withoutASubcommandTheyAreListed() {
    CommandLineRun run = CommandLineRun.of("plan");
    assertThat(run.code()).isZero();
    assertThat(run.out())
        .contains("chips", "models", "best", "check", "justify", "claim", "accuracy");
  }

  @Test
  void chipsAndModelsArePrintedAsTablesAndAsJson() {
    assertThat(CommandLineRun.of("plan", "chips").out())
        .contains("H100", "CloudMatrix 384", "8200000");
    assertThat(CommandLineRun.of("plan", "chips", "910C").out())
        .contains("752 (727..800) TFLOPS", "chips.csv line");
    assertThat(CommandLineRun.of("plan", "models", "--json").out())
        .startsWith("{\"models\": [{\"model\": \"DeepSeek-V3\"");
    assertThat(CommandLineRun.of("plan", "rules", "--date", "2026-08-13").out())
        .contains("US-2026-01-RULE");
  }

  @Test
  void bestObeysTheRulesAndCheckNamesThem() throws IOException {
    String rules = government().toString();
    CommandLineRun denied =
        CommandLineRun.of(
            "plan",
            "check",
            "H20",
            "--rules",
            rules,
            "--label",
            "government",
            "--date",
            "2026-08-13");
    assertThat(denied.code()).isEqualTo(1);
    assertThat(denied.out())
        .contains("H20 96GB: denied", "NO-H20", "board minutes of 2025-12-01", "own.csv line 2");
    String[] search = {
      "plan",
      "best",
      "Llama-3.1-70B",
      "--chip",
      "H20,H100",
      "--rules",
      rules,
      "--label",
      "government",
      "--date",
      "2026-08-13"
    };
    CommandLineRun none = CommandLineRun.of(search);
    assertThat(none.code()).isEqualTo(1);
    assertThat(none.out())
        .contains("not H20 96GB: denied (NO-H20)", "not H100: needs a reason (WHY)");
    String[] reasoned = java.util.Arrays.copyOf(search, search.length + 2);
    reasoned[search.length] = "--reason";
    reasoned[search.length + 1] = "no listed chip holds the model";
    CommandLineRun some = CommandLineRun.of(reasoned);
    assertThat(some.code()).isZero();
    assertThat(some.out()).contains("x H100").doesNotContain("x H20");
  }

  @Test
  void aRuleThatIsNotYetInForceHasNoEffect() throws IOException {
    String rules = government().toString();
    CommandLineRun run =
        CommandLineRun.of(
            "plan",
            "check",
            "H20",
            "--rules",
            rules,
            "--label",
            "government",
            "--date",
            "2025-12-31");
    assertThat(run.code()).isZero();
    assertThat(run.out()).contains("H20 96GB: allowed");
  }

  @Test
  void justifyWritesMarkdownAndJson() throws IOException {
    Path file = folder.resolve("choice");
    CommandLineRun run =
        CommandLineRun.of(
            "plan",
            "justify",
            "Qwen3-8B",
            "--choose",
            "H100",
            "--reason",
            "in stock",
            "--date",
            "2026-08-13",
            "--to",
            file.toString());
    assertThat(run.code()).isZero();
    String markdown = Files.readString(folder.resolve("choice.md"));
    assertThat(markdown)
        .contains("Date: 2026-08-13", "in stock", "## Alternatives", "chips.csv line");
    assertThat(markdown.split("legal advice", -1)).hasSize(2);
    assertThat(Files.readString(folder.resolve("choice.json")))
        .contains("\"reason\": \"in stock\"");
  }

  @Test
  void trainingAndInferenceMayBeKeptOnDifferentVendors() throws IOException {
    Path file = folder.resolve("uses.csv");
    Files.writeString(
        file,
        """
        id,effect,when,source
        TRAIN,deny,"'training' in labels && vendor != 'NVIDIA'",architecture board
        INFER,deny,"'inference' in labels && vendor == 'NVIDIA'",architecture board
        """);
    CommandLineRun train =
        CommandLineRun.of(
            "plan", "train", "Qwen3-8B", "--chip", "H800,910C", "--rules", file.toString());
    assertThat(train.out()).contains("denied (TRAIN)").contains("allowed");
    CommandLineRun best =
        CommandLineRun.of(
            "plan", "best", "Qwen3-8B", "--chip", "H800,910C", "--rules", file.toString());
    assertThat(best.out()).contains("x Ascend 910C", "not H800: denied (INFER)");
  }

  @Test
  void aBoundOnSharesIsMetByMixing() throws IOException {
    Path file = folder.resolve("half.csv");
    Files.writeString(file, "id,effect,when,source\nHALF,deny,share > 0.5,purchasing policy\n");
    CommandLineRun run =
        CommandLineRun.of(
            "plan", "best", "Qwen3-8B", "--chip", "H800,910C", "--mix", "--rules", file.toString());
    assertThat(run.code()).isZero();
    assertThat(run.out()).contains("x H800", "x Ascend 910C");
    CommandLineRun fleet =
        CommandLineRun.of(
            "plan",
            "best",
            "Qwen3-8B",
            "--chip",
            "H800",
            "--rules",
            file.toString(),
            "--fleet",
            "910C=100");
    assertThat(fleet.code()).isZero();
  }

  @Test
  void speedStandsBesideTheMeasurements() {
    CommandLineRun run =
        CommandLineRun.of("plan", "speed", "R1", "--chip", "910C", "--system", "CloudMatrix 384");
    assertThat(run.code()).isZero();
    assertThat(run.out()).contains("CloudMatrix 384 (384 chips)", "1943", "arXiv 2506.12708");
  }

  @Test
  void thePageIsWritten() throws IOException {
    Path page = folder.resolve("page.html");
    CommandLineRun run =
        CommandLineRun.of(
            "plan",
            "best",
            "Qwen3-8B",
            "--chip",
            "H100,H20",
            "--html",
            page.toString(),
            "--date",
            "2026-08-13");
    assertThat(run.code()).isZero();
    assertThat(Files.readString(page)).startsWith("<!doctype html>").contains("<svg");
  }

  @Test
  void aWrongRequestIsOneMessageWithTheRemedy() throws IOException {
    CommandLineRun chip = CommandLineRun.of("plan", "speed", "R1", "--chip", "H10");
    assertThat(chip.code()).isEqualTo(2);
    assertThat(chip.err())
        .startsWith("bascule: no chip 'H10' is known; near it: H100")
        .doesNotContain("\tat ");
    CommandLineRun figure = CommandLineRun.of("plan", "speed", "Qwen3-8B", "--chip", "910B4");
    assertThat(figure.code()).isEqualTo(2);
    assertThat(figure.err()).contains("chips.csv line", "has no memory_gbps", "--data");
    Files.writeString(folder.resolve("chips.csv"), "chip,vendor\nX,Y,Z\n");
    CommandLineRun broken = CommandLineRun.of("plan", "chips", "--data", folder.toString());
    assertThat(broken.code()).isEqualTo(2);
    assertThat(broken.err()).contains("chips.csv line 1: expected the column");
    CommandLineRun nowhere = CommandLineRun.of("plan", "best", "R1", "--max-chips", "1");
    assertThat(nowhere.code()).isEqualTo(1);
    assertThat(nowhere.err()).contains("no placement meets the targets and the rules");
    assertThat(nowhere.out()).contains("does not fit: 671 GB of fp8 weights");
  }
}
