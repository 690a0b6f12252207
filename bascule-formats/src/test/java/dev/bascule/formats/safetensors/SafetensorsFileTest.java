package dev.bascule.formats.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bascule.core.DType;
import dev.bascule.core.Tensor;
import dev.bascule.formats.FormatException;
import dev.bascule.formats.Oracles;
import dev.bascule.formats.StoredTensor;
import dev.bascule.formats.StoredType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafetensorsFileTest {
  @TempDir private Path folder;

  private SafetensorsFile open(byte[] bytes) throws IOException {
    return SafetensorsFile.open(Files.write(folder.resolve("w.safetensors"), bytes));
  }

  private void assertRefused(String header, int dataBytes, String... words) {
    assertRefused(SafetensorsBytes.file(header, dataBytes), words);
  }

  private void assertRefused(byte[] file, String... words) {
    assertThatThrownBy(() -> open(file).close())
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("w.safetensors")
        .hasMessageContainingAll(words);
  }

  @Test
  void tensorsLieWhereTheHeaderSays() throws IOException {
    byte[] bytes = SafetensorsBytes.file(SafetensorsBytes.SAMPLE, 43);
    bytes[bytes.length - 43] = 5;
    bytes[bytes.length - 3] = (byte) 0x80;
    bytes[bytes.length - 2] = 0x3F;
    try (SafetensorsFile file = open(bytes);
        Arena arena = Arena.ofConfined()) {
      assertThat(file.metadata()).containsEntry("format", "pt").hasSize(1);
      assertThat(file.tensors().keySet()).containsExactly("a", "b", "none", "c", "d");
      assertThat(file.tensor("b").dims()).containsExactly(2L, 3L);
      Tensor a = file.tensor("a").toTensor(arena);
      assertThat(a.dtype()).isEqualTo(DType.I64);
      assertThat(a.longs()).containsExactly(5, 0);
      assertThat(a.hasSlack()).isTrue();
      float[] c = new float[1];
      file.tensor("c").readFloats(0, c, 0, 1);
      assertThat(c).containsExactly(1);
      assertThat(file.tensor("none").byteSize()).isZero();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "BOOL, bool, 1",
    "U8, u8, 1",
    "I8, i8, 1",
    "F8_E4M3, f8e4m3, 1",
    "F8_E5M2, f8e5m2, 1",
    "U16, u16, 2",
    "I16, i16, 2",
    "F16, f16, 2",
    "BF16, bf16, 2",
    "U32, u32, 4",
    "I32, i32, 4",
    "F32, f32, 4",
    "U64, u64, 8",
    "I64, i64, 8",
    "F64, f64, 8",
    "C64, c64, 8",
    "F8_E8M0, f8_e8m0, 1"
  })
  void everyDtypeHasItsSize(String name, String type, int bytes) throws IOException {
    String header =
        "{\"w\":{\"dtype\":\"" + name + "\",\"shape\":[3],\"data_offsets\":[0," + 3 * bytes + "]}}";
    try (SafetensorsFile file = open(SafetensorsBytes.file(header, 3 * bytes))) {
      StoredTensor tensor = file.tensor("w");
      assertThat(tensor.type()).hasToString(type);
      assertThat(tensor.byteSize()).isEqualTo(3L * bytes);
    }
  }

  @Test
  void smallFloatsMeanWhatTheirFormatsSay() throws IOException {
    String header = "{\"w\":{\"dtype\":\"F8_E4M3\",\"shape\":[2],\"data_offsets\":[0,2]}}";
    byte[] bytes = SafetensorsBytes.file(header, 2);
    bytes[bytes.length - 2] = 0x7E;
    bytes[bytes.length - 1] = (byte) 0x81;
    try (SafetensorsFile file = open(bytes)) {
      float[] values = new float[2];
      file.tensor("w").readFloats(0, values, 0, 2);
      assertThat(values).containsExactly(448, -0.001953125f);
    }
  }

  @Test
  void headersOfWrongLengthsAreRefused() {
    assertRefused(new byte[7], "a safetensors file", "a file of 7 bytes");
    assertRefused(SafetensorsBytes.file("{}", 3, 0), "a header of 2 to 2 bytes", "3 bytes");
    assertRefused(SafetensorsBytes.file("{}", -1, 0), "18446744073709551615 bytes");
    assertRefused(SafetensorsBytes.file("[]", 0), "starts with '{'");
    assertRefused(SafetensorsBytes.file("{\"a\":", 0), "valid JSON");
  }

  private static String tensor(String name, String shape, String offsets) {
    return "\""
        + name
        + "\":{\"dtype\":\"F32\",\"shape\":"
        + shape
        + ",\"data_offsets\":"
        + offsets
        + "}";
  }

  @Test
  void tensorsNeitherOverlapNorLeaveHoles() {
    assertRefused(
        "{" + tensor("a", "[2]", "[0,8]") + "," + tensor("b", "[1]", "[4,8]") + "}",
        8,
        "tensor 'b' at offset 8, right behind 'a'",
        "got offset 4");
    assertRefused(
        "{" + tensor("a", "[1]", "[0,4]") + "," + tensor("b", "[1]", "[8,12]") + "}",
        12,
        "tensor 'b' at offset 4");
    assertRefused("{" + tensor("a", "[1]", "[4,8]") + "}", 8, "right behind the header");
    assertRefused("{" + tensor("a", "[1]", "[0,4]") + "}", 5, "the file's end", "1 bytes more");
    assertRefused("{" + tensor("a", "[1]", "[0,4]") + "}", 3, "a.data_offsets[1]", "to 3", "4");
  }

  @Test
  void shapesThatDoNotFitTheirBytesAreRefused() {
    assertRefused("{" + tensor("a", "[3]", "[0,8]") + "}", 8, "12 bytes for F32[3]");
    assertRefused("{" + tensor("a", "[4294967296,4294967296]", "[0,8]") + "}", 8, "63 bits");
    assertRefused("{" + tensor("a", "[-1]", "[0,8]") + "}", 8, "a.shape[0]");
    assertRefused("{" + tensor("a", "[2]", "[8,0]") + "}", 8, "a.data_offsets[1]");
    assertRefused("{" + tensor("a", "[2]", "[0]") + "}", 8, "two offsets");
    assertRefused(
        "{" + tensor("a", "[2]", "[0,8]").replace("F32", "F33") + "}", 8, "a.dtype", "BF16");
    assertRefused(
        "{" + tensor("a", "[1]", "[0,4]") + "," + tensor("a", "[1]", "[0,4]") + "}", 4, "twice");
  }

  private Path index(String shard) throws IOException {
    String text =
        "{\"metadata\":{},\"weight_map\":{\"a\":\"s1.safetensors\",\"b\":\"" + shard + "\"}}";
    return Files.writeString(folder.resolve("model.safetensors.index.json"), text);
  }

  @Test
  void shardsAreJoinedByTheirIndex() throws IOException {
    Files.write(
        folder.resolve("s1.safetensors"),
        SafetensorsBytes.file("{" + tensor("a", "[1]", "[0,4]") + "}", 4));
    Files.write(
        folder.resolve("s2.safetensors"),
        SafetensorsBytes.file("{" + tensor("b", "[2]", "[0,8]") + "}", 8));
    try (ShardedSafetensors file = ShardedSafetensors.open(index("s2.safetensors"))) {
      assertThat(file.tensors().keySet()).containsExactly("a", "b");
      assertThat(file.tensorBytes()).isEqualTo(12);
      assertThat(file.shards()).hasSize(2);
    }
    assertThatThrownBy(() -> ShardedSafetensors.open(index("s1.safetensors")))
        .hasMessageContainingAll("weight_map.b", "a shard with the tensor 'b'");
    assertThatThrownBy(() -> ShardedSafetensors.open(index("s3.safetensors")))
        .hasMessageContaining("s3.safetensors");
  }

  @Test
  void anIndexNamesFilesBesideItAndNoOthers() throws IOException {
    Files.write(
        folder.resolve("s1.safetensors"),
        SafetensorsBytes.file("{" + tensor("a", "[1]", "[0,4]") + "}", 4));
    for (String shard :
        new String[] {"../x.safetensors", "/x.safetensors", "x", "", "..", "d/x.safetensors"}) {
      assertThatThrownBy(() -> ShardedSafetensors.open(index(shard)))
          .isInstanceOf(FormatException.class)
          .hasMessageContainingAll("weight_map.b", "in the index's folder");
    }
  }

  @Test
  void realWeightsAreRead() {
    try (SafetensorsFile file = SafetensorsFile.open(Oracles.path("llm/qwen3/model.safetensors"))) {
      StoredTensor embedding = file.tensor("model.embed_tokens.weight");
      assertThat(embedding.type()).isEqualTo(StoredType.of(DType.F32));
      assertThat(embedding.dims()).containsExactly(512L, 64L);
      assertThat(file.metadata()).containsEntry("format", "pt");
    }
  }
}
