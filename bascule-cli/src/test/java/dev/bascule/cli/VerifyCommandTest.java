package dev.bascule.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bascule.formats.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VerifyCommandTest {
  private static final float[] ONES = {1, 1, 1};
  private static final float[] TWOS = {2, 2, 2};

  @TempDir private Path folder;

  @Test
  void foldersAreCountedAsPassedFailedAndSkipped() throws IOException {
    TinyModel.writeTest(folder.resolve("right"), "Add", ONES, ONES, TWOS);
    TinyModel.writeTest(folder.resolve("deep/right"), "Mul", ONES, TWOS, TWOS);
    TinyModel.writeTest(folder.resolve("wrong"), "Add", ONES, ONES, ONES);
    TinyModel.writeTest(folder.resolve("unknown"), "Conjure", ONES, ONES, ONES);
    CommandLineRun run = CommandLineRun.of("verify", folder.toString());
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.out().strip()).endsWith("2 passed, 1 failed, 1 skipped");
    assertThat(run.out()).contains("FAILED wrong: output 'c'", "1  Conjure");
  }

  @Test
  void withoutAFailureTheExitCodeIsZero() throws IOException {
    TinyModel.writeTest(folder.resolve("right"), "Add", ONES, ONES, TWOS);
    CommandLineRun run = CommandLineRun.of("verify", "--json", folder.toString());
    assertThat(run.code()).isZero();
    Json json = Json.parse(run.out().getBytes(StandardCharsets.UTF_8), "standard output");
    assertThat(json.get("passed").integer(0, 9)).isEqualTo(1);
    assertThat(json.get("failures").elements()).isEmpty();
  }

  @Test
  void aFolderWithoutTestsIsAWrongRequest() {
    CommandLineRun run = CommandLineRun.of("verify", folder.toString());
    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err()).contains("test_data_set_0");
    assertThat(CommandLineRun.of("verify", "no-such-folder").code()).isEqualTo(2);
  }
}
