package dev.bascule.formats;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;

/**
 * What is being written beside a file or folder that it will become, and what is left of that by a
 * process that was killed. Who writes holds a lock, which ends with the process however that ends;
 * so what nobody holds is left over.
 */
public final class Leftovers {
  private Leftovers() {}

  /** A new name beside {@code target}, for what will become it: never one that was used before. */
  public static Path newName(Path target) {
    String unique = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
    return target.resolveSibling("." + target.getFileName() + "." + unique + ".partial");
  }

  /** All that is being written or left over beside {@code target}. */
  public static List<Path> of(Path target) throws IOException {
    Pattern names =
        Pattern.compile(
            Pattern.quote("." + target.getFileName() + ".") + "[0-9a-f]+" + "\\.partial");
    List<Path> found = new ArrayList<>();
    Path folder = target.toAbsolutePath().getParent();
    if (folder != null && Files.isDirectory(folder)) {
      try (DirectoryStream<Path> siblings =
          Files.newDirectoryStream(
              folder, file -> names.matcher(String.valueOf(file.getFileName())).matches())) {
        siblings.forEach(found::add);
      }
    }
    return found;
  }

  /** Deletes the files that are left over beside {@code target}; gives those deleted. */
  public static List<Path> delete(Path target) throws IOException {
    List<Path> deleted = new ArrayList<>();
    for (Path file : of(target)) {
      if (isAbandoned(file) && Files.deleteIfExists(file)) {
        deleted.add(file);
      }
    }
    return deleted;
  }

  /**
   * Marks a file as being written, until the channel is closed or the process ends. False where
   * another has taken it for a leftover; a file system without locks has none.
   */
  public static boolean hold(FileChannel channel) {
    try {
      return channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      return false;
    } catch (IOException e) {
      return true;
    }
  }

  /** Whether no process writes this file; false where the system cannot say. */
  public static boolean isAbandoned(Path file) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
        FileLock lock = channel.tryLock()) {
      return lock != null;
    } catch (IOException | OverlappingFileLockException e) {
      return false;
    }
  }
}
