package dev.bascule.formats;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;

/**
 * A file of any size that is read from any place, by any number of threads at the same time. What
 * is asked for is copied, and a file that is truncated while in use ends in a {@link
 * FormatException}.
 *
 * <p>It is read and not mapped: pages that are mapped to be copied once cost more than the copy,
 * and hold up the other threads of the process. The channel is an asynchronous one, which does its
 * work in the thread that asks, because an interrupt does not close it.
 */
public final class InputFile implements AutoCloseable {
  private static final long NATIVE_BYTES_MAX = 1 << 26;

  /** Bytes for the heap pass through native memory of as many bytes, kept for each thread. */
  private static final long HEAP_BYTES_MAX = 1 << 16;

  private final Path path;
  private final AsynchronousFileChannel channel;
  private final long size;

  private InputFile(Path path, AsynchronousFileChannel channel, long size) {
    this.path = path;
    this.channel = channel;
    this.size = size;
  }

  /** Opens {@code path}, which must be a regular file. */
  public static InputFile open(Path path) {
    if (!Files.isRegularFile(path)) {
      String got = Files.exists(path) ? "something else (a folder or a device)" : "nothing";
      throw new FormatException(path, "", "a file", got, "check the path");
    }
    try {
      AsynchronousFileChannel channel =
          AsynchronousFileChannel.open(
              path, Set.of(StandardOpenOption.READ), CallingThread.INSTANCE);
      return new InputFile(path, channel, channel.size());
    } catch (IOException e) {
      throw new FormatException(
          path, "", "a readable file", String.valueOf(e.getMessage()), "check its permissions", e);
    }
  }

  public Path path() {
    return path;
  }

  /** Bytes in the file when it was opened. */
  public long size() {
    return size;
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
    Objects.checkFromIndexSize(offset, bytes, size);
    long step = destination.isNative() ? NATIVE_BYTES_MAX : HEAP_BYTES_MAX;
    for (long done = 0; done < bytes; done += step) {
      MemorySegment piece = destination.asSlice(done, Math.min(step, bytes - done));
      if (piece.isNative() || piece.heapBase().orElseThrow() instanceof byte[]) {
        fill(piece.asByteBuffer(), offset + done);
      } else {
        // of an array of other numbers there is no buffer of bytes
        byte[] values = new byte[(int) piece.byteSize()];
        fill(ByteBuffer.wrap(values), offset + done);
        piece.copyFrom(MemorySegment.ofArray(values));
      }
    }
  }

  private void fill(ByteBuffer buffer, long offset) {
    long start = offset;
    try {
      while (buffer.hasRemaining()) {
        int read = channel.read(buffer, start).get();
        if (read < 0) {
          throw truncated(channel.size());
        }
        start += read;
      }
    } catch (ExecutionException e) {
      if (e.getCause() instanceof ClosedChannelException) {
        throw new IllegalStateException(path + " is closed", e);
      }
      throw unreadable(String.valueOf(e.getCause()), e);
    } catch (IOException e) {
      throw unreadable(String.valueOf(e.getMessage()), e);
    } catch (InterruptedException e) {
      // nothing is waited for: what was asked is done
      Thread.currentThread().interrupt();
      throw new IllegalStateException(path + ": interrupted in the middle of a read", e);
    }
  }

  private FormatException unreadable(String got, Exception cause) {
    return new FormatException(
        path, "", "a readable file", got, "check the disk, and open it again", cause);
  }

  private FormatException truncated(long length) {
    return new FormatException(
        path,
        "",
        "the " + size + " bytes it had when it was opened",
        length + " bytes: the file was truncated while in use",
        "restore the file and open it again");
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // It was only read.
    }
  }

  @Override
  public String toString() {
    return path.toString();
  }
}
