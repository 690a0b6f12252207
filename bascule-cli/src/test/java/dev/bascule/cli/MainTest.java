package dev.bascule.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class MainTest {
  @Test
  void versionIsDoneWithExitCodeZero() {
    assertThat(new CommandLine(new Main()).execute("--version")).isZero();
  }
}
