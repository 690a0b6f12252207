package dev.bascule.formats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InputFileTest {
  @TempDir private Path folder;

  private static void truncate(Path path, long bytes) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
      channel.truncate(bytes);
    }
  }

  @Test
  void whatIsNoFileIsRefused() {
    assertThatThrownBy(() -> InputFile.open(folder))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("a folder or a device");
    assertThatThrownBy(() -> InputFile.open(folder.resolve("none")))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("got nothing");
  }

  @Test
  void bytesComeFromWhereTheyAre() throws IOException {
    Path path = Files.write(folder.resolve("f"), new byte[] {1, 2, 3, 4});
    try (InputFile file = InputFile.open(path)) {
      byte[] bytes = new byte[2];
      file.read(1, MemorySegment.ofArray(bytes));
      assertThat(bytes).containsExactly(2, 3);
      assertThat(file.size()).isEqualTo(4);
      assertThatThrownBy(() -> file.read(3, MemorySegment.ofArray(bytes)))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  void anInterruptDoesNotCloseTheFile() throws IOException {
    Path path = Files.write(folder.resolve("f"), new byte[8]);
    try (InputFile file = InputFile.open(path)) {
      Thread.currentThread().interrupt();
      file.read(0, MemorySegment.ofArray(new byte[8]));
      assertThat(Thread.interrupted()).isTrue();
      file.read(0, MemorySegment.ofArray(new byte[8]));
    }
  }

  @Test
  void zerosBehindATruncationInsideAPageAreNotTakenForData() throws IOException {
    Path path = Files.write(folder.resolve("f"), new byte[100]);
    try (InputFile file = InputFile.open(path)) {
      truncate(path, 50);
      assertThatThrownBy(() -> file.read(40, MemorySegment.ofArray(new byte[20])))
          .isInstanceOf(FormatException.class)
          .hasMessageContainingAll(
              "the 100 bytes it had when it was opened",
              "50 bytes: the file was truncated while in use");
      file.read(0, MemorySegment.ofArray(new byte[50]));
    }
  }

  /**
   * In a JVM of its own, in case it dies; with the copy compiled, since that is where faults are
   * reported late.
   */
  @Test
  void theProcessSurvivesATruncationWhileInUse() throws IOException, InterruptedException {
    Path path = folder.resolve("f");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Truncated.class.getName(),
                path.toString())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    assertThat(output).contains("refused 600 of 600");
  }

  /** Truncates a file under many reads of many sizes, to the heap and to native memory. */
  static final class Truncated {
    private static final int BYTES = 1 << 20;
    private static final int READS = 600;

    public static void main(String[] arguments) throws IOException {
      Path path = Files.write(Path.of(arguments[0]), new byte[BYTES]);
      int refused = 0;
      try (InputFile file = InputFile.open(path);
          Arena arena = Arena.ofConfined()) {
        MemorySegment memory = arena.allocate(BYTES);
        for (int i = 0; i < 20_000; i++) {
          file.read(i, MemorySegment.ofArray(new byte[64]));
        }
        truncate(path, 8192);
        for (int i = 0; i < READS; i++) {
          int size = 1 + (i * 7919) % 100_000;
          MemorySegment to =
              i % 2 == 0 ? memory.asSlice(0, size) : MemorySegment.ofArray(new byte[size]);
          try {
            file.read(8192L + i * 1000L, to);
          } catch (FormatException e) {
            refused++;
          }
        }
      }
      System.out.println("refused " + refused + " of " + READS);
    }
  }
}
