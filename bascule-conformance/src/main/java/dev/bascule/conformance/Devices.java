package dev.bascule.conformance;

import dev.bascule.core.DeviceException;
import dev.bascule.core.device.Device;
import dev.bascule.core.device.DeviceOptions;
import dev.bascule.core.device.Driver;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;

/**
 * The devices that the suite knows by name, each a driver with settings: what the columns of the
 * support matrix are, and what {@code --device} takes.
 */
public enum Devices {
  PORTABLE("cpu", "cpu.isa", "portable", Conformance.Breadth.ALL),
  AVX2("cpu", "cpu.isa", "avx2", Conformance.Breadth.ALL),
  AVX512("cpu", "cpu.isa", "avx512", Conformance.Breadth.ALL),
  /** The schedule for CPUs, which is what PoCL has. */
  OPENCL("opencl", "opencl.schedule", "cpu", Conformance.Breadth.BRIEF),
  /** The schedule for GPUs, wherever it runs. */
  OPENCL_GPU("opencl", "opencl.schedule", "gpu", Conformance.Breadth.NONE);

  private final String driver;
  private final String setting;
  private final String value;
  private final Conformance.Breadth breadth;

  Devices(String driver, String setting, String value, Conformance.Breadth breadth) {
    this.driver = driver;
    this.setting = setting;
    this.value = value;
    this.breadth = breadth;
  }

  /** What found a device, or why there is none. */
  public record Opened(List<Device> devices, String reason) implements AutoCloseable {
    public Opened {
      devices = List.copyOf(devices);
    }

    @Override
    public void close() {
      devices.forEach(Device::close);
    }
  }

  /** How much of the suite the checks run. */
  public Conformance.Scope scope() {
    return switch (breadth) {
      case ALL -> Conformance.Scope.FULL;
      case BRIEF -> Conformance.Scope.BRIEF;
      case NONE -> Conformance.Scope.KERNELS;
    };
  }

  /** Opens the devices of this kind with {@code threads} threads and {@code more} settings. */
  public Opened open(int threads, Map<String, String> more) {
    DeviceOptions options = new DeviceOptions(threads, more).with(setting, value);
    List<Device> devices = new ArrayList<>();
    String reason = "no driver '" + driver + "' on the class path";
    for (Driver found : ServiceLoader.load(Driver.class)) {
      if (found.name().equals(driver)) {
        try {
          Driver.Discovery discovery = found.discover(options);
          devices.addAll(discovery.devices());
          reason = discovery.reason();
        } catch (DeviceException absent) {
          reason = String.valueOf(absent.getMessage());
        }
      }
    }
    return new Opened(devices, reason);
  }

  /** The kind of this name, in any case, with - or _. */
  public static Devices of(String name) {
    return valueOf(name.toUpperCase(java.util.Locale.ROOT).replace('-', '_'));
  }

  @Override
  public String toString() {
    return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
  }
}
