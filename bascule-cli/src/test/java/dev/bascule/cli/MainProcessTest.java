package dev.bascule.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** As a process of its own: what is only true there are exit codes and streams. */
class MainProcessTest {
  private record Ended(int code, String out, String err) {}

  private static Ended start(String... args) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(Main.class.getName());
    command.addAll(List.of(args));
    Path err = java.nio.file.Files.createTempFile("bascule", ".err");
    Process process = new ProcessBuilder(command).redirectError(err.toFile()).start();
    process.getOutputStream().close();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int code = process.waitFor();
    String errors = java.nio.file.Files.readString(err);
    java.nio.file.Files.delete(err);
    return new Ended(code, out, errors);
  }

  @Test
  void resultsGoToStandardOutputAndErrorsToStandardError() throws Exception {
    Ended version = start("--version");
    assertThat(version.code()).isZero();
    assertThat(version.out()).startsWith("bascule 0.");
    assertThat(version.err()).isEmpty();
    Ended wrong = start("run", "absent.onnx", "--random");
    assertThat(wrong.code()).isEqualTo(2);
    assertThat(wrong.out()).isEmpty();
    assertThat(wrong.err()).startsWith("bascule: absent.onnx").doesNotContain("\tat ");
  }
}
