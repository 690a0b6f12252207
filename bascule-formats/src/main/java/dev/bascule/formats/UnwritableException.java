package dev.bascule.formats;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;

/**
 * A file that cannot be written, on a disk that is full for example. The message names the file,
 * what is wrong, how much is needed and free, a remedy, and what has become of the file.
 */
public final class UnwritableException extends IOException {
  private static final long serialVersionUID = 1L;

  private UnwritableException(String message, IOException cause) {
    super(message, cause);
  }

  /** A file that cannot be begun. */
  static UnwritableException atStart(Path path, IOException cause) {
    String problem =
        switch (cause) {
          case NoSuchFileException e -> "there is no such folder; make it, or name another place";
          case AccessDeniedException e ->
              "access is denied; check its permissions and its folder's, or name another place";
          default -> reason(cause) + "; name another place";
        };
    return new UnwritableException("writing " + path + ": " + problem, cause);
  }

  /**
   * A file that cannot be written to the end.
   *
   * @param bytesMin how many it would have at least; 0 where nobody knows
   */
  static UnwritableException onTheWay(Path path, long bytesMin, IOException cause) {
    String needed =
        bytesMin == 0
            ? ""
            : String.format(
                Locale.ROOT, " (needed: %,d bytes%s)", bytesMin, freeBytes(path.toAbsolutePath()));
    return new UnwritableException(
        "writing "
            + path
            + ": "
            + reason(cause)
            + needed
            + "; free some space, or name another place; nothing is left of what was written"
            + (Files.isRegularFile(path) ? ", and what was there before is as it was" : ""),
        cause);
  }

  private static String reason(IOException cause) {
    String reason =
        cause instanceof FileSystemException system ? system.getReason() : cause.getMessage();
    return reason == null ? cause.toString() : reason;
  }

  private static String freeBytes(Path path) {
    try {
      Path folder = path.getParent();
      return folder == null
          ? ""
          : String.format(Locale.ROOT, ", free: %,d", Files.getFileStore(folder).getUsableSpace());
    } catch (IOException e) {
      return "";
    }
  }
}
