package dev.bascule.cpu;

import dev.bascule.core.DeviceException;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How many launches a device makes before it fails, all its streams together: without end, or as
 * many as a test asks for. A device that has failed stays so.
 */
final class LaunchBudget {
  private final OptionalLong launches;
  private final AtomicLong left;

  LaunchBudget(OptionalLong launches) {
    this.launches = launches;
    this.left = new AtomicLong(launches.orElse(0));
  }

  /** Counts one launch; refuses it where none is left. */
  void take(String name) {
    if (launches.isPresent() && left.getAndUpdate(n -> Math.max(0, n - 1)) <= 0) {
      throw new DeviceException(
          "cpu: launch \""
              + name
              + "\" failed: cpu.fail-after="
              + launches.getAsLong()
              + " stops the device after that many launches; leave this setting for tests out");
    }
  }
}
