package dev.bascule.formats;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/**
 * Answers that outside software gave, where they are: a test that needs them is skipped elsewhere.
 */
public final class Oracles {
  private Oracles() {}

  /** The file or folder of this name; the test is skipped where it is not there. */
  public static Path path(String name) {
    String configured = System.getenv("BASCULE_ORACLES");
    Path root = Path.of(System.getProperty("bascule.root", "."));
    Path oracles = configured == null ? root.resolve("../shared/oracles") : Path.of(configured);
    Path path = oracles.resolve(name).normalize();
    Assumptions.assumeTrue(Files.exists(path), "no oracle at " + path);
    return path;
  }
}
