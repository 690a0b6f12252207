package dev.bascule.conformance;

import dev.bascule.core.DType;
import dev.bascule.core.device.Device;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * The suite in small: the f32 cases whose one plan runs with several dimensions, through the
 * engine, bit for bit against the reference. What a user may wait for on a device that compiles
 * slowly; one that is to be trusted passes the whole suite.
 */
public final class SelfTest {
  private final List<Case> cases;
  private final References references = new References();

  public SelfTest() {
    this.cases =
        Cases.brief().stream()
            .filter(example -> example.dtype() == DType.F32 && example.runs().size() > 1)
            .toList();
  }

  /** Cases for each device. */
  public int size() {
    return cases.size();
  }

  /**
   * Runs every case on {@code device}, which stays the caller's; {@code done} hears the name of
   * each.
   *
   * @return what is wrong, an entry for each output in which it is
   */
  public List<String> failures(Device device, Consumer<String> done) {
    List<String> failures = new ArrayList<>();
    try (EngineRunner runner = new EngineRunner(device)) {
      for (Case example : cases) {
        failures.addAll(CaseChecks.failures(runner, example, references));
        done.accept(example.name());
      }
    }
    return failures;
  }
}
