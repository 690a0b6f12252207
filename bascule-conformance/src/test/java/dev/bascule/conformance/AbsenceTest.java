package dev.bascule.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bascule.core.Tensor;
import dev.bascule.core.device.Device;
import dev.bascule.core.device.DeviceOptions;
import dev.bascule.core.device.Driver;
import dev.bascule.core.graph.Reference;
import dev.bascule.cpu.CpuDriver;
import dev.bascule.gpu.opencl.OpenClDriver;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Hosts without what is fast: announced once, and the same bits. */
class AbsenceTest {
  private static final DeviceOptions TWO_THREADS = new DeviceOptions(2, Map.of());

  @Test
  void aHostThatForbidsExecutableMemoryIsAnnouncedOnceAndGivesTheSameBits() {
    DeviceOptions forbidden = TWO_THREADS.with("cpu.executable-memory", "forbid");
    List<Device> devices = new CpuDriver().discover(forbidden).devices();
    try (Device device = devices.getFirst()) {
      assertThat(device.info().notes())
          .singleElement()
          .asString()
          .contains("portable")
          .contains("machine code may not run");
      assertThat(device.info().description()).contains("portable");
      var inputs = SmallModel.inputs(3, 21, 1);
      Map<String, Tensor> expected = Reference.run(SmallModel.graph(), inputs);
      try (EngineRunner runner = new EngineRunner(device);
          GraphRunner.Compiled compiled = runner.compile(SmallModel.graph())) {
        Map<String, Tensor> actual = compiled.run(inputs);
        assertThat(actual.keySet()).isEqualTo(expected.keySet());
        expected.forEach((name, right) ->
            assertThat(Difference.of(right, java.util.Objects.requireNonNull(actual.get(name))))
                .isEmpty());
      }
    }
  }

  @Test
  void askingForMachineCodeWhereItIsForbiddenIsRefusedWithTheRemedy() {
    DeviceOptions options =
        TWO_THREADS.with("cpu.executable-memory", "forbid").with("cpu.isa", "avx2");
    org.assertj.core.api.Assertions.assertThatThrownBy(() -> new CpuDriver().discover(options))
        .hasMessageContaining("avx2")
        .hasMessageContaining("leave cpu.isa out");
  }

  @Test
  void aMachineWithoutOpenClSaysWhatIsMissingAndHowToGetIt() {
    DeviceOptions options = TWO_THREADS.with(OpenClDriver.LOADER, "libNoSuchOpenCL.so");
    Driver.Discovery discovery = new OpenClDriver().discover(options);
    assertThat(discovery.devices()).isEmpty();
    assertThat(discovery.reason())
        .contains("no OpenCL loader")
        .contains("libNoSuchOpenCL.so")
        .contains("install");
  }
}
