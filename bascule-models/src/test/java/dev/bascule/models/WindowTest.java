package dev.bascule.models;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bascule.core.DType;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.quant.WeightType;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** In a decoder of one layer a token's logits know what its attention sees, and nothing else. */
class WindowTest {
  private static final int VOCABULARY = 50;
  private static final int[] TEXT = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7};

  private static DecoderConfig config(OptionalInt window) {
    return new DecoderConfig(
        Family.MISTRAL,
        1,
        32,
        4,
        2,
        8,
        48,
        VOCABULARY,
        1e-5f,
        new Rope(8, 1e4f, new Rope.Scaling.None()),
        new DecoderConfig.Features(false, false, false, false, false),
        Optional.empty(),
        Optional.empty(),
        64,
        window,
        new DecoderConfig.Ends(OptionalInt.empty(), List.of()));
  }

  private static float[] logits(OptionalInt window, int chunk, int... ids) {
    DecoderConfig config = config(window);
    try (Weights weights = SyntheticModel.random(config, new WeightType.Floats(DType.F32), 3)) {
      Graph graph = Decoder.graph(config, weights, Run.limits(32, ids.length, CacheType.F16));
      try (Run run = Run.onReference(graph)) {
        return run.logits(weights, chunk, ids);
      }
    }
  }

  private static float[] row(float[] logits, int position) {
    return Arrays.copyOfRange(logits, position * VOCABULARY, (position + 1) * VOCABULARY);
  }

  @Test
  void aTokenIsSeenByThoseThatItIsWithinTheWindowOf() {
    int window = 5;
    int changed = 2;
    int[] other = TEXT.clone();
    other[changed] = 40;
    float[] before = logits(OptionalInt.of(window), TEXT.length, TEXT);
    float[] after = logits(OptionalInt.of(window), TEXT.length, other);
    for (int position = 0; position < TEXT.length; position++) {
      boolean isSeen = position >= changed && position < changed + window;
      assertThat(Arrays.equals(row(before, position), row(after, position)))
          .as("position %d", position)
          .isEqualTo(!isSeen);
    }
  }

  @Test
  void aWindowAsLongAsTheTextChangesNoBit() {
    float[] none = logits(OptionalInt.empty(), TEXT.length, TEXT);
    assertThat(logits(OptionalInt.of(TEXT.length), TEXT.length, TEXT)).isEqualTo(none);
    float[] shorter = logits(OptionalInt.of(6), TEXT.length, TEXT);
    assertThat(row(shorter, 5)).isEqualTo(row(none, 5));
    assertThat(row(shorter, 6)).isNotEqualTo(row(none, 6));
  }

  @Test
  void chunksOfAnySizeGiveTheBitsOfTheWhole() {
    float[] whole = logits(OptionalInt.of(4), TEXT.length, TEXT);
    assertThat(logits(OptionalInt.of(4), 7, TEXT)).isEqualTo(whole);
    assertThat(logits(OptionalInt.of(4), 1, TEXT)).isEqualTo(whole);
  }
}
