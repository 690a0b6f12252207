package dev.bascule.formats.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bascule.core.DType;
import dev.bascule.core.quant.QuantType;
import dev.bascule.formats.Oracles;
import dev.bascule.formats.OutgoingTensor;
import dev.bascule.formats.StoredTensor;
import dev.bascule.formats.StoredType;
import dev.bascule.formats.TensorFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsWriterTest {
  @TempDir private Path folder;

  private static List<OutgoingTensor> outgoing(TensorFile file) {
    return file.tensors().values().stream().map(StoredTensor::outgoing).toList();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "llm/llama/model.safetensors",
        "llm/qwen3_moe/model.safetensors",
        "llm/deepseek_v3/oracle.safetensors",
        "training/batches.safetensors",
        "quant/Q4_K.safetensors"
      })
  void whatWasReadIsWrittenByteForByte(String name) throws IOException {
    Path original = Oracles.path(name);
    Path copied = folder.resolve("copy.safetensors");
    try (SafetensorsFile file = SafetensorsFile.open(original)) {
      SafetensorsWriter.write(copied, file.metadata(), outgoing(file));
    }
    assertThat(Files.mismatch(original, copied)).isEqualTo(-1);
  }

  private static OutgoingTensor tensor(String name, StoredType type, byte... bytes) {
    long elements = (long) bytes.length / type.blockBytes() * type.blockElements();
    return OutgoingTensor.of(name, type, List.of(elements), MemorySegment.ofArray(bytes));
  }

  private static byte[] bytes(TensorFile file, String name) {
    byte[] bytes = new byte[(int) file.tensor(name).byteSize()];
    file.tensor(name).copyTo(MemorySegment.ofArray(bytes));
    return bytes;
  }

  @Test
  void everyDtypeAndAnyNameComesBack() throws IOException {
    Path path = folder.resolve("all.safetensors");
    List<OutgoingTensor> tensors = new ArrayList<>();
    for (SafetensorsType type : SafetensorsType.values()) {
      byte[] bytes = new byte[3 * type.stored().blockBytes()];
      Arrays.fill(bytes, (byte) type.ordinal());
      tensors.add(tensor("t \"\\\n\u0001é\uD83D\uDE00 " + type, type.stored(), bytes));
    }
    SafetensorsWriter.write(path, Map.of("a\tb", "\f\b\r"), tensors);
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      assertThat(file.metadata()).containsEntry("a\tb", "\f\b\r");
      for (SafetensorsType type : SafetensorsType.values()) {
        StoredTensor tensor = file.tensor("t \"\\\n\u0001é\uD83D\uDE00 " + type);
        assertThat(tensor.type()).isEqualTo(type.stored());
        assertThat(bytes(file, tensor.name())).containsOnly(type.ordinal());
        if (type.stored() instanceof StoredType.Plain) {
          assertThat(tensor.fileOffset() % type.stored().blockBytes()).isZero();
        }
      }
    }
  }

  @Test
  void aFolderIsWrittenInShardsThatFitAndReadAgain() throws IOException {
    try (SafetensorsFile file = SafetensorsFile.open(Oracles.path("llm/llama/model.safetensors"))) {
      SafetensorsWriter.writeFolder(folder, file.metadata(), outgoing(file), 1 << 18);
      try (ShardedSafetensors sharded =
          ShardedSafetensors.open(folder.resolve("model.safetensors.index.json"))) {
        assertThat(sharded.shards()).hasSizeGreaterThan(2);
        assertThat(sharded.tensors().keySet()).isEqualTo(file.tensors().keySet());
        for (String name : file.tensors().keySet()) {
          assertThat(bytes(sharded, name)).isEqualTo(bytes(file, name));
        }
        for (SafetensorsFile shard : sharded.shards()) {
          assertThat(shard.tensorBytes()).isLessThanOrEqualTo(1 << 18);
        }
      }
      SafetensorsWriter.writeFolder(folder, file.metadata(), outgoing(file), Long.MAX_VALUE);
      assertThat(folder.resolve("model.safetensors")).exists();
      assertThat(folder.resolve("model.safetensors.index.json")).doesNotExist();
    }
  }

  @Test
  void whatSafetensorsCannotHoldIsRefusedBeforeAnythingIsWritten() {
    Path path = folder.resolve("new.safetensors");
    OutgoingTensor quantised = tensor("w", StoredType.of(QuantType.Q8_0), new byte[34]);
    assertThatThrownBy(() -> SafetensorsWriter.write(path, Map.of(), List.of(quantised)))
        .hasMessageContainingAll("tensor 'w'", "a type that safetensors has", "q8_0");
    OutgoingTensor plain = tensor("w", SafetensorsType.U8.stored(), new byte[1]);
    assertThatThrownBy(() -> SafetensorsWriter.write(path, Map.of(), List.of(plain, plain)))
        .hasMessageContaining("each name once");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void aFolderWhoseLastShardFailsIsAsItWas() throws IOException {
    List<OutgoingTensor> old = List.of(bytes("a", 1), bytes("b", 2), bytes("c", 3));
    SafetensorsWriter.writeFolder(folder, Map.of(), old, 64);
    Map<String, String> before = contents();
    assertThat(before).hasSize(4);
    OutgoingTensor failing =
        new OutgoingTensor(
            "c",
            StoredType.of(DType.I8),
            List.of(64L),
            sink -> {
              throw new IOException("the disk is full");
            });
    List<OutgoingTensor> next = List.of(bytes("a", 5), bytes("b", 6), failing);
    assertThatThrownBy(() -> SafetensorsWriter.writeFolder(folder, Map.of(), next, 64))
        .hasMessage("the disk is full");
    assertThat(contents()).isEqualTo(before);
  }

  private static OutgoingTensor bytes(String name, int value) {
    byte[] bytes = new byte[64];
    Arrays.fill(bytes, (byte) value);
    return OutgoingTensor.of(
        name, StoredType.of(DType.I8), List.of(64L), MemorySegment.ofArray(bytes));
  }

  private Map<String, String> contents() throws IOException {
    Map<String, String> contents = new TreeMap<>();
    for (String name : folder.toFile().list()) {
      byte[] bytes = Files.readAllBytes(folder.resolve(name));
      contents.put(name, HexFormat.of().formatHex(bytes));
    }
    return contents;
  }
}
