package dev.bascule.plan.catalogue;

import java.util.List;
import java.util.Optional;

/**
 * The shape of a decoder: enough to count its parameters, the bytes of its cache and the operations
 * of a token. Additional layers that only guess tokens ahead (MTP) are left out.
 *
 * @param headDim of queries and keys, with the rotary part
 * @param denseFfn width of the feed-forward of the layers without experts
 * @param publishedParameters what the publisher says, where he does
 */
public record ModelShape(
    String name,
    List<String> aliases,
    int layers,
    int hidden,
    int heads,
    int kvHeads,
    int headDim,
    Optional<LatentAttention> latent,
    int denseFfn,
    Optional<Experts> experts,
    int vocabulary,
    boolean tiedEmbeddings,
    boolean qkvBias,
    boolean qkNorm,
    int context,
    Optional<Double> publishedParameters,
    String notes,
    Origin row) {
  public ModelShape {
    aliases = List.copyOf(aliases);
  }

  /** Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434). */
  public record LatentAttention(
      int queryRank, int kvRank, int plainDim, int rotaryDim, int valueDim) {}

  /**
   * Routed and shared experts.
   *
   * @param denseLayers how many first layers have none
   * @param groupsChosen the groups that one token's experts lie in; 0 where routing is free
   */
  public record Experts(
      int routed, int active, int shared, int width, int denseLayers, int groupsChosen) {}

  public int expertLayers() {
    return experts.map(e -> layers - e.denseLayers()).orElse(0);
  }

  /** Parameters of attention in one layer. */
  long attentionParameters() {
    if (latent.isPresent()) {
      LatentAttention a = latent.get();
      long queries =
          a.queryRank() > 0
              ? (long) hidden * a.queryRank()
                  + a.queryRank()
                  + (long) a.queryRank() * heads * (a.plainDim() + a.rotaryDim())
              : (long) hidden * heads * (a.plainDim() + a.rotaryDim());
      long keysAndValues =
          (long) hidden * (a.kvRank() + a.rotaryDim())
              + a.kvRank()
              + (long) a.kvRank() * heads * (a.plainDim() + a.valueDim());
      return queries + keysAndValues + (long) heads * a.valueDim() * hidden;
    }
    long width = (long) (heads + 2 * kvHeads) * headDim;
    return hidden * width
        + (long) heads * headDim * hidden
        + (qkvBias ? width : 0)
        + (qkNorm ? 2L * headDim : 0);
  }

  /** Parameters of one expert. */
  public long expertParameters() {
    return experts.map(e -> 3L * hidden * e.width()).orElse(0L);
  }

  /** Parameters of all routed experts of all layers. */
  public long routedParameters() {
    return experts.map(e -> expertParameters() * e.routed() * expertLayers()).orElse(0L);
  }

  /** Parameters of the routed experts that one token passes. */
  public long activeRoutedParameters() {
    return experts.map(e -> expertParameters() * e.active() * expertLayers()).orElse(0L);
  }

  public long embeddingParameters() {
    return (long) vocabulary * hidden;
  }

  /**
   * Every layer without routed experts: attention, norms, dense and shared feed-forward, routers.
   */
  public long commonParameters() {
    long perLayer = attentionParameters() + 2L * hidden;
    int dense = layers - expertLayers();
    long feedForward = 3L * hidden * denseFfn * dense;
    long withExperts =
        experts
            .map(e ->
                expertLayers()
                    * (expertParameters() * e.shared() + (long) (hidden + 1) * e.routed()))
            .orElse(0L);
    return perLayer * layers + feedForward + withExperts + hidden;
  }

  public long parameters() {
    return commonParameters()
        + routedParameters()
        + embeddingParameters() * (tiedEmbeddings ? 1 : 2);
  }

  /** Parameters that a token passes, the input embedding among them. */
  public long activeParameters() {
    return parameters() - routedParameters() + activeRoutedParameters();
  }

  /** Numbers that the cache keeps for one token in one layer. */
  public int kvNumbersPerLayer() {
    return latent.map(a -> a.kvRank() + a.rotaryDim()).orElse(2 * kvHeads * headDim);
  }

  /** Numbers that the cache keeps for one token. */
  public long kvNumbersPerToken() {
    return (long) kvNumbersPerLayer() * layers;
  }

  /**
   * Operations of attention itself for one query token that sees {@code context} keys.
   *
   * @param absorbed latent attention works on the latent cache, as in decode
   */
  public double attentionOperations(double context, boolean absorbed) {
    double perKey =
        latent
            .map(a ->
                absorbed
                    ? 2.0 * a.kvRank() + a.rotaryDim()
                    : (double) a.plainDim() + a.rotaryDim() + a.valueDim())
            .orElse(2.0 * headDim);
    return 2 * context * heads * perKey * layers;
  }

  /** How many chips can share one layer's cache before it is kept twice. */
  public int cacheShards() {
    return latent.isPresent() ? 1 : kvHeads;
  }
}
