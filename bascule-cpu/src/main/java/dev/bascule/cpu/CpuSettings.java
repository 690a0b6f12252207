package dev.bascule.cpu;

import dev.bascule.core.DeviceException;
import dev.bascule.core.device.DeviceOptions;
import dev.bascule.cpu.asm.ExecutableMemory;
import dev.bascule.cpu.asm.IsaLevel;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What users may set for the CPU device.
 *
 * @param isa the instruction set asked for ({@code cpu.isa}); empty for the best there is
 * @param executable whether machine code may run ({@code cpu.executable-memory} = {@code forbid}
 *     behaves as a host that forbids it)
 * @param guardPages true for an untouchable page after each buffer ({@code cpu.guard-pages}), for
 *     tests
 * @param fault for tests only: kernels of this label give a wrong bit ({@code cpu.test-fault})
 * @param launchesMax for tests only: the device fails after so many launches ({@code
 *     cpu.fail-after})
 */
record CpuSettings(
    int threads,
    Optional<IsaLevel> isa,
    ExecutableMemory.Policy executable,
    boolean guardPages,
    Optional<PlantedFault> fault,
    OptionalLong launchesMax) {

  private static final List<String> KNOWN =
      List.of(
          "cpu.isa",
          "cpu.executable-memory",
          "cpu.guard-pages",
          "cpu.test-fault",
          "cpu.fail-after");

  static CpuSettings of(DeviceOptions options) {
    options.requireKnown("cpu", KNOWN);
    int threads = options.threads();
    return new CpuSettings(
        threads == 0 ? Runtime.getRuntime().availableProcessors() : threads,
        isa(options.property("cpu.isa", "best")),
        switch (options.property("cpu.executable-memory", "allow")) {
          case "allow" -> ExecutableMemory.Policy.ALLOWED;
          case "forbid" -> ExecutableMemory.Policy.FORBIDDEN;
          case String other -> throw unknown("cpu.executable-memory", other, "allow, forbid");
        },
        switch (options.property("cpu.guard-pages", "false")) {
          case "true" -> true;
          case "false" -> false;
          case String other -> throw unknown("cpu.guard-pages", other, "true, false");
        },
        Optional.ofNullable(options.properties().get("cpu.test-fault")).map(PlantedFault::new),
        launchesMax(options));
  }

  private static OptionalLong launchesMax(DeviceOptions options) {
    String text = options.property("cpu.fail-after", "");
    if (text.isEmpty()) {
      return OptionalLong.empty();
    }
    if (!text.matches("[0-9]{1,18}")) {
      throw unknown("cpu.fail-after", text, "a number of launches");
    }
    return OptionalLong.of(Long.parseLong(text));
  }

  /** What the user should hear of settings that are for tests alone. */
  List<String> warnings() {
    List<String> warnings = new ArrayList<>();
    fault.ifPresent(planted ->
        warnings.add(
            "FOR TESTS ONLY: cpu.test-fault makes results of '" + planted.label() + "' wrong"));
    launchesMax.ifPresent(launches ->
        warnings.add(
            "FOR TESTS ONLY: cpu.fail-after stops this device after " + launches + " launches"));
    return warnings;
  }

  private static Optional<IsaLevel> isa(String text) {
    return switch (text) {
      case "best" -> Optional.empty();
      case "portable" -> Optional.of(IsaLevel.PORTABLE);
      case "avx2" -> Optional.of(IsaLevel.AVX2);
      case "avx512" -> Optional.of(IsaLevel.AVX512);
      default -> throw unknown("cpu.isa", text, "best, portable, avx2, avx512");
    };
  }

  private static DeviceException unknown(String key, String value, String known) {
    return new DeviceException("cpu: " + key + " is '" + value + "'; known: " + known);
  }
}
