package dev.bascule.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.bascule.core.device.Device;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/** The suite on every device of this machine. CPU buffers end at a page that cannot be touched. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ConformanceTest {
  private static final Map<String, String> GUARDED = Map.of("cpu.guard-pages", "true");

  private final References references = new References();
  private final List<Devices.Opened> opened = new ArrayList<>();

  @TestFactory
  Stream<DynamicNode> everyDevicePasses() {
    return Stream.of(Devices.values()).map(this::suite);
  }

  private DynamicNode suite(Devices kind) {
    Devices.Opened found = kind.open(2, GUARDED);
    opened.add(found);
    if (found.devices().isEmpty()) {
      return DynamicTest.dynamicTest(kind + " is absent", () -> abort(found.reason()));
    }
    Device device = found.devices().getFirst();
    var suite = new Conformance(device, kind.scope(), references);
    return DynamicContainer.dynamicContainer(
        kind + ": " + device.info().description(),
        suite.checks().stream()
            .map(check ->
                DynamicTest.dynamicTest(check.name(), () -> assertThat(check.run()).isEmpty())));
  }

  @AfterAll
  void close() {
    opened.forEach(Devices.Opened::close);
  }
}
