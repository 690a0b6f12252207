package dev.bascule.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bascule.core.device.Device;
import dev.bascule.core.device.DeviceOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DevicesTest {
  @Test
  void theProcessorIsOpenedAtTheLevelOfItsName() {
    DeviceOptions options = new DeviceOptions(1, java.util.Map.of("cpu.isa", "best"));
    try (Device device = Devices.open("cpu:portable", options)) {
      assertThat(device.info().id()).isEqualTo("cpu");
      assertThat(device.info().description()).contains("portable, 1 thread");
    }
    assertThat(Devices.isProcessor("cpu:portable")).isTrue();
    assertThat(Devices.isProcessor("cpu")).isTrue();
    assertThat(Devices.isProcessor("reference")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"nonsense", "cpu:sse", "cpu:", "reference:1", "opencl:999", ""})
  void anUnknownNameIsAnsweredWithAllThatExist(String name) {
    assertThatThrownBy(() -> Devices.open(name, DeviceOptions.DEFAULT))
        .isInstanceOf(RequestException.class)
        .hasMessageContaining("'" + name + "'")
        .satisfies(e -> {
          if (!e.getMessage().contains("not to be had")) {
            assertThat(e.getMessage())
                .contains("there are: cpu, cpu:avx512, cpu:avx2, cpu:portable", "reference");
          }
        });
  }
}
