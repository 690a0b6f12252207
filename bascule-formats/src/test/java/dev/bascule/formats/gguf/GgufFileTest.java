package dev.bascule.formats.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bascule.core.DType;
import dev.bascule.core.quant.QuantType;
import dev.bascule.formats.FormatException;
import dev.bascule.formats.Oracles;
import dev.bascule.formats.StoredTensor;
import dev.bascule.formats.StoredType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufFileTest {
  @TempDir private Path folder;

  private GgufFile open(GgufBytes file) throws IOException {
    return GgufFile.open(Files.write(folder.resolve("model.gguf"), file.bytes()));
  }

  private void assertRefused(GgufBytes file, String... words) {
    assertThatThrownBy(() -> open(file).close())
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("model.gguf")
        .hasMessageContainingAll(words);
  }

  @Test
  void aRealModelIsRead() {
    try (GgufFile file = GgufFile.open(Oracles.path("stories260K/stories260K-F32.gguf"))) {
      assertThat(file.architecture()).isEqualTo("llama");
      assertThat(file.metadata().get("llama.block_count").integer(1, 100)).isEqualTo(5);
      assertThat(file.metadata().get("tokenizer.ggml.tokens").texts()).hasSize(512);
      StoredTensor embedding = file.tensor("token_embd.weight");
      assertThat(embedding.type()).isEqualTo(StoredType.of(DType.F32));
      assertThat(embedding.dims()).containsExactly(512L, 64L);
    }
  }

  @Test
  void aRealQuantisedModelIsNearTheOneItCameFrom() {
    try (GgufFile quantised = GgufFile.open(Oracles.path("stories260K/stories260K-Q8_0.gguf"));
        GgufFile original = GgufFile.open(Oracles.path("stories260K/stories260K-F32.gguf"))) {
      StoredTensor weight = quantised.tensor("blk.0.attn_q.weight");
      assertThat(weight.type()).isEqualTo(StoredType.of(QuantType.Q8_0));
      float[] got = new float[64];
      float[] expected = new float[64];
      weight.readFloats(64, got, 0, 64);
      original.tensor("blk.0.attn_q.weight").readFloats(64, expected, 0, 64);
      for (int i = 0; i < got.length; i++) {
        assertThat(Math.abs(got[i] - expected[i])).isLessThan(0.01f);
      }
    }
  }

  @Test
  void everyTypeOfMetadataIsRead() throws IOException {
    try (GgufFile file = open(GgufBytes.sample())) {
      GgufMetadata metadata = file.metadata();
      assertThat(file.alignment()).isEqualTo(64);
      assertThat(metadata.get("u8").integer(0, 255)).isEqualTo(200);
      assertThat(metadata.get("i8").integer(-128, 127)).isEqualTo(-3);
      assertThat(metadata.get("u16").integer(0, 65535)).isEqualTo(60_000);
      assertThat(metadata.get("i16").real()).isEqualTo(-300);
      assertThat(metadata.get("u32").integer(0L, 1L << 33)).isEqualTo(4_000_000_000L);
      assertThat(metadata.get("i32").integer(-80_000, 0)).isEqualTo(-70_000);
      assertThat(metadata.get("u64").describe()).isEqualTo("18446744073709551615");
      assertThat(metadata.get("i64").integer(Long.MIN_VALUE, 0L)).isEqualTo(Long.MIN_VALUE);
      assertThat(metadata.get("f32").real()).isEqualTo(1.5);
      assertThat(metadata.get("f64").real()).isEqualTo(-0.1);
      assertThat(metadata.get("bool").truth()).isTrue();
      assertThat(metadata.get("bools").truths()).containsExactly(true, false, true);
      assertThat(metadata.get("texts").texts()).containsExactly("a", "", "äß\uD83D\uDE00");
      assertThat(metadata.get("i16s").integers()).containsExactly(-2, 7);
      assertThat(metadata.get("f32s").reals()).containsExactly(-2);
      assertThat(metadata.get("nested").value()).isInstanceOf(GgufValue.Nested.class);
      assertThat(metadata.get("none").texts()).isEmpty();
      assertThat(file.tensor("quantised").dims()).containsExactly(2L, 64L);
      assertThat(file.tensor("empty").byteSize()).isZero();
    }
  }

  @Test
  void aValueThatIsNotWhatWasExpectedIsNamed() throws IOException {
    try (GgufFile file = open(GgufBytes.sample())) {
      assertThatThrownBy(() -> file.metadata().get("u64").integer(0L, Long.MAX_VALUE))
          .hasMessageContainingAll(
              "metadata 'u64'",
              "a whole number from 0 to 9223372036854775807",
              "18446744073709551615");
      assertThatThrownBy(() -> file.metadata().get("texts").integers())
          .hasMessageContainingAll("'texts'", "an array of whole numbers", "text[3]");
      assertThatThrownBy(() -> file.metadata().get("llama.block_count"))
          .hasMessageContainingAll("a value 'llama.block_count'", "none among 19");
      assertThatThrownBy(() -> file.tensor("unreadable").readFloats(0, new float[256], 0, 256))
          .hasMessageContainingAll("'unreadable'", "decodes to floats", "iq2_xxs");
      assertThatThrownBy(() -> file.tensor("output.weight"))
          .hasMessageContainingAll("a tensor 'output.weight'", "none of that name among 4");
    }
  }

  @Test
  void whatIsNoGgufOfAKnownVersionIsRefused() {
    assertRefused(new GgufBytes().raw('P', 'K', 3, 4), "a GGUF file", "another format");
    assertRefused(new GgufBytes().raw('G', 'G', 'U', 'F').u32(1), "version 2 or 3", "got 1");
    assertRefused(
        new GgufBytes().raw('G', 'G', 'U', 'F', 0, 0, 0, 3), "little-endian", "a big-endian one");
  }

  @Test
  void absurdCountsAreRefusedBeforeAnythingIsAllocated() {
    assertRefused(new GgufBytes().raw('G', 'G', 'U', 'F').u32(3).u64(1L << 40).u64(0), "tensors");
    assertRefused(
        new GgufBytes().raw('G', 'G', 'U', 'F').u32(3).u64(0).u64(-1),
        "at most 0 metadata values",
        "18446744073709551615");
    assertRefused(
        new GgufBytes().header(0, 1).key("a", GgufType.TEXT).u64(Long.MAX_VALUE).zeros(99),
        "metadata 0 'a' at byte",
        "at most 99 bytes of text");
    assertRefused(
        new GgufBytes().header(0, 1).key("a", GgufType.ARRAY).array(GgufType.U64, 13).zeros(99),
        "at most 12 elements");
    assertRefused(
        new GgufBytes().header(0, 1).key("a", GgufType.ARRAY).array(GgufType.TEXT, 13).zeros(99),
        "at most 12 texts");
  }

  @Test
  void arraysInArraysHaveAnEnd() {
    GgufBytes file = new GgufBytes().header(0, 1).key("a", GgufType.ARRAY);
    for (int i = 0; i < 100; i++) {
      file.array(GgufType.ARRAY, 1);
    }
    assertRefused(file, "at most 8 arrays in each other");
  }

  @Test
  void tensorsLieInTheFileAndNotOverEachOther() {
    assertRefused(
        new GgufBytes().header(1, 0).tensor("w", 0, 0, 16).align(32).zeros(63),
        "tensor 'w' (64 bytes at offset 0) within the file",
        "63 bytes of tensors");
    assertRefused(
        new GgufBytes().header(1, 0).tensor("w", 0, 1L << 62, 16).align(32).zeros(64), "within");
    assertRefused(
        new GgufBytes().header(1, 0).tensor("w", 0, 8, 2).align(32).zeros(64),
        "tensor 0 'w'",
        "a multiple of 32");
    assertRefused(
        new GgufBytes()
            .header(2, 0)
            .tensor("v", 0, 0, 16)
            .tensor("w", 0, 32, 8)
            .align(32)
            .zeros(96),
        "do not overlap",
        "'v' over 'w'");
    assertRefused(
        new GgufBytes().header(2, 0).tensor("w", 0, 0, 1).tensor("w", 0, 32, 1).zeros(96),
        "each tensor once");
  }

  @Test
  void shapesThatOverflowOrSplitABlockAreRefused() {
    assertRefused(
        new GgufBytes().header(1, 0).tensor("w", 0, 0, 1L << 32, 1L << 32), "a size of 63 bits");
    assertRefused(new GgufBytes().header(1, 0).tensor("w", 0, 0, -1), "dimensions of 63 bits");
    assertRefused(new GgufBytes().header(1, 0).tensor("w", 2, 0, 48), "whole blocks of 32", "q4_0");
    assertRefused(new GgufBytes().header(1, 0).tensor("w", 0, 0, 1, 1, 1, 1, 1), "at most 4");
    assertRefused(new GgufBytes().header(1, 0).tensor("w", 31, 0, 1), "a known tensor type", "31");
  }

  @Test
  void wrongMetadataIsRefused() {
    assertRefused(
        new GgufBytes().header(0, 2).key("a", GgufType.U8).raw(1).key("a", GgufType.U8).raw(1),
        "each key once");
    assertRefused(new GgufBytes().header(0, 1).text("a").u32(13).zeros(9), "from 0 to 12", "13");
    assertRefused(
        new GgufBytes().header(0, 1).key("general.alignment", GgufType.U32).u32(48),
        "'general.alignment'",
        "a power of two",
        "48");
    assertRefused(
        new GgufBytes().header(0, 1).u64(2).raw(0xC3, 0x28).u32(0).zeros(9), "a key in UTF-8");
  }

  @Test
  void aFileMayBeOpenTwiceAndIsReadAgainTheSame() throws IOException {
    Path path = Files.write(folder.resolve("model.gguf"), GgufBytes.sample().bytes());
    StoredTensor gone;
    try (GgufFile second = GgufFile.open(path)) {
      try (GgufFile first = GgufFile.open(path)) {
        assertThat(second.metadata().entries().toString())
            .isEqualTo(first.metadata().entries().toString());
        gone = first.tensor("scalar");
      }
      float[] values = new float[64];
      second.tensor("quantised").readFloats(64, values, 0, 64);
      second.tensor("quantised").readFloats(64, values, 0, 64);
      assertThat(values).containsOnly(0);
      assertThatThrownBy(() -> gone.readFloats(0, values, 0, 1))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  private Path part(int number, int index, int count, int total, String tensor) throws IOException {
    GgufBytes file = new GgufBytes().header(1, 4);
    file.key("general.architecture", GgufType.TEXT).text("llama");
    file.key("split.no", GgufType.U16).number(index, 2);
    file.key("split.count", GgufType.U16).number(count, 2);
    file.key("split.tensors.count", GgufType.I32).u32(total);
    file.tensor(tensor, 0, 0, 1).align(32).raw(0, 0, 0, 0x40 + number);
    String name = "m-0000" + number + "-of-0000" + count + ".gguf";
    return Files.write(folder.resolve(name), file.bytes());
  }

  @Test
  void theFilesOfASplitModelAreJoinedWhicheverIsOpened() throws IOException {
    part(1, 0, 3, 3, "a");
    part(3, 2, 3, 3, "c");
    Path second = part(2, 1, 3, 3, "b");
    try (GgufFile file = GgufFile.open(second)) {
      assertThat(file.tensors()).containsOnlyKeys("a", "b", "c");
      assertThat(file.metadata().values()).containsOnlyKeys("general.architecture");
      assertThat(file.parts()).hasSize(3);
      float[] value = new float[1];
      file.tensor("c").readFloats(0, value, 0, 1);
      assertThat(value[0]).isEqualTo(Float.intBitsToFloat(0x4300_0000));
    }
  }

  @Test
  void aSplitModelWithAPartMissingOrMixedUpIsRefused() throws IOException {
    Path first = part(1, 0, 2, 2, "a");
    assertThatThrownBy(() -> GgufFile.open(first)).hasMessageContaining("m-00002-of-00002.gguf");
    part(2, 0, 2, 2, "b");
    assertThatThrownBy(() -> GgufFile.open(first)).hasMessageContaining("'split.no'");
    part(2, 1, 2, 2, "a");
    assertThatThrownBy(() -> GgufFile.open(first)).hasMessageContaining("each tensor in one part");
    part(2, 1, 2, 2, "b");
    part(1, 0, 2, 3, "a");
    assertThatThrownBy(() -> GgufFile.open(first)).hasMessageContaining("3 tensors in all parts");
    Path renamed = Files.copy(first, folder.resolve("renamed.gguf"));
    assertThatThrownBy(() -> GgufFile.open(renamed)).hasMessageContaining("one of 2 parts");
  }
}
