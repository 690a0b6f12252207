package dev.bascule.formats.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bascule.formats.FormatException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxTensorTest {
  private static final Path TEST_DATA = Path.of("/usr/share/libonnx-testdata/data");

  @TempDir private Path folder;

  private byte[] bytesOf(Proto tensor) throws IOException {
    Path path = Files.write(folder.resolve("t.pb"), tensor.toBytes());
    try (OnnxTensorFile file = OnnxTensorFile.open(path)) {
      assertThat(file.tensor().byteSize()).isEqualTo(file.tensor().toBytes().length);
      return file.tensor().toBytes();
    }
  }

  private static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }

  @Test
  void rawBytesComeAsTheyAre() throws IOException {
    assertThat(bytesOf(Proto.tensor("t", 1, 1).bytes(9, bytes(1, 2, 3, 4))))
        .isEqualTo(bytes(1, 2, 3, 4));
  }

  @Test
  void aScalarHasOneElement() throws IOException {
    assertThat(bytesOf(Proto.tensor("t", 7).packed(7, -2))).isEqualTo(Proto.little(-2, 8));
  }

  @Test
  void anEmptyTensorHasNoBytes() throws IOException {
    assertThat(bytesOf(Proto.tensor("t", 1, 3, 0, 2))).isEmpty();
    assertThat(bytesOf(Proto.tensor("t", 1, 0).bytes(9, new byte[0]))).isEmpty();
  }

  @Test
  void typedElementsMayBePackedOrNotOrBoth() throws IOException {
    Proto mixed = Proto.tensor("t", 6, 2, 2).integer(5, 1).packed(5, -2, 3).integer(5, 4);
    assertThat(bytesOf(mixed))
        .isEqualTo(
            Proto.message()
                .raw(Proto.little(1, 4))
                .raw(Proto.little(-2, 4))
                .raw(Proto.little(3, 4))
                .raw(Proto.little(4, 4))
                .toBytes());
    Proto floats = Proto.tensor("t", 1, 2).fixed32(4, 7).bytes(4, Proto.little(9, 4));
    assertThat(bytesOf(floats)).isEqualTo(bytes(7, 0, 0, 0, 9, 0, 0, 0));
    Proto doubles = Proto.tensor("t", 11, 2).fixed64(10, 7).bytes(10, Proto.little(9, 8));
    assertThat(bytesOf(doubles)).isEqualTo(bytes(7, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0));
  }

  @Test
  void narrowTypesLieInInt32Data() throws IOException {
    assertThat(bytesOf(Proto.tensor("t", 10, 2).packed(5, 0x3C00, 0xC000)))
        .isEqualTo(bytes(0, 0x3C, 0, 0xC0));
    assertThat(bytesOf(Proto.tensor("t", 16, 1).packed(5, 0x3F80))).isEqualTo(bytes(0x80, 0x3F));
    assertThat(bytesOf(Proto.tensor("t", 17, 2).packed(5, 0xFE, 1))).isEqualTo(bytes(0xFE, 1));
    assertThat(bytesOf(Proto.tensor("t", 3, 2).packed(5, -128, 127))).isEqualTo(bytes(-128, 127));
    assertThat(bytesOf(Proto.tensor("t", 9, 3).packed(5, 0, 1, 2))).isEqualTo(bytes(0, 1, 1));
  }

  @Test
  void halfBytesArePackedInPairs() throws IOException {
    assertThat(bytesOf(Proto.tensor("t", 22, 3).packed(5, 0x21, 0x03)))
        .isEqualTo(bytes(0x21, 0x03));
    assertThat(bytesOf(Proto.tensor("t", 21, 3).bytes(9, bytes(0x21, 0x03))))
        .isEqualTo(bytes(0x21, 0x03));
    assertThat(bytesOf(Proto.tensor("t", 25, 5).packed(5, 0xE4, 2))).isEqualTo(bytes(0xE4, 2));
  }

  @Test
  void unsignedAndComplexElementsHaveTheirFields() throws IOException {
    assertThat(bytesOf(Proto.tensor("t", 12, 1).packed(11, 0xFFFFFFFFL)))
        .isEqualTo(bytes(-1, -1, -1, -1));
    assertThat(bytesOf(Proto.tensor("t", 13, 1).packed(11, -1))).isEqualTo(Proto.little(-1, 8));
    assertThat(bytesOf(Proto.tensor("t", 14, 1).fixed32(4, 1).fixed32(4, 2)))
        .isEqualTo(bytes(1, 0, 0, 0, 2, 0, 0, 0));
  }

  @Test
  void anElementThatDoesNotFitIsRefused() {
    assertThatThrownBy(() -> bytesOf(Proto.tensor("t", 3, 1).packed(5, 300)))
        .isInstanceOf(FormatException.class)
        .hasMessageContainingAll("'t'", "an element of 8 bits, got 300");
  }

  @Test
  void stringsComeAsBytes() throws IOException {
    Path path =
        Files.write(
            folder.resolve("t.pb"), Proto.tensor("t", 8, 2).text(6, "ä").text(6, "").toBytes());
    try (OnnxTensorFile file = OnnxTensorFile.open(path)) {
      assertThat(file.tensor().toStrings())
          .containsExactly("ä".getBytes(StandardCharsets.UTF_8), new byte[0]);
    }
  }

  @Test
  void aSequenceIsNoTensor() throws IOException {
    Path path =
        Files.write(
            folder.resolve("t.pb"),
            Proto.message()
                .text(1, "s")
                .integer(2, 1)
                .message(3, Proto.tensor("", 1, 0))
                .toBytes());
    assertThatThrownBy(() -> OnnxTensorFile.open(path))
        .hasMessageContaining("a sequence of tensors");
  }

  private Path external(String location, long offset, long length) throws IOException {
    Proto tensor = Proto.tensor("w", 1, 2).integer(14, 1);
    tensor.message(13, Proto.message().text(1, "location").text(2, location));
    tensor.message(13, Proto.message().text(1, "offset").text(2, Long.toString(offset)));
    tensor.message(13, Proto.message().text(1, "length").text(2, Long.toString(length)));
    Proto graph = Proto.message().text(2, "main").message(5, tensor);
    Path model = folder.resolve("models").resolve("m.onnx");
    Files.createDirectories(model.getParent());
    return Files.write(model, Proto.model(graph));
  }

  private static byte[] load(Path model) {
    try (OnnxFile file = OnnxFile.open(model)) {
      return file.model().graph().initializers().getFirst().toBytes();
    }
  }

  @Test
  void externalDataIsReadFromBesideTheModel() throws IOException {
    Path model = external("sub/w.bin", 4, 8);
    Files.createDirectories(folder.resolve("models/sub"));
    Files.write(folder.resolve("models/sub/w.bin"), bytes(9, 9, 9, 9, 1, 2, 3, 4, 5, 6, 7, 8));
    assertThat(load(model)).isEqualTo(bytes(1, 2, 3, 4, 5, 6, 7, 8));
  }

  @Test
  void externalDataStaysInTheModelsFolder() throws IOException {
    Files.write(folder.resolve("secret"), new byte[64]);
    for (String location :
        List.of(
            "../secret",
            folder.resolve("secret").toString(),
            "sub/../../secret",
            "..\\secret",
            "",
            "a\0b")) {
      Path model = external(location, 0, 8);
      assertThatThrownBy(() -> load(model))
          .isInstanceOf(FormatException.class)
          .hasMessageContaining("external data at a relative path inside the model's folder");
    }
  }

  @Test
  void absurdExternalSizesAreRefusedBeforeMemoryIsTaken() throws IOException {
    Proto tensor = Proto.tensor("w", 1, 1L << 40).integer(14, 1);
    tensor.message(13, Proto.message().text(1, "location").text(2, "w.bin"));
    Path model =
        Files.write(
            folder.resolve("m.onnx"),
            Proto.model(Proto.message().text(2, "main").message(5, tensor)));
    Files.write(folder.resolve("w.bin"), new byte[10]);
    assertThatThrownBy(() -> load(model))
        .isInstanceOf(FormatException.class)
        .hasMessageContainingAll("4398046511104 bytes", "a file of 10 bytes");
  }

  @Test
  void aLinkOutOfTheFolderIsRefused() throws IOException {
    Files.write(folder.resolve("secret"), new byte[64]);
    Path model = external("link", 0, 8);
    Files.createSymbolicLink(folder.resolve("models/link"), folder.resolve("secret"));
    assertThatThrownBy(() -> load(model))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("a link that leads out of the folder");
  }

  @Test
  void externalDataOutsideItsFileIsRefused() throws IOException {
    Files.createDirectories(folder.resolve("models"));
    Files.write(folder.resolve("models/w.bin"), new byte[10]);
    for (long offset : new long[] {3, 11, Long.MAX_VALUE - 8}) {
      Path model = external("w.bin", offset, 8);
      assertThatThrownBy(() -> load(model))
          .isInstanceOf(FormatException.class)
          .hasMessageContainingAll("initializer 0 'w'", "8 bytes from byte " + offset);
    }
    assertThatThrownBy(() -> load(external("w.bin", 0, 9)))
        .hasMessageContaining("9 bytes from byte 0");
    assertThatThrownBy(() -> load(external("w.bin", -1, 8)))
        .hasMessageContaining("a whole offset of zero or more");
    assertThatThrownBy(() -> load(external("none.bin", 0, 8))).hasMessageContaining("no such file");
    assertThatThrownBy(() -> load(external("", 0, 8))).isInstanceOf(FormatException.class);
  }

  @Test
  void everyTensorAndModelOfTheOnnxTestDataIsReadOrIsASequence() throws IOException {
    Assumptions.assumeTrue(Files.isDirectory(TEST_DATA), "libonnx-testdata is not installed");
    List<Path> files;
    try (Stream<Path> walk = Files.walk(TEST_DATA)) {
      files = walk.filter(path -> path.toString().matches(".*\\.(onnx|pb)")).toList();
    }
    List<String> refused = new ArrayList<>();
    for (Path path : files) {
      try {
        if (path.toString().endsWith(".onnx")) {
          OnnxFile.open(path).close();
        } else {
          try (OnnxTensorFile file = OnnxTensorFile.open(path)) {
            assertThat(file.tensor().byteSize()).isNotNegative();
          }
        }
      } catch (FormatException e) {
        refused.add(path.toString());
      }
    }
    assertThat(files).hasSizeGreaterThan(4000);
    assertThat(refused).allMatch(path -> path.matches(".*(sequence|_seq|_opt|optional).*\\.pb"));
  }
}
