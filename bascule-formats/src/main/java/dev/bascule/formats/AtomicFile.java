package dev.bascule.formats;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/**
 * A file being written that appears under its name whole or not at all: its bytes go to a file of
 * another name in the same folder, which {@link #commit} puts onto the disk and renames. Until
 * then, and if the process dies, what was under the name stays as it was. What a killed process
 * left is deleted by the next one that writes the same file.
 *
 * <p>A pipe or a device cannot be replaced: its bytes go straight to it.
 *
 * <p>It writes through a stream and not through a channel, which an interrupt would close.
 */
public final class AtomicFile implements AutoCloseable {
  private static final int BUFFER_BYTES = 1 << 20;

  private final Path path;
  private final long bytesMin;
  private final Path target;
  private final FileOutputStream out;
  private final Optional<Partial> partial;
  private byte[] buffer = new byte[BUFFER_BYTES];
  private int buffered;
  private long written;
  private boolean finished;

  private AtomicFile(
      Path path, long bytesMin, Path target, FileOutputStream out, Optional<Partial> partial) {
    this.path = path;
    this.bytesMin = bytesMin;
    this.target = target;
    this.out = out;
    this.partial = partial;
  }

  /** The file that becomes the target; it is deleted if the program ends before, by a signal. */
  private record Partial(Path path, Thread atExit) {
    static Partial of(Path path) {
      Thread atExit = new Thread(() -> delete(path), "delete " + path.getFileName());
      try {
        Runtime.getRuntime().addShutdownHook(atExit);
      } catch (IllegalStateException e) {
        delete(path); // the program is ending; writing will not come far
      }
      return new Partial(path, atExit);
    }

    private static void delete(Path path) {
      try {
        Files.deleteIfExists(path);
      } catch (IOException e) {
        return; // the next one that writes the same file deletes it
      }
    }

    /** There is nothing to delete any more. */
    void release() {
      try {
        Runtime.getRuntime().removeShutdownHook(atExit);
      } catch (IllegalStateException e) {
        return; // the program is ending, and deletes what is gone
      }
    }
  }

  /**
   * Begins a file that will be {@code path}; of a link, what it leads to.
   *
   * @param bytesMin how many it will have at least, for the user whose disk is full; 0 where nobody
   *     knows
   */
  public static AtomicFile create(Path path, long bytesMin) throws UnwritableException {
    try {
      boolean exists = Files.exists(path);
      Path target = exists ? path.toRealPath() : path.toAbsolutePath();
      if (Files.isDirectory(target)) {
        throw new FileSystemException(path.toString(), null, "it is a folder");
      }
      if (exists && !Files.isRegularFile(target)) {
        FileOutputStream out = new FileOutputStream(target.toFile());
        return new AtomicFile(path, bytesMin, target, out, Optional.empty());
      }
      if (exists && !Files.isWritable(target)) {
        throw new AccessDeniedException(path.toString());
      }
      Leftovers.delete(target);
      return beside(path, bytesMin, target);
    } catch (IOException e) {
      throw UnwritableException.atStart(path, e);
    }
  }

  private static AtomicFile beside(Path path, long bytesMin, Path target) throws IOException {
    while (true) {
      Path partial = Files.createFile(Leftovers.newName(target));
      FileOutputStream out = new FileOutputStream(partial.toFile());
      // before the lock was there, another process may have taken the file for a leftover
      if (Leftovers.hold(out.getChannel()) && Files.exists(partial)) {
        return new AtomicFile(path, bytesMin, target, out, Optional.of(Partial.of(partial)));
      }
      out.close();
      Files.deleteIfExists(partial);
    }
  }

  /** Writes a whole file. */
  public static void write(Path path, byte[] bytes) throws UnwritableException {
    try (AtomicFile file = create(path, bytes.length)) {
      file.write(bytes);
      file.commit();
    }
  }

  /** Writes a whole file, in UTF-8. */
  public static void write(Path path, String text) throws UnwritableException {
    write(path, text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Writes all of a stream as a whole file.
   *
   * @param bytesMin how many it has at least; 0 where nobody knows
   * @throws IOException if the stream cannot be read, or the file not be written
   */
  public static void write(Path path, InputStream in, long bytesMin) throws IOException {
    byte[] piece = new byte[1 << 16];
    try (AtomicFile file = create(path, bytesMin)) {
      for (int got = in.read(piece); got >= 0; got = in.read(piece)) {
        file.write(MemorySegment.ofArray(piece).asSlice(0, got));
      }
      file.commit();
    }
  }

  /** Bytes written so far. */
  public long position() {
    return written;
  }

  public void write(MemorySegment bytes) throws UnwritableException {
    long size = bytes.byteSize();
    for (long done = 0; done < size; ) {
      if (buffered == buffer.length) {
        flush();
      }
      int piece = (int) Math.min(buffer.length - buffered, size - done);
      MemorySegment.copy(bytes, done, MemorySegment.ofArray(buffer), buffered, piece);
      buffered += piece;
      done += piece;
    }
    written += size;
  }

  public void write(byte[] bytes) throws UnwritableException {
    write(MemorySegment.ofArray(bytes));
  }

  /** Writes the low {@code bytes} bytes of {@code bits}, the lowest first. */
  public void writeNumber(long bits, int bytes) throws UnwritableException {
    if (buffer.length - buffered < bytes) {
      flush();
    }
    for (int i = 0; i < bytes; i++) {
      buffer[buffered++] = (byte) (bits >>> i * Byte.SIZE);
    }
    written += bytes;
  }

  /** Writes zeros up to the next multiple of {@code alignment}. */
  public void align(int alignment) throws UnwritableException {
    write(new byte[(int) (Math.ceilDiv(written, (long) alignment) * alignment - written)]);
  }

  private void flush() throws UnwritableException {
    if (finished) {
      throw new IllegalStateException("writing " + path + ": it is finished already");
    }
    try {
      out.write(buffer, 0, buffered);
      buffered = 0;
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /** What was written goes first: what is free without it is what counts. */
  private UnwritableException failed(IOException cause) {
    try {
      close();
    } catch (UnwritableException e) {
      cause.addSuppressed(e);
    }
    return UnwritableException.onTheWay(path, bytesMin, cause);
  }

  /**
   * Puts all bytes onto the disk: a {@link #commit} after it needs no more room. So several files
   * can be finished before the first of them replaces anything.
   */
  public void finish() throws UnwritableException {
    flush();
    buffer = new byte[0];
    if (partial.isPresent()) {
      try {
        out.getFD().sync();
      } catch (IOException e) {
        throw failed(e);
      }
    }
    finished = true;
  }

  /** Puts the file under its name, in place of what was there. */
  public void commit() throws UnwritableException {
    if (!finished) {
      finish();
    }
    try {
      out.close();
      if (partial.isPresent()) {
        Files.move(
            partial.get().path(),
            target,
            StandardCopyOption.ATOMIC_MOVE,
            StandardCopyOption.REPLACE_EXISTING);
      }
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /** Without a {@link #commit} before, all that was written is gone. */
  @Override
  public void close() throws UnwritableException {
    try {
      try (out) {
        if (partial.isPresent()) {
          partial.get().release();
          Files.deleteIfExists(partial.get().path());
        }
      }
    } catch (IOException e) {
      throw UnwritableException.onTheWay(path, bytesMin, e);
    }
  }
}
