package dev.bascule.gpu.opencl;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;

/**
 * What looking for OpenCL on this machine gave: platforms, or the reason why there are none.
 * Absence is not an error - most machines have no OpenCL driver - but whoever looked announces the
 * reason once.
 */
public sealed interface OpenClLookup {
  /** At least one platform is there; a platform may still have no device. */
  record Present(List<OpenClPlatform> platforms) implements OpenClLookup {
    public Present {
      platforms = List.copyOf(platforms);
    }

    /** The devices of all platforms, in the order in which the loader lists them. */
    public List<OpenClChip> chips() {
      return platforms.stream().flatMap(platform -> platform.chips().stream()).toList();
    }
  }

  /** No OpenCL, and why, with the remedy. */
  record Absent(String reason) implements OpenClLookup {}

  /** Looks for the loader under its usual names. */
  static OpenClLookup find() {
    return find(List.of("libOpenCL.so.1", "libOpenCL.so"));
  }

  /** Looks for the loader under {@code names}, the first that is there. */
  static OpenClLookup find(List<String> names) {
    for (String name : names) {
      SymbolLookup library;
      try {
        // For the life of the process: the drivers start threads, which must not lose their code.
        library = SymbolLookup.libraryLookup(name, Arena.global());
      } catch (IllegalArgumentException notUnderThisName) {
        continue;
      }
      try {
        return platforms(new OpenClBindings(library));
      } catch (NoSuchElementException e) {
        return new Absent(
            name + " is older than OpenCL 1.2 (" + e.getMessage() + "); install a newer loader");
      }
    }
    return new Absent(
        "no OpenCL loader (tried "
            + String.join(", ", names)
            + "); install the chip's driver, or for the CPU pocl-opencl-icd and ocl-icd-libopencl1");
  }

  private static OpenClLookup platforms(OpenClBindings bindings) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment count = arena.allocate(ValueLayout.JAVA_INT);
      int status = bindings.getPlatformIds(0, MemorySegment.NULL, count);
      int platformCount = status == OpenClStatus.SUCCESS ? count.get(ValueLayout.JAVA_INT, 0) : 0;
      if (platformCount == 0) {
        return new Absent(
            "the OpenCL loader found no driver ("
                + OpenClStatus.describe(
                    status == OpenClStatus.SUCCESS ? OpenClStatus.PLATFORM_NOT_FOUND_KHR : status)
                + "); install the chip's driver, or pocl-opencl-icd for the CPU, and look at /etc/OpenCL/vendors");
      }
      MemorySegment ids = arena.allocate(ValueLayout.ADDRESS, platformCount);
      OpenClStatus.check(
          "clGetPlatformIDs", bindings.getPlatformIds(platformCount, ids, MemorySegment.NULL));
      List<OpenClPlatform> platforms = new ArrayList<>();
      for (int i = 0; i < platformCount; i++) {
        platforms.add(OpenClPlatform.of(bindings, ids.getAtIndex(ValueLayout.ADDRESS, i)));
      }
      return new Present(platforms);
    }
  }
}
