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
    return existing(folder("BASCULE_ORACLES", "../shared/oracles").resolve(name));
  }

  /** A file that {@code scripts/test-data} fetched; the test is skipped where it did not. */
  public static Path fetched(String name) {
    return existing(folder("BASCULE_TEST_DATA", ".cache/test-data").resolve(name));
  }

  private static Path existing(Path path) {
    Assumptions.assumeTrue(Files.exists(path), "no oracle at " + path);
    return path.normalize();
  }

  private static Path folder(String variable, String otherwise) {
    String configured = System.getenv(variable);
    return configured == null || configured.isEmpty()
        ? repository().resolve(otherwise).normalize()
        : Path.of(configured);
  }

  /** Tests start in the folder of their module. */
  private static Path repository() {
    Path folder = Path.of("").toAbsolutePath();
    while (!Files.exists(folder.resolve("check")) && folder.getParent() != null) {
      folder = folder.getParent();
    }
    return folder;
  }
}
