package dev.bascule.models;

import dev.bascule.formats.gguf.GgufFile;
import dev.bascule.formats.huggingface.HuggingFaceFolder;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a decoder is, apart from its weights. Read from a {@code config.json} or from GGUF metadata;
 * both give the same.
 *
 * @param heads query heads
 * @param kvHeads key and value heads; a divisor of {@code heads}
 * @param headDim elements of a head; of latent attention those of its query
 * @param intermediate width of the dense feed-forward layers
 * @param contextMax positions the model was made for
 * @param window positions that a query sees at most, its own included, in all layers
 */
public record DecoderConfig(
    Family family,
    int layers,
    int hidden,
    int heads,
    int kvHeads,
    int headDim,
    int intermediate,
    int vocabulary,
    float normEpsilon,
    Rope rope,
    Features features,
    Optional<Experts> experts,
    Optional<Latent> latent,
    int contextMax,
    OptionalInt window,
    Ends ends) {

  /** The positions beyond which the model means nothing that a cache could serve, if any. */
  public OptionalInt positionsMax() {
    return rope.scaling() instanceof Rope.Scaling.Dynamic
        ? OptionalInt.of(contextMax)
        : OptionalInt.empty();
  }

  /**
   * What some models have and others do not.
   *
   * @param tiedEmbeddings the output layer is the embedding table
   * @param attentionBias query, key and value have biases
   * @param outputBias the attention's output layer has one
   * @param headNorm each head's query and key is normed
   * @param sandwichNorm attention and feed-forward are normed behind too
   */
  public record Features(
      boolean tiedEmbeddings,
      boolean attentionBias,
      boolean outputBias,
      boolean headNorm,
      boolean sandwichNorm) {}

  /** The ids that begin and end a text. */
  public record Ends(OptionalInt begin, List<Integer> end) {
    public Ends {
      end = List.copyOf(end);
    }
  }

  /**
   * A mixture of experts in place of the dense feed-forward.
   *
   * @param count routed experts
   * @param used experts that each token is sent to
   * @param intermediate width of one expert
   * @param shared width of the experts that every token is sent to, all together; 0 for none
   * @param denseLayers layers from the first on that have a dense feed-forward
   * @param groups into how many groups the experts are divided, of which a token is sent to {@code
   *     groupsUsed}
   * @param normed the weights of a token's experts are made to sum to 1
   * @param scale what the weights are multiplied by at last
   */
  public record Experts(
      int count,
      int used,
      int intermediate,
      int shared,
      int denseLayers,
      Scoring scoring,
      int groups,
      int groupsUsed,
      boolean normed,
      float scale) {
    public Experts {
      if (used <= 0 || used > count || groups <= 0 || count % groups != 0 || groupsUsed > groups) {
        throw new IllegalArgumentException(
            "experts: "
                + used
                + " used of "
                + count
                + ", "
                + groupsUsed
                + " of "
                + groups
                + " groups");
      }
    }
  }

  /** How a router's logits become scores. */
  public enum Scoring {
    /** Softmax over all experts; a group's score is its largest. */
    SOFTMAX,
    /** Sigmoid of each, a bias added for the choice alone; a group's score is its two largest. */
    SIGMOID
  }

  /**
   * Multi-head latent attention: keys and values of all heads come from one latent vector. Source:
   * DeepSeek-V2, 2024.
   *
   * @param queryRank width of the queries' latent vector; 0 where they come straight from the
   *     hidden state
   * @param rank width of the latent vector that is cached
   * @param plainDim elements of a head without position
   * @param turnedDim elements of a head with rotary position; their key is one for all heads
   * @param valueDim elements of a head's value
   */
  public record Latent(int queryRank, int rank, int plainDim, int turnedDim, int valueDim) {
    /** Elements of a head's query. */
    int headDim() {
      return plainDim + turnedDim;
    }
  }

  public DecoderConfig {
    if (layers <= 0 || hidden <= 0 || kvHeads <= 0 || heads % kvHeads != 0 || vocabulary <= 0) {
      throw new IllegalArgumentException(
          "decoder: "
              + layers
              + " layers, hidden "
              + hidden
              + ", heads "
              + heads
              + ", of keys "
              + kvHeads
              + ", vocabulary "
              + vocabulary);
    }
  }

  /** What a model's folder says. */
  public static DecoderConfig of(HuggingFaceFolder folder) {
    return new HuggingFaceReading(folder).config();
  }

  /** What a GGUF file says. */
  public static DecoderConfig of(GgufFile file) {
    return new GgufReading(file).config();
  }

  /** Whether layer {@code layer} is a mixture of experts. */
  public boolean isSparse(int layer) {
    return experts.isPresent() && layer >= experts.get().denseLayers();
  }

  /** What attention scores are multiplied by. */
  public float scoreScale() {
    return (float) (rope.scoreFactor() / Math.sqrt(headDim));
  }

  /** Elements that one position takes in the caches of one layer. */
  public int cachedElements() {
    return latent.map(l -> l.rank() + l.turnedDim()).orElse(2 * kvHeads * headDim);
  }
}
