package dev.bascule.formats.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bascule.core.DType;
import dev.bascule.formats.Fuzz;
import dev.bascule.formats.StoredTensor;
import dev.bascule.formats.StoredType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Broken GGUF files: half of the mutations know where the numbers are, half do not. */
class GgufFuzzTest {
  @TempDir private Path folder;

  private static void read(Path path) {
    try (GgufFile file = GgufFile.open(path)) {
      file.metadata().entries().forEach(GgufFuzzTest::use);
      for (StoredTensor tensor : file.tensors().values()) {
        byte[] bytes = new byte[(int) tensor.byteSize()];
        tensor.copyTo(MemorySegment.ofArray(bytes));
        if (isFloat(tensor.type())) {
          float[] values = new float[(int) tensor.elements()];
          tensor.readFloats(0, values, 0, values.length);
        }
      }
    }
  }

  private static boolean isFloat(StoredType type) {
    return switch (type) {
      case StoredType.Plain(DType dtype) -> dtype.isFloat();
      case StoredType.Blocks blocks -> true;
      case StoredType.Other other -> false;
    };
  }

  private static void use(GgufEntry entry) {
    entry.describe();
    switch (entry.value()) {
      case GgufValue.Scalar scalar -> {
        if (scalar.type() == GgufType.BOOL) {
          entry.truth();
        } else {
          entry.real();
        }
      }
      case GgufValue.Text text -> entry.text();
      case GgufValue.Texts texts -> assertThat(List.copyOf(entry.texts())).isNotNull();
      case GgufValue.Scalars scalars -> {
        if (scalars.elementType() == GgufType.BOOL) {
          entry.truths();
        } else {
          entry.reals();
        }
      }
      case GgufValue.Nested nested -> assertThat(nested.elements()).isNotNull();
    }
  }

  private static Fuzz.Outcome fuzz(Path folder, long seed, int cases) throws IOException {
    byte[] sample = GgufBytes.sample().bytes();
    return Fuzz.run(
        folder,
        seed,
        cases,
        random ->
            random.nextBoolean() ? Fuzz.mutate(sample, random) : GgufBytes.sample().hostile(random),
        GgufFuzzTest::read);
  }

  @Test
  void brokenFilesAreRefusedAndNothingElseHappens() throws IOException {
    Fuzz.Outcome outcome = fuzz(folder, 1, 3000);
    assertThat(outcome.refused()).isGreaterThan(1000);
    assertThat(outcome.accepted()).isGreaterThan(150);
  }

  @Test
  void noBeginningOfAFileIsTakenForTheWhole() throws IOException {
    byte[] sample = GgufBytes.sample().bytes();
    Path path = folder.resolve("short.gguf");
    for (int length = 0; length < sample.length; length++) {
      Files.write(path, java.util.Arrays.copyOf(sample, length));
      org.assertj.core.api.Assertions.assertThatThrownBy(() -> read(path))
          .isInstanceOf(dev.bascule.formats.FormatException.class);
    }
  }

  /** A longer run: arguments are a seed and a number of cases. */
  public static void main(String[] arguments) throws IOException {
    Path folder = Files.createTempDirectory("fuzz");
    System.out.println(fuzz(folder, Long.parseLong(arguments[0]), Integer.parseInt(arguments[1])));
  }
}
