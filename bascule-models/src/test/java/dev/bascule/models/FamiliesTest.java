package dev.bascule.models;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bascule.core.graph.Graph;
import dev.bascule.formats.huggingface.HuggingFaceFolder;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every family against the logits and the greedy ids that transformers gave. */
class FamiliesTest {
  /** Largest error of a logit as a part of the largest logit: f32 in another order of sums. */
  private static final double TOLERANCE = 2e-4;

  static List<Path> decoders() {
    return Oracles.decoders();
  }

  @ParameterizedTest
  @MethodSource("decoders")
  void logitsAreThoseOfTransformers(Path folder) {
    Oracles.Answer answer = Oracles.answer(folder);
    try (HuggingFaceFolder files = HuggingFaceFolder.open(folder)) {
      DecoderConfig config = DecoderConfig.of(files);
      try (Weights weights = Weights.of(config, files)) {
        int length = answer.ids()[0].length;
        Graph graph = Decoder.graph(config, weights, Run.limits(64, length, CacheType.F32));
        for (int text = 0; text < answer.ids().length; text++) {
          try (Run run = Run.onReference(graph)) {
            float[] logits = run.logits(weights, length, answer.ids()[text]);
            assertThat(error(logits, answer.logits()[text])).isLessThan(TOLERANCE);
          }
        }
        try (Run run = Run.onReference(graph)) {
          assertThat(
                  run.greedy(weights, config.vocabulary(), answer.greedy().length, answer.prompt()))
              .containsExactly(answer.greedy());
        }
      }
    }
  }

  /** The largest difference as a part of the largest expected magnitude. */
  static double error(float[] got, float[] expected) {
    assertThat(got).hasSameSizeAs(expected);
    double most = 0;
    double difference = 0;
    for (int i = 0; i < got.length; i++) {
      most = Math.max(most, Math.abs(expected[i]));
      difference = Math.max(difference, Math.abs((double) got[i] - expected[i]));
    }
    return difference / most;
  }
}
