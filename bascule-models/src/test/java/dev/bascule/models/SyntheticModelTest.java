package dev.bascule.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.bascule.core.DType;
import dev.bascule.core.quant.QuantType;
import dev.bascule.core.quant.WeightType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Random weights of true shapes. */
class SyntheticModelTest {
  @Test
  void shapesHaveTheParametersThatTheirNamesSay() {
    WeightType f32 = new WeightType.Floats(DType.F32);
    assertThat(parameters(SyntheticModel.QWEN3_0_6B, f32)).isEqualTo(596_049_920L);
    assertThat(parameters(SyntheticModel.LLAMA_1B, f32)).isEqualTo(1_235_814_400L);
    assertThat(parameters(SyntheticModel.QWEN3_8B, f32)).isEqualTo(8_190_735_360L);
    assertThat(parameters(SyntheticModel.QWEN3_30B_A3B, f32)).isEqualTo(30_532_122_624L);
  }

  private static long parameters(SyntheticModel model, WeightType f32) {
    try (Weights weights = model.weights(f32, 1)) {
      return weights.storedBytes() / Float.BYTES;
    }
  }

  @ParameterizedTest
  @EnumSource(QuantType.class)
  void weightsHaveMeanZeroAndKeepActivationsInSize(QuantType type) {
    DecoderConfig config = SyntheticModel.QWEN3_0_6B.config();
    try (Weights weights = SyntheticModel.random(config, new WeightType.Blocks(type), 7)) {
      float[] values = weights.embedding(0, 1, 2, 3, 4, 5, 6, 7, 151_935).floats();
      double sum = 0;
      double squares = 0;
      for (float value : values) {
        sum += value;
        squares += (double) value * value;
      }
      double deviation = Math.sqrt(squares / values.length) * Math.sqrt(config.hidden());
      // an exponent alone cannot be nearer than a factor of sqrt 2
      assertThat(deviation).isCloseTo(1, within(type == QuantType.MXFP4 ? 0.42 : 0.1));
      // q4_0 has a level more below zero than above: half a step of 16 is 0.11
      assertThat(sum / values.length * Math.sqrt(config.hidden())).isCloseTo(0, within(0.12));
    }
  }

  @Test
  void aRowMadeAloneIsTheRowAmongAll() {
    DecoderConfig config = SyntheticModel.QWEN3_0_6B.config();
    WeightType type = new WeightType.Blocks(QuantType.Q4_K);
    try (Weights weights = SyntheticModel.random(config, type, 7)) {
      var table =
          ((dev.bascule.core.graph.Constant) weights.matrix(Role.HEAD, 0).value().node().op())
              .tensor();
      float[] row = new float[config.hidden()];
      QuantType.Q4_K.decode(
          table.bytes(), 1000 * type.rowBytes(config.hidden()), row, 0, row.length);
      assertThat(weights.embedding(1000).floats()).isEqualTo(row);
    }
  }

  @Test
  void anUnknownShapeIsAnErrorThatListsTheKnownOnes() {
    assertThatThrownBy(() -> SyntheticModel.of("gpt-5"))
        .hasMessageContaining("qwen3-0.6b, llama-1b, qwen3-8b, qwen3-30b-a3b, got 'gpt-5'");
  }
}
