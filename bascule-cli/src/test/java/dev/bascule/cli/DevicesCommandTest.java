package dev.bascule.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bascule.formats.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class DevicesCommandTest {
  @Test
  void cpuAndReferenceAreAlwaysThere() {
    CommandLineRun run = CommandLineRun.of("devices", "--no-test", "--json");
    assertThat(run.code()).as(run.err()).isZero();
    Json json = Json.parse(run.out().getBytes(StandardCharsets.UTF_8), "standard output");
    List<String> ids =
        json.get("devices").elements().stream().map(device -> device.get("id").text()).toList();
    assertThat(ids).contains("cpu", "reference");
  }

  @Test
  void aDriverThatFindsNothingSaysWhy() {
    CommandLineRun run = CommandLineRun.of("devices", "--no-test", "--set", "cpu.isa=z80");
    assertThat(run.out()).contains("cpu: none. ", "z80", "reference");
  }
}
