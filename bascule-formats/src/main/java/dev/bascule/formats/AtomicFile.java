package dev.bascule.formats;

import java.io.FileOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HexFormat;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A file being written that appears under its name whole or not at all: its bytes go to a file of
 * another name in the same folder, which {@link #commit} puts onto the disk and renames. Until
 * then, and if the process dies, what was under the name stays as it was.
 *
 * <p>It writes through a stream and not through a channel, which an interrupt would close.
 */
public final class AtomicFile implements AutoCloseable {
  private static final int BUFFER_BYTES = 1 << 20;

  private final Path target;
  private final Path partial;
  private final FileOutputStream out;
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private int buffered;
  private long written;
  private boolean committed;

  private AtomicFile(Path target, Path partial, FileOutputStream out) {
    this.target = target;
    this.partial = partial;
    this.out = out;
  }

  /** Begins a file that will be {@code path}; of a link, what it leads to. */
  public static AtomicFile create(Path path) throws IOException {
    Path target = Files.exists(path) ? path.toRealPath() : path.toAbsolutePath();
    String name =
        Objects.requireNonNull(target.getFileName(), "a file's path has a name").toString();
    String unique = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
    Path partial = target.resolveSibling("." + name + "." + unique + ".partial");
    Files.createFile(partial);
    return new AtomicFile(target, partial, new FileOutputStream(partial.toFile()));
  }

  /** Bytes written so far. */
  public long position() {
    return written;
  }

  public void write(MemorySegment bytes) throws IOException {
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

  public void write(byte[] bytes) throws IOException {
    write(MemorySegment.ofArray(bytes));
  }

  /** Writes the low {@code bytes} bytes of {@code bits}, the lowest first. */
  public void writeNumber(long bits, int bytes) throws IOException {
    if (buffer.length - buffered < bytes) {
      flush();
    }
    for (int i = 0; i < bytes; i++) {
      buffer[buffered++] = (byte) (bits >>> i * Byte.SIZE);
    }
    written += bytes;
  }

  /** Writes zeros up to the next multiple of {@code alignment}. */
  public void align(int alignment) throws IOException {
    write(new byte[(int) (Math.ceilDiv(written, (long) alignment) * alignment - written)]);
  }

  private void flush() throws IOException {
    out.write(buffer, 0, buffered);
    buffered = 0;
  }

  /** Puts the file under its name, in place of what was there. */
  public void commit() throws IOException {
    flush();
    out.getFD().sync();
    out.close();
    Files.move(
        partial, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    committed = true;
  }

  /** Without a {@link #commit} before, all that was written is gone. */
  @Override
  public void close() throws IOException {
    out.close();
    if (!committed) {
      Files.deleteIfExists(partial);
    }
  }
}
