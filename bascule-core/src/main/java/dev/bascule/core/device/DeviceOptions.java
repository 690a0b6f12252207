package dev.bascule.core.device;

import dev.bascule.core.DeviceException;
import java.util.List;
import java.util.Map;

/**
 * Settings for devices, read on the command line and passed down.
 *
 * @param threads worker threads of CPU devices; 0 means one per available processor
 * @param properties driver-specific settings, such as {@code cpu.isa} = {@code portable}, {@code
 *     avx2} or {@code avx512}
 */
public record DeviceOptions(int threads, Map<String, String> properties) {
  public static final DeviceOptions DEFAULT = new DeviceOptions(0, Map.of());

  public DeviceOptions {
    if (threads < 0) {
      throw new IllegalArgumentException(
          "threads must be 0 (all processors) or more, not " + threads);
    }
    properties = Map.copyOf(properties);
  }

  public String property(String key, String otherwise) {
    return properties.getOrDefault(key, otherwise);
  }

  /** Refuses settings that begin with {@code driver} and a dot, and are not among {@code known}. */
  public void requireKnown(String driver, List<String> known) {
    for (String key : properties.keySet()) {
      if (key.startsWith(driver + ".") && !known.contains(key)) {
        throw new DeviceException(
            driver + ": there is no setting '" + key + "'; there are: " + String.join(", ", known));
      }
    }
  }

  public DeviceOptions with(String key, String value) {
    Map<String, String> more = new java.util.TreeMap<>(properties);
    more.put(key, value);
    return new DeviceOptions(threads, more);
  }
}
