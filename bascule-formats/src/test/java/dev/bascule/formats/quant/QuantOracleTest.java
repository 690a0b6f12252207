package dev.bascule.formats.quant;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bascule.core.quant.QuantType;
import dev.bascule.formats.Oracles;
import dev.bascule.formats.StoredTensor;
import dev.bascule.formats.safetensors.SafetensorsFile;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Random blocks decode to the floats that ggml's Python package gives for them. */
class QuantOracleTest {
  /** NaN is NaN: a random scale may be one, and its payload means nothing. */
  private static int bits(float value) {
    return Float.floatToIntBits(value);
  }

  @ParameterizedTest
  @EnumSource
  void randomBlocksDecodeToTheBitAsInGgml(QuantType type) {
    try (SafetensorsFile file =
        SafetensorsFile.open(Oracles.path("quant/" + type.name() + ".safetensors"))) {
      StoredTensor stored = file.tensor("blocks");
      byte[] blocks = new byte[(int) stored.byteSize()];
      stored.copyTo(MemorySegment.ofArray(blocks));
      StoredTensor values = file.tensor("values");
      float[] expected = new float[(int) values.elements()];
      values.readFloats(0, expected, 0, expected.length);
      assertThat(stored.dims().getLast()).isEqualTo(type.blockBytes());
      assertThat(values.dims().getLast()).isEqualTo(type.blockElements());

      float[] decoded = new float[expected.length];
      type.decode(MemorySegment.ofArray(blocks), 0, decoded, 0, decoded.length);
      int[] got = new int[decoded.length];
      Arrays.setAll(got, i -> bits(decoded[i]));
      int[] wanted = new int[expected.length];
      Arrays.setAll(wanted, i -> bits(expected[i]));
      assertThat(got).containsExactly(wanted);

      MemorySegment memory = MemorySegment.ofArray(new float[decoded.length]);
      type.decode(MemorySegment.ofArray(blocks), 0, memory, decoded.length);
      assertThat(memory.mismatch(MemorySegment.ofArray(decoded))).isEqualTo(-1);
    }
  }
}
