package dev.bascule.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bascule.formats.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A measurement runs from its options to its table; how fast anything is, is not its question. */
class LanguageSpeedTest {
  @TempDir private Path folder;

  private static Path stories() {
    String configured = System.getenv("BASCULE_ORACLES");
    Path oracles =
        configured == null ? Path.of("..", "..", "shared", "oracles") : Path.of(configured);
    Path path = oracles.resolve("stories260K/stories260K-Q8_0.gguf");
    Assumptions.assumeTrue(Files.exists(path), () -> path + " is not there; set BASCULE_ORACLES");
    return path;
  }

  private static SpeedReport run(String... more) throws IOException {
    List<String> quick =
        List.of("--threads", "1", "--warm", "0", "--blocks", "3", "--seconds", "0.01");
    String[] all = new String[quick.size() + more.length];
    System.arraycopy(quick.toArray(), 0, all, 0, quick.size());
    System.arraycopy(more, 0, all, quick.size(), more.length);
    return LanguageSpeed.run(Options.parse(all));
  }

  @Test
  void bothSidesOfEveryRowAreTimed() throws IOException {
    Assumptions.assumeTrue(BundledLlama.unpack(folder).isPresent(), "no llama.cpp for this system");
    SpeedReport report =
        run("--model", stories().toString(), "--prompt", "24", "--contexts", "8,40", "--kherud");
    assertThat(report.rows())
        .extracting(SpeedReport.Row::name)
        .containsExactly("pp24", "tg at 8", "tg at 40");
    for (SpeedReport.Row row : report.rows()) {
      assertThat(row.timings())
          .extracting(SpeedReport.Timing::side)
          .containsExactly("Bascule", "llama.cpp b4916");
      assertThat(row.timings().getFirst().ratio()).isEqualTo(1);
      assertThat(row.timings())
          .allSatisfy(timing -> {
            assertThat(timing.leastSeconds())
                .isPositive()
                .isLessThanOrEqualTo(timing.medianSeconds());
            assertThat(timing.ratio()).isPositive();
          });
    }
    assertThat(report.table()).contains("| tg at 40 | llama.cpp b4916 | ");
    Json json = Json.read(Files.writeString(folder.resolve("report.json"), report.json()));
    assertThat(json.get("results").elements()).hasSize(6);
  }

  @Test
  void aSideThatCannotOpenTheModelSaysWhy() {
    assertThatThrownBy(() -> run("--model", "absent.gguf", "--contexts", "8"))
        .hasMessageContaining("absent.gguf");
  }

  @Test
  void theFolderForJlamaHoldsTheSameModel() throws IOException {
    int[] prompt = {1, 403, 407, 261, 378};
    Path written = JlamaModel.write(stories(), folder.resolve("jlama"));
    assertThat(greedy(written, prompt)).isEqualTo(greedy(stories(), prompt));
  }

  private static int[] greedy(Path model, int[] prompt) {
    try (Side side = new BasculeSide(new Side.Settings(model, 1, 64, 64, "best"))) {
      return side.greedy(16, prompt);
    }
  }

  @Test
  void ratiosAreThoseOfNeighbours() {
    assertThat(Medians.ratio(new double[] {2, 40, 6}, new double[] {1, 20, 2})).isEqualTo(2);
  }

  @Test
  void aNameWithoutAValueIsAFlag() {
    Options options = Options.parse(new String[] {"--json", "--threads", "3", "--cold"});
    assertThat(options.has("json") && options.has("cold")).isTrue();
    assertThat(options.number("threads", 1)).isEqualTo(3);
    assertThatThrownBy(() -> options.required("json")).hasMessageContaining("--json VALUE");
    assertThatThrownBy(() -> Options.parse(new String[] {"loose"})).hasMessageContaining("loose");
  }
}
