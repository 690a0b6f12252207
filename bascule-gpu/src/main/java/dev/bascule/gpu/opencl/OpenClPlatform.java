package dev.bascule.gpu.opencl;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** One vendor's OpenCL driver and the chips that it serves (none is possible). */
public record OpenClPlatform(String name, String vendor, String version, List<OpenClChip> chips) {
  private static final int VERSION = 0x0901;
  private static final int NAME = 0x0902;
  private static final int VENDOR = 0x0903;
  private static final long ALL_TYPES = 0xFFFFFFFFL;

  public OpenClPlatform {
    chips = List.copyOf(chips);
  }

  static OpenClPlatform of(OpenClBindings bindings, MemorySegment id) {
    OpenClQuery query =
        new OpenClQuery((key, value, size) -> bindings.getPlatformInfo(id, key, value, size));
    List<OpenClChip> chips = new ArrayList<>();
    for (MemorySegment chip : chipIds(bindings, id)) {
      chips.add(OpenClChip.of(bindings, chip));
    }
    return new OpenClPlatform(query.text(NAME), query.text(VENDOR), query.text(VERSION), chips);
  }

  private static List<MemorySegment> chipIds(OpenClBindings bindings, MemorySegment platform) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment count = arena.allocate(ValueLayout.JAVA_INT);
      int status = bindings.getDeviceIds(platform, ALL_TYPES, 0, MemorySegment.NULL, count);
      if (status == OpenClStatus.DEVICE_NOT_FOUND) {
        return List.of();
      }
      OpenClStatus.check("clGetDeviceIDs", status);
      int chipCount = count.get(ValueLayout.JAVA_INT, 0);
      MemorySegment ids = arena.allocate(ValueLayout.ADDRESS, chipCount);
      OpenClStatus.check(
          "clGetDeviceIDs",
          bindings.getDeviceIds(platform, ALL_TYPES, chipCount, ids, MemorySegment.NULL));
      List<MemorySegment> chips = new ArrayList<>();
      for (int i = 0; i < chipCount; i++) {
        chips.add(ids.getAtIndex(ValueLayout.ADDRESS, i));
      }
      return chips;
    }
  }
}
