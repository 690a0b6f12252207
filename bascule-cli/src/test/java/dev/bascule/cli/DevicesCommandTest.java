package dev.bascule.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bascule.formats.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class DevicesCommandTest {
  @Test
  void cpuAndReferenceAreAlwaysThere() {
    assertThat(ids("devices", "--no-test", "--json")).contains("cpu", "reference");
  }

  private static List<String> ids(String... command) {
    CommandLineRun run = CommandLineRun.of(command);
    assertThat(run.code()).as(run.err()).isZero();
    Json json = Json.parse(run.out().getBytes(StandardCharsets.UTF_8), "standard output");
    return json.get("devices").elements().stream().map(device -> device.get("id").text()).toList();
  }

  @Test
  void theDeviceThatIsAskedForStandsAlone() {
    assertThat(ids("--device", "reference", "devices", "--no-test", "--json"))
        .containsExactly("reference");
    assertThat(ids("devices", "--no-test", "--json", "--device", "cpu:portable"))
        .containsExactly("cpu");
    CommandLineRun run = CommandLineRun.of("--device", "reference", "devices");
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out()).contains("self-test  passed").doesNotContain("cpu", "none");
  }

  @Test
  void aDeviceThatIsNotThereIsAWrongRequest() {
    CommandLineRun run = CommandLineRun.of("--device", "abacus", "devices");
    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err()).contains("there is no device 'abacus'; there are: cpu", "reference");
    assertThat(run.out()).isEmpty();
  }

  @Test
  void aDriverThatFindsNothingSaysWhy() {
    CommandLineRun run = CommandLineRun.of("devices", "--no-test", "--set", "cpu.isa=z80");
    assertThat(run.out()).contains("cpu: none. ", "z80", "reference");
  }
}
