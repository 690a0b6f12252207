package dev.bascule.core.device;

import java.util.List;

/**
 * What a device is.
 *
 * @param id what users write to choose it, unique among all devices, such as {@code cpu} or {@code
 *     opencl:0}
 * @param description vendor, model and instruction set, for people
 * @param memoryBytes memory it can allocate from, 0 where unknown
 * @param alignmentBytes what buffer offsets must be multiples of
 * @param notes things announced once, such as a path that is not taken and why
 */
public record DeviceInfo(
    String id, String description, long memoryBytes, long alignmentBytes, List<String> notes) {
  public DeviceInfo {
    notes = List.copyOf(notes);
  }
}
