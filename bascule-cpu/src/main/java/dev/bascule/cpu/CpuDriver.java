package dev.bascule.cpu;

import dev.bascule.core.device.DeviceOptions;
import dev.bascule.core.device.Driver;
import java.util.List;

/** Finds the processor that this program runs on: the device {@code cpu}, always there. */
public final class CpuDriver implements Driver {
  @Override
  public String name() {
    return "cpu";
  }

  @Override
  public Discovery discover(DeviceOptions options) {
    return new Discovery(List.of(new CpuDevice(CpuSettings.of(options))), "");
  }
}
