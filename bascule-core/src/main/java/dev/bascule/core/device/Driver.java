package dev.bascule.core.device;

import java.util.List;

/** A kind of devices, found with {@link java.util.ServiceLoader}. */
public interface Driver {
  /** The name users write, such as {@code cpu} or {@code opencl}. */
  String name();

  /**
   * Looks for devices. Where there are none, {@link Discovery#reason()} says why in the user's
   * terms; absence is no error.
   */
  Discovery discover(DeviceOptions options);

  /** What a driver found, or why it found nothing. */
  record Discovery(List<Device> devices, String reason) {
    public Discovery {
      devices = List.copyOf(devices);
    }
  }
}
