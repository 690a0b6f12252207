package dev.bascule.models;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bascule.core.device.Device;
import dev.bascule.core.device.DeviceOptions;
import dev.bascule.core.device.Driver;
import dev.bascule.core.graph.Graph;
import dev.bascule.formats.gguf.GgufFile;
import java.util.Map;
import java.util.ServiceLoader;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A small trained model as GGUF: what it says is what llama.cpp and llama2.c have it say. */
class StoriesTest {
  /** "Once upon a time, there was a little girl named Lily.", behind the id that begins a text. */
  private static final int[] OPENING = {
    1, 403, 407, 261, 378, 432, 383, 286, 261, 376, 298, 315, 421, 395, 317, 426
  };

  private static final int PROMPT = 6;

  @ParameterizedTest
  @CsvSource({"F32,F32", "Q8_0,F32", "F32,F16", "F32,Q8_0"})
  void theStoryBeginsAsItAlwaysDoes(String type, CacheType cache) {
    try (GgufFile file = GgufFile.open(Oracles.path("stories260K/stories260K-" + type + ".gguf"))) {
      DecoderConfig config = DecoderConfig.of(file);
      try (Weights weights = Weights.of(config, file);
          Device device = cpu()) {
        Graph graph = Decoder.graph(config, weights, Run.limits(64, 16, cache));
        try (Run run = Run.on(device, graph)) {
          int[] prompt = java.util.Arrays.copyOf(OPENING, PROMPT);
          int[] rest = java.util.Arrays.copyOfRange(OPENING, PROMPT, OPENING.length);
          assertThat(run.greedy(weights, config.vocabulary(), rest.length, prompt))
              .containsExactly(rest);
        }
      }
    }
  }

  private static Device cpu() {
    return ServiceLoader.load(Driver.class).stream()
        .map(ServiceLoader.Provider::get)
        .filter(driver -> driver.name().equals("cpu"))
        .findFirst()
        .orElseThrow()
        .discover(new DeviceOptions(2, Map.of()))
        .devices()
        .getFirst();
  }
}
