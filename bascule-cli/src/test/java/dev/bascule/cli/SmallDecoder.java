package dev.bascule.cli;

import dev.bascule.models.DecoderConfig;
import dev.bascule.models.Family;
import dev.bascule.models.Rope;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The numbers of a decoder for tests, with one head of keys for two of queries.
 *
 * @param end the ids that end a text
 */
record SmallDecoder(
    int layers,
    int hidden,
    int heads,
    int headDim,
    int intermediate,
    int vocabulary,
    int contextMax,
    List<Integer> end) {

  DecoderConfig llama() {
    return config(
        Family.LLAMA, new DecoderConfig.Features(false, false, false, false, false), 1e-5f, 1e4f);
  }

  /** With norms of heads, and with an output layer of its own unless {@code tied}. */
  DecoderConfig qwen3(boolean tied) {
    return config(
        Family.QWEN3, new DecoderConfig.Features(tied, false, false, true, false), 1e-6f, 1e6f);
  }

  private DecoderConfig config(
      Family family, DecoderConfig.Features features, float epsilon, float theta) {
    return new DecoderConfig(
        family,
        layers,
        hidden,
        heads,
        heads / 2,
        headDim,
        intermediate,
        vocabulary,
        epsilon,
        new Rope(headDim, theta, new Rope.Scaling.None()),
        features,
        Optional.empty(),
        Optional.empty(),
        contextMax,
        OptionalInt.empty(),
        new DecoderConfig.Ends(OptionalInt.empty(), end));
  }
}
