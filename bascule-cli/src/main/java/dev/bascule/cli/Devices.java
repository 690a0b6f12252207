package dev.bascule.cli;

import dev.bascule.core.DeviceException;
import dev.bascule.core.device.Device;
import dev.bascule.core.device.DeviceOptions;
import dev.bascule.core.device.Driver;
import dev.bascule.core.reference.ReferenceDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;

/** The devices of this machine, by the names that users write. */
final class Devices {
  private static final String REFERENCE = "reference";
  private static final String CPU = "cpu";
  private static final List<String> CPU_LEVELS = List.of("cpu:avx512", "cpu:avx2", "cpu:portable");

  private Devices() {}

  /** A driver without devices, and why. */
  record Absent(String driver, String reason) {}

  /** Everything there is; whoever asks closes the devices. */
  record Survey(List<Device> devices, List<Absent> absent) implements AutoCloseable {
    @Override
    public void close() {
      devices.forEach(Device::close);
    }
  }

  /** Whether {@code name} is the processor, at any level of its instruction sets. */
  static boolean isProcessor(String name) {
    return name.equals(CPU) || CPU_LEVELS.contains(name);
  }

  /**
   * Opens {@code name}: a driver's first device, or the one of that id; {@code cpu:avx2} is the
   * processor at that level, whatever the options say of it.
   */
  static Device open(String name, DeviceOptions options) {
    if (name.equals(REFERENCE)) {
      return new ReferenceDevice();
    }
    if (CPU_LEVELS.contains(name)) {
      return open(CPU, options.with("cpu.isa", name.substring(CPU.length() + 1)));
    }
    int colon = name.indexOf(':');
    String driverName = colon < 0 ? name : name.substring(0, colon);
    for (Driver driver : ServiceLoader.load(Driver.class)) {
      if (driver.name().equals(driverName)) {
        return choose(name, discover(driver, options), options);
      }
    }
    throw unknown(name, options);
  }

  /** Refuses settings that are of no driver. */
  static void requireDrivers(Iterable<String> settings) {
    for (String key : settings) {
      String owner = key.substring(0, Math.max(0, key.indexOf('.')));
      List<String> drivers =
          ServiceLoader.load(Driver.class).stream().map(d -> d.get().name()).toList();
      if (!drivers.contains(owner)) {
        throw new RequestException(
            "--set: no device has a setting "
                + Text.quote(key)
                + "; settings begin with "
                + String.join(". or ", drivers)
                + ".");
      }
    }
  }

  private static Driver.Discovery discover(Driver driver, DeviceOptions options) {
    try {
      return driver.discover(options);
    } catch (DeviceException | IllegalArgumentException e) {
      throw new RequestException("device " + e.getMessage(), e);
    }
  }

  private static Device choose(String name, Driver.Discovery found, DeviceOptions options) {
    List<Device> devices = new ArrayList<>(found.devices());
    for (Device device : devices) {
      boolean isFirst = name.indexOf(':') < 0;
      if (isFirst || device.info().id().equals(name)) {
        devices.stream().filter(other -> !other.equals(device)).forEach(Device::close);
        return device;
      }
    }
    devices.forEach(Device::close);
    throw devices.isEmpty()
        ? new RequestException(
            "device " + Text.quote(name) + " is not to be had: " + found.reason())
        : unknown(name, options);
  }

  private static RequestException unknown(String name, DeviceOptions options) {
    StringBuilder message = new StringBuilder("there is no device " + Text.quote(name));
    try (Survey survey = survey(options)) {
      message.append("; there are: ").append(String.join(", ", names(survey)));
      survey
          .absent()
          .forEach(absent ->
              message
                  .append("; ")
                  .append(absent.driver())
                  .append(" is not: ")
                  .append(absent.reason()));
    }
    return new RequestException(message.toString());
  }

  /** What can be written for the devices that there are. */
  private static List<String> names(Survey survey) {
    List<String> names = new ArrayList<>();
    for (Device device : survey.devices()) {
      names.add(device.info().id());
      if (device.info().id().equals(CPU)) {
        names.addAll(CPU_LEVELS);
      }
    }
    return names;
  }

  /** All devices of all drivers, and the reference. */
  static Survey survey(DeviceOptions options) {
    List<Device> devices = new ArrayList<>();
    List<Absent> absent = new ArrayList<>();
    for (Driver driver : ServiceLoader.load(Driver.class)) {
      try {
        Driver.Discovery found = driver.discover(options);
        devices.addAll(found.devices());
        if (!found.reason().isEmpty()) {
          absent.add(new Absent(driver.name(), found.reason()));
        }
      } catch (DeviceException | IllegalArgumentException e) {
        absent.add(new Absent(driver.name(), String.valueOf(e.getMessage())));
      }
    }
    devices.add(new ReferenceDevice());
    return new Survey(devices, absent);
  }
}
