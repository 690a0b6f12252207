package dev.bascule.formats;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * Throws broken files at a reader: it may refuse them by {@link FormatException} and by nothing
 * else, without taking memory out of proportion to the file. Case i of a seed is the same on every
 * run and every machine.
 */
public final class Fuzz {
  private static final long ALLOCATED_BYTES_FLOOR = 48L << 20;
  private static final long ALLOCATED_BYTES_PER_FILE_BYTE = 512;

  /** Makes the bytes of one case. */
  public interface Maker {
    byte[] make(RandomGenerator random);
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
    System.out.println("fuzz seed " + seed + ", " + cases + " cases");
    int refused = 0;
    Path file = folder.resolve("fuzzed");
    for (int i = 0; i < cases; i++) {
      RandomGenerator random =
          RandomGeneratorFactory.of("L64X128MixRandom").create(seed * 1_000_003 + i);
      byte[] bytes = maker.make(random);
      Files.write(file, bytes);
      long before = allocatedBytes();
      try {
        reader.read(file);
      } catch (FormatException e) {
        refused++;
        if (!String.valueOf(e.getMessage()).contains("fuzzed")) {
          throw new AssertionError(
              "case " + i + " of seed " + seed + ": the error does not name the file", e);
        }
      } catch (RuntimeException | Error e) {
        throw new AssertionError(
            "case " + i + " of seed " + seed + " (" + bytes.length + " bytes)", e);
      }
      long allocated = allocatedBytes() - before;
      if (allocated > ALLOCATED_BYTES_FLOOR + ALLOCATED_BYTES_PER_FILE_BYTE * bytes.length) {
        throw new AssertionError(
            "case "
                + i
                + " of seed "
                + seed
                + ": "
                + bytes.length
                + " bytes took "
                + allocated
                + " bytes of heap");
      }
    }
    return new Outcome(cases - refused, refused);
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
