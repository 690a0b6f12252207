package dev.bascule.formats;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.Stream;

/**
 * Throws broken files, or folders of them, at a reader: it may refuse them by {@link
 * FormatException} and by nothing else, without taking memory out of proportion to the files, and
 * soon. Case i of a seed is the same on every run and every machine.
 */
public final class Fuzz {
  private static final long ALLOCATED_BYTES_FLOOR = 48L << 20;
  private static final long ALLOCATED_BYTES_PER_FILE_BYTE = 512;

  /** Of the thread itself, so that a busy machine changes nothing. */
  private static final long CPU_NANOS_MAX = 10_000_000_000L;

  /** Makes the bytes of one case. */
  public interface Maker {
    byte[] make(RandomGenerator random);
  }

  /** Writes the file or the folder of one case. */
  public interface Builder {
    void build(Path path, RandomGenerator random) throws IOException;
  }

  /** Reads a file to its end. */
  public interface Reader {
    void read(Path path) throws IOException;
  }

  /** What came out of the cases. */
  public record Outcome(int accepted, int refused) {}

  private Fuzz() {}

  public static Outcome run(Path folder, long seed, int cases, Maker maker, Reader reader)
      throws IOException {
    Builder file = (path, random) -> Files.write(path, maker.make(random));
    return runBuilt(folder, seed, 0, cases, file, reader);
  }

  /** Cases {@code from} to {@code end} of a seed, each a file or a folder of files. */
  public static Outcome runBuilt(
      Path folder, long seed, int from, int end, Builder builder, Reader reader)
      throws IOException {
    System.out.println("fuzz seed " + seed + ", cases " + from + " to " + end);
    int refused = 0;
    Path path = folder.resolve("fuzzed");
    for (int i = from; i < end; i++) {
      RandomGenerator random =
          RandomGeneratorFactory.of("L64X128MixRandom").create(seed * 1_000_003 + i);
      delete(path);
      builder.build(path, random);
      refused += isRefused(path, "case " + i + " of seed " + seed, reader) ? 1 : 0;
    }
    delete(path);
    return new Outcome(end - from - refused, refused);
  }

  private static boolean isRefused(Path path, String name, Reader reader) throws IOException {
    long size = size(path);
    long before = allocatedBytes();
    long start = cpuNanos();
    boolean refused = false;
    try {
      reader.read(path);
    } catch (FormatException e) {
      refused = true;
      if (!String.valueOf(e.getMessage()).contains("fuzzed")) {
        throw new AssertionError(name + ": the error does not name the file", e);
      }
    } catch (RuntimeException | Error e) {
      throw new AssertionError(name + " (" + size + " bytes)", e);
    }
    long allocated = allocatedBytes() - before;
    if (allocated > ALLOCATED_BYTES_FLOOR + ALLOCATED_BYTES_PER_FILE_BYTE * size) {
      throw new AssertionError(name + ": " + size + " bytes took " + allocated + " bytes of heap");
    }
    long nanos = cpuNanos() - start;
    if (nanos > CPU_NANOS_MAX) {
      throw new AssertionError(name + ": " + size + " bytes took " + nanos / 1e9 + " s");
    }
    return refused;
  }

  /** Links are files here, and so are devices. */
  private static List<Path> tree(Path path) throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return List.of();
    }
    try (Stream<Path> paths = Files.walk(path)) {
      return paths.sorted(Comparator.reverseOrder()).toList();
    }
  }

  private static long size(Path path) throws IOException {
    long size = 0;
    for (Path file : tree(path)) {
      size += Files.isRegularFile(file) ? Files.size(file) : 0;
    }
    return size;
  }

  private static void delete(Path path) throws IOException {
    for (Path file : tree(path)) {
      Files.delete(file);
    }
  }

  private static long cpuNanos() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  private static long allocatedBytes() {
    return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean())
        .getCurrentThreadAllocatedBytes();
  }

  /** A few changes to bytes, anywhere. */
  public static byte[] mutate(byte[] original, RandomGenerator random) {
    byte[] bytes = original.clone();
    int changes = 1 + random.nextInt(8);
    for (int i = 0; i < changes && bytes.length > 0; i++) {
      int at = random.nextInt(bytes.length);
      switch (random.nextInt(6)) {
        case 0 -> bytes[at] = (byte) random.nextInt();
        case 1 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 2 -> bytes = Arrays.copyOf(bytes, at);
        case 3 ->
            bytes =
                splice(bytes, at, Math.min(bytes.length, at + 1 + random.nextInt(16)), new byte[0]);
        case 4 -> {
          byte[] noise = new byte[1 + random.nextInt(16)];
          random.nextBytes(noise);
          bytes = splice(bytes, at, at, noise);
        }
        default -> {
          int from = random.nextInt(bytes.length);
          int to = Math.min(bytes.length, from + 1 + random.nextInt(64));
          bytes = splice(bytes, at, at, Arrays.copyOfRange(bytes, from, to));
        }
      }
    }
    return bytes;
  }

  private static byte[] splice(byte[] bytes, int from, int to, byte[] between) {
    byte[] result = new byte[from + between.length + bytes.length - to];
    System.arraycopy(bytes, 0, result, 0, from);
    System.arraycopy(between, 0, result, from, between.length);
    System.arraycopy(bytes, to, result, from + between.length, bytes.length - to);
    return result;
  }
}
