package dev.bascule.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MainTest {
  @Test
  void versionIsPrinted() {
    CommandLineRun run = CommandLineRun.of("--version");
    assertThat(run.code()).isZero();
    assertThat(run.out()).startsWith("bascule 0.");
  }

  @Test
  void withoutACommandTheCommandsAreListed() {
    CommandLineRun run = CommandLineRun.of();
    assertThat(run.code()).isZero();
    assertThat(run.out()).contains("devices", "run", "verify", "embed", "fetch");
  }

  @Test
  void everyCommandIsListedWithOneWholeSentenceInOneLine() {
    for (String[] command : new String[][] {{}, {"plan"}}) {
      String out = CommandLineRun.of(command).out();
      String list = out.substring(out.indexOf("Commands:\n") + "Commands:\n".length());
      list = list.substring(0, list.indexOf("\n\n"));
      assertThat(list.lines()).hasSizeGreaterThan(9).allMatch(line -> line.matches("  \\w+ .*\\."));
    }
  }

  @Test
  void anUnknownOptionIsAWrongRequest() {
    CommandLineRun run = CommandLineRun.of("embed", "--no-such-option", "a");
    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err().strip())
        .hasLineCount(1)
        .contains("--no-such-option", "see bascule embed --help");
    CommandLineRun command = CommandLineRun.of("generat");
    assertThat(command.code()).isEqualTo(2);
    assertThat(command.err().strip())
        .hasLineCount(1)
        .contains("there is no command 'generat'", "perhaps generate");
  }

  @Test
  void fastNumericsAreRefusedWithTheReason() {
    CommandLineRun run = CommandLineRun.of("devices", "--numerics", "fast");
    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err()).contains("no device has fast kernels yet");
  }
}
