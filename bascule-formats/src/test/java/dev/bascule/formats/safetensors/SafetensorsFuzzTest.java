package dev.bascule.formats.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bascule.formats.FormatException;
import dev.bascule.formats.Fuzz;
import dev.bascule.formats.StoredTensor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Broken safetensors files: half of the mutations know the header, half do not. */
class SafetensorsFuzzTest {
  @TempDir private Path folder;

  private static void read(Path path) {
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      for (StoredTensor tensor : file.tensors().values()) {
        byte[] bytes = new byte[(int) tensor.byteSize()];
        tensor.copyTo(MemorySegment.ofArray(bytes));
      }
    }
  }

  private static Fuzz.Outcome fuzz(Path folder, long seed, int cases) throws IOException {
    byte[] sample =
        SafetensorsBytes.file(SafetensorsBytes.SAMPLE, SafetensorsBytes.SAMPLE_DATA_BYTES);
    return Fuzz.run(
        folder,
        seed,
        cases,
        random ->
            random.nextBoolean() ? Fuzz.mutate(sample, random) : SafetensorsBytes.hostile(random),
        SafetensorsFuzzTest::read);
  }

  @Test
  void brokenFilesAreRefusedAndNothingElseHappens() throws IOException {
    Fuzz.Outcome outcome = fuzz(folder, 1, 3000);
    assertThat(outcome.refused()).isGreaterThan(1000);
    assertThat(outcome.accepted()).isGreaterThan(15);
  }

  @Test
  void noBeginningOfAFileIsTakenForTheWhole() throws IOException {
    byte[] sample =
        SafetensorsBytes.file(SafetensorsBytes.SAMPLE, SafetensorsBytes.SAMPLE_DATA_BYTES);
    Path path = folder.resolve("short.safetensors");
    for (int length = 0; length < sample.length; length++) {
      Files.write(path, Arrays.copyOf(sample, length));
      assertThatThrownBy(() -> read(path)).isInstanceOf(FormatException.class);
    }
  }

  /** A longer run: arguments are a seed and a number of cases. */
  public static void main(String[] arguments) throws IOException {
    Path folder = Files.createTempDirectory("fuzz");
    System.out.println(fuzz(folder, Long.parseLong(arguments[0]), Integer.parseInt(arguments[1])));
  }
}
