package dev.bascule.gpu.opencl;

import dev.bascule.core.device.Device;
import dev.bascule.core.device.DeviceOptions;
import dev.bascule.core.device.Driver;
import java.util.ArrayList;
import java.util.List;

/**
 * Every OpenCL device of this machine that can compute exactly, as {@code opencl:0}, {@code
 * opencl:1}, ...
 *
 * <p>The setting {@code opencl.schedule} = {@code cpu} or {@code gpu} forces one of the two ways to
 * lay out kernels; both give the same bits.
 */
public final class OpenClDriver implements Driver {
  /** The setting that forces a schedule. */
  public static final String SCHEDULE = "opencl.schedule";

  /** The setting that names the loader's library, where it is not under its usual name. */
  public static final String LOADER = "opencl.loader";

  @Override
  public String name() {
    return "opencl";
  }

  @Override
  public Discovery discover(DeviceOptions options) {
    options.requireKnown(name(), List.of(SCHEDULE, LOADER));
    String loader = options.property(LOADER, "");
    return switch (loader.isEmpty() ? OpenClLookup.find() : OpenClLookup.find(List.of(loader))) {
      case OpenClLookup.Absent(String reason) -> new Discovery(List.of(), reason);
      case OpenClLookup.Present present -> devices(present.chips(), options);
    };
  }

  private static Discovery devices(List<OpenClChip> chips, DeviceOptions options) {
    List<Device> devices = new ArrayList<>();
    List<String> reasons = new ArrayList<>();
    for (OpenClChip chip : chips) {
      List<String> lacking = lacking(chip);
      if (lacking.isEmpty()) {
        devices.add(OpenClDevice.open("opencl:" + devices.size(), chip, forCpu(chip, options)));
      } else {
        reasons.add(chip.name() + " is not used: it has no " + String.join(" and no ", lacking));
      }
    }
    if (chips.isEmpty()) {
      reasons.add("the OpenCL drivers serve no device");
    }
    return new Discovery(devices, String.join("; ", reasons));
  }

  /** What exact numerics need and the chip has not. */
  private static List<String> lacking(OpenClChip chip) {
    List<String> lacking = new ArrayList<>();
    if (!chip.denormals()) {
      lacking.add("denormal floats");
    }
    if (!chip.exactDivide() && !chip.fp64()) {
      lacking.add("correctly rounded division");
    }
    if (!chip.littleEndian()) {
      lacking.add("little-endian memory");
    }
    return lacking;
  }

  private static boolean forCpu(OpenClChip chip, DeviceOptions options) {
    String otherwise = chip.type() == OpenClChip.Type.CPU ? "cpu" : "gpu";
    String schedule = options.property(SCHEDULE, otherwise);
    return switch (schedule) {
      case "cpu" -> true;
      case "gpu" -> false;
      default ->
          throw new IllegalArgumentException(
              SCHEDULE + " is 'cpu' or 'gpu', not '" + schedule + "'");
    };
  }
}
