package dev.bascule.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** As a process of its own: what is only true there are exit codes and streams. */
class MainProcessTest {
  @Test
  void resultsGoToStandardOutputAndErrorsToStandardError() throws Exception {
    CommandProcess version = CommandProcess.of("--version");
    assertThat(version.code()).isZero();
    assertThat(version.out()).startsWith("bascule 0.");
    assertThat(version.err()).isEmpty();
    CommandProcess help = CommandProcess.of("plan", "claim", "--help");
    assertThat(help.out()).contains("CHIP inference is 60 % of CHIP");
    assertThat(help.err()).as("a percent sign is a format to the library").isEmpty();
    CommandProcess wrong = CommandProcess.of("run", "absent.onnx", "--random");
    assertThat(wrong.code()).isEqualTo(2);
    assertThat(wrong.out()).isEmpty();
    assertThat(wrong.err()).startsWith("bascule: absent.onnx").doesNotContain("\tat ");
  }
}
