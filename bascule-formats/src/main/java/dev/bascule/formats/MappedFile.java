package dev.bascule.formats;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A file mapped for reading, of any size. Everybody reads it through {@link #read}, which copies:
 * nobody holds a view of the mapping, so a file that is truncated while in use ends in a {@link
 * FormatException} and never in a fault inside compiled or emitted code.
 *
 * <p>On HotSpot a read of a mapped page that has no file behind it any more raises an {@link
 * InternalError}, but possibly only at the next safepoint; and the rest of the last page reads as
 * zeros without any error. So each copy is followed by one look at the file's length: that call
 * into the system is a safepoint, and its answer tells about the zeros. A {@link RandomAccessFile}
 * gives the length because, unlike a channel, an interrupt does not close it.
 *
 * <p>Threads may read at the same time.
 */
public final class MappedFile implements AutoCloseable {
  /** A copy holds up safepoints, so that large ones are made in pieces. */
  private static final long COPY_BYTES_MAX = 4L << 20;

  private final Path path;
  private final RandomAccessFile file;
  private final Arena arena;
  private final MemorySegment mapping;

  private MappedFile(Path path, RandomAccessFile file, Arena arena, MemorySegment mapping) {
    this.path = path;
    this.file = file;
    this.arena = arena;
    this.mapping = mapping;
  }

  /** Maps {@code path}, which must be a regular file. */
  public static MappedFile open(Path path) {
    if (!Files.isRegularFile(path)) {
      String got = Files.exists(path) ? "something else (a folder or a device)" : "nothing";
      throw new FormatException(path, "", "a file", got, "check the path");
    }
    Arena arena = Arena.ofShared();
    RandomAccessFile file = null;
    try {
      file = new RandomAccessFile(path.toFile(), "r");
      MemorySegment mapping = file.getChannel().map(MapMode.READ_ONLY, 0, file.length(), arena);
      return new MappedFile(path, file, arena, mapping);
    } catch (IOException | UnsupportedOperationException e) {
      arena.close();
      closeQuietly(file);
      throw new FormatException(
          path, "", "a readable file", String.valueOf(e.getMessage()), "check its permissions", e);
    }
  }

  private static void closeQuietly(@Nullable RandomAccessFile file) {
    if (file == null) {
      return;
    }
    try {
      file.close();
    } catch (IOException e) {
      // It was only read; the reason why it could not be mapped is on its way to the caller.
    }
  }

  public Path path() {
    return path;
  }

  /** Bytes in the file when it was opened. */
  public long size() {
    return mapping.byteSize();
  }

  /**
   * Fills {@code destination} with the bytes from {@code offset} on.
   *
   * @throws IndexOutOfBoundsException if they are not within {@link #size}: callers check what
   *     files tell them
   * @throws FormatException if the file has been truncated since it was opened
   */
  public void read(long offset, MemorySegment destination) {
    long bytes = destination.byteSize();
    Objects.checkFromIndexSize(offset, bytes, mapping.byteSize());
    try {
      for (long done = 0; done < bytes; done += COPY_BYTES_MAX) {
        long piece = Math.min(COPY_BYTES_MAX, bytes - done);
        MemorySegment.copy(mapping, offset + done, destination, done, piece);
      }
      if (file.length() < offset + bytes) {
        throw truncated(file.length(), null);
      }
    } catch (InternalError e) {
      throw truncated(-1, e);
    } catch (IOException e) {
      throw new FormatException(
          path, "", "an open file", String.valueOf(e.getMessage()), "open it again", e);
    }
  }

  /**
   * Says that these bytes are not needed for now: the memory they take in this process is free
   * again. They can still be read.
   */
  public void letGo(long offset, long bytes) {
    PageBindings.letGo(mapping.asSlice(offset, bytes));
  }

  private FormatException truncated(long length, @Nullable InternalError cause) {
    String got = length < 0 ? "a read error" : length + " bytes";
    FormatException exception =
        new FormatException(
            path,
            "",
            "the " + size() + " bytes it had when it was opened",
            got + ": the file was truncated while in use",
            "restore the file and open it again");
    if (cause != null) {
      exception.initCause(cause);
    }
    return exception;
  }

  @Override
  public void close() {
    arena.close();
    closeQuietly(file);
  }

  @Override
  public String toString() {
    return path.toString();
  }
}
