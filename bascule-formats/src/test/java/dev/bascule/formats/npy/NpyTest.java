package dev.bascule.formats.npy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bascule.core.DType;
import dev.bascule.formats.FormatException;
import dev.bascule.formats.Fuzz;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NpyTest {
  private static final List<DType> TYPES =
      List.of(
          DType.F16,
          DType.F32,
          DType.F64,
          DType.I8,
          DType.I16,
          DType.I32,
          DType.I64,
          DType.U8,
          DType.U16,
          DType.U32,
          DType.U64,
          DType.BOOL);

  @TempDir private Path folder;

  /** A file as the format's description says, of any version. */
  private static byte[] file(int version, String header, int... data) {
    byte[] text =
        header.getBytes(version == 3 ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1);
    int lengthBytes = version == 1 ? 2 : 4;
    byte[] bytes = new byte[8 + lengthBytes + text.length + data.length];
    System.arraycopy(
        new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', (byte) version, 0}, 0, bytes, 0, 8);
    for (int i = 0; i < lengthBytes; i++) {
      bytes[8 + i] = (byte) (text.length >> (8 * i));
    }
    System.arraycopy(text, 0, bytes, 8 + lengthBytes, text.length);
    for (int i = 0; i < data.length; i++) {
      bytes[8 + lengthBytes + text.length + i] = (byte) data[i];
    }
    return bytes;
  }

  private NpyArray read(byte[] bytes) throws IOException {
    return Npy.read(Files.write(folder.resolve("a.npy"), bytes), Arena.ofAuto());
  }

  private void assertRefused(byte[] bytes, String... parts) {
    assertThatThrownBy(() -> read(bytes))
        .isInstanceOf(FormatException.class)
        .hasMessageContainingAll(parts)
        .hasMessageContaining("a.npy");
  }

  @Test
  void everyVersionIsRead() throws IOException {
    for (int version = 1; version <= 3; version++) {
      NpyArray array =
          read(
              file(
                  version,
                  "{'descr': '<i2', 'fortran_order': False, 'shape': (2,), }  \n",
                  1,
                  0,
                  2,
                  0));
      assertThat(array.dtype()).isEqualTo(DType.I16);
      assertThat(array.dims()).containsExactly(2L);
      assertThat(array.data().toArray(ValueLayout.JAVA_SHORT)).containsExactly(1, 2);
    }
  }

  @Test
  void bigEndianBecomesLittleEndian() throws IOException {
    NpyArray array =
        read(
            file(
                1,
                "{'descr': '>i4', 'fortran_order': False, 'shape': (2,)}\n",
                0,
                0,
                0,
                1,
                0,
                0,
                1,
                0));
    assertThat(array.data().toArray(ValueLayout.JAVA_INT)).containsExactly(1, 256);
  }

  @Test
  void columnMajorBecomesRowMajor() throws IOException {
    // Element (i, j, k) of shape (2, 3, 2) is 100 i + 10 j + k; the first index runs fastest in the
    // file.
    int[] data = new int[12];
    for (int k = 0, at = 0; k < 2; k++) {
      for (int j = 0; j < 3; j++) {
        for (int i = 0; i < 2; i++) {
          data[at++] = 100 * i + 10 * j + k;
        }
      }
    }
    NpyArray array =
        read(file(1, "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3, 2), }\n", data));
    assertThat(array.data().toArray(ValueLayout.JAVA_BYTE))
        .containsExactly(0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121);
  }

  @Test
  void aScalarAndAnEmptyArrayAreArrays() throws IOException {
    assertThat(
            read(file(
                    1,
                    "{'descr': '<f4', 'fortran_order': False, 'shape': (), }\n",
                    0,
                    0,
                    0x80,
                    0x3F))
                .dims())
        .isEmpty();
    assertThat(
            read(file(1, "{'descr': '<f4', 'fortran_order': True, 'shape': (3, 0), }\n"))
                .data()
                .byteSize())
        .isZero();
  }

  @Test
  void booleansAreZeroOrOne() throws IOException {
    NpyArray array =
        read(file(1, "{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }\n", 0, 1, 7));
    assertThat(array.data().toArray(ValueLayout.JAVA_BYTE)).containsExactly(0, 1, 1);
  }

  @Test
  void whatIsWrittenIsRead() throws IOException {
    for (DType type : TYPES) {
      for (List<Long> dims :
          List.of(List.<Long>of(), List.of(5L), List.of(2L, 0L), List.of(2L, 3L, 4L))) {
        long elements = dims.stream().reduce(1L, (a, b) -> a * b);
        byte[] data = new byte[(int) type.bytes(elements)];
        for (int i = 0; i < data.length; i++) {
          data[i] = (byte) (type == DType.BOOL ? i & 1 : i * 37);
        }
        Path path = folder.resolve("a.npy");
        Npy.write(path, new NpyArray(type, dims, MemorySegment.ofArray(data)));
        NpyArray array = Npy.read(path, Arena.ofAuto());
        assertThat(array.dtype()).isEqualTo(type);
        assertThat(array.dims()).isEqualTo(dims);
        assertThat(array.data().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(data);
      }
    }
  }

  @Test
  void theFileStartsAsNumpyWritesIt() throws IOException {
    Path path = folder.resolve("a.npy");
    Npy.write(path, new NpyArray(DType.F32, List.of(1L), MemorySegment.ofArray(new byte[4])));
    String written = new String(Files.readAllBytes(path), StandardCharsets.ISO_8859_1);
    assertThat(written)
        .startsWith(
            "\u0093NUMPY\u0001\u0000v\u0000{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }");
    assertThat(written.indexOf('\n')).isEqualTo(127);
    assertThat(written).hasSize(132);
  }

  @Test
  void brokenFilesAreRefused() {
    assertRefused(new byte[] {1, 2}, "a header of 8 bytes");
    assertRefused("PK..........".getBytes(StandardCharsets.UTF_8), "a .npy file");
    assertRefused(file(4, "{}"), "version 1, 2 or 3, got version 4");
    assertRefused(file(1, "{'descr': '<f4'}"), "all of the keys");
    assertRefused(
        file(1, "{'descr': '<c8', 'fortran_order': False, 'shape': ()}", 0), "got '<c8'", "astype");
    assertRefused(
        file(1, "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': ()}", 0),
        "one of records");
    assertRefused(
        file(1, "{'descr': '<f4', 'fortran_order': Maybe, 'shape': ()}"),
        "True or False",
        "'Maybe");
    assertRefused(
        file(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}"),
        "a dimension of zero or more");
    assertRefused(
        file(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", 1, 2),
        "8 bytes of elements",
        "got 2 bytes");
    assertRefused(
        file(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}"),
        "fits 63 bits");
    assertRefused(
        file(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,)}"),
        "4000000000000 bytes",
        "got 0 bytes");
  }

  @Test
  void aTypeThatNumpyLacksIsNotWritten() {
    NpyArray array = new NpyArray(DType.BF16, List.of(1L), MemorySegment.ofArray(new byte[2]));
    assertThatThrownBy(() -> Npy.write(folder.resolve("a.npy"), array))
        .hasMessageContainingAll("bf16", "f32");
  }

  private static Fuzz.Outcome fuzz(Path folder, long seed, int cases) throws IOException {
    List<byte[]> seeds = new ArrayList<>();
    seeds.add(file(1, "{'descr': '<i2', 'fortran_order': False, 'shape': (2,), }  \n", 1, 0, 2, 0));
    seeds.add(file(2, "{'descr': '>f8', 'fortran_order': True, 'shape': (1, 2), }\n", new int[16]));
    seeds.add(file(3, "{'descr': '|b1', 'fortran_order': True, 'shape': (2, 3), }\n", new int[6]));
    return Fuzz.run(
        folder,
        seed,
        cases,
        random -> Fuzz.mutate(seeds.get(random.nextInt(seeds.size())), random),
        path -> {
          try (Arena arena = Arena.ofConfined()) {
            Npy.read(path, arena);
          }
        });
  }

  @Test
  void brokenArraysAreRefusedAndNothingElseHappens() throws IOException {
    assertThat(fuzz(folder, 1, 4000).refused()).isGreaterThan(2000);
  }

  /** A longer run: arguments are a seed and a number of cases. */
  public static void main(String[] arguments) throws IOException {
    Path folder = Files.createTempDirectory("fuzz");
    System.out.println(fuzz(folder, Long.parseLong(arguments[0]), Integer.parseInt(arguments[1])));
  }
}
