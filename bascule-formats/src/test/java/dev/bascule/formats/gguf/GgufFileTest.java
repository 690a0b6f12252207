package dev.bascule.formats.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bascule.core.DType;
import dev.bascule.core.quant.QuantType;
import dev.bascule.formats.Oracles;
import dev.bascule.formats.StoredTensor;
import dev.bascule.formats.StoredType;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufFileTest {
  @TempDir private Path folder;

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
}
