package dev.bascule.plan.performance;

import dev.bascule.plan.catalogue.ModelShape;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What lies in one chip's memory, in bytes.
 *
 * @param reserve for activations, buffers and what the allocator cannot use
 */
public record MemoryFit(
    double commonWeights,
    double expertWeights,
    double cachePerSequence,
    double reserve,
    double capacity) {
  /** A tenth of the memory is not for weights and cache. */
  public static final double RESERVE = 0.1;

  /** Serving engines take at most so many sequences into one copy of a model. */
  public static final int SEQUENCES_MAX = 2048;

  public static MemoryFit of(Hardware hardware, Work work, Layout layout) {
    ModelShape model = work.model();
    double embeddings =
        model.embeddingParameters() * (model.tiedEmbeddings() ? 1 : 2) * Format.BF16.bytes();
    double common =
        (model.commonParameters() * Roofline.commonFormat(work).bytes() + embeddings)
            / layout.tensor()
            / layout.pipeline()
            * hardware.copies(model);
    double experts =
        model.routedParameters() * work.weights().bytes() / layout.group() / layout.pipeline();
    double cache = Roofline.cacheBytesPerToken(work, layout) * work.middleContext();
    return new MemoryFit(
        common, experts, cache, RESERVE * hardware.memoryBytes(), hardware.memoryBytes());
  }

  public double weights() {
    return commonWeights + expertWeights;
  }

  /** Bytes that are left for the cache; below 0 where not even the weights fit. */
  public double free() {
    return capacity - reserve - weights();
  }

  /** Whether weights and the cache of one sequence fit. */
  public boolean fits() {
    return free() >= cachePerSequence;
  }

  /** Sequences for each chip that memory and engine allow. */
  public double sequencesMax(Layout layout) {
    double engine = (double) SEQUENCES_MAX / (layout.expert() == 1 ? layout.tensor() : 1);
    return Math.min(free() / cachePerSequence, engine);
  }

  /** The account, for people: bytes by name. */
  public Map<String, Double> account(double sequences) {
    Map<String, Double> account = new LinkedHashMap<>();
    account.put("weights of all layers but experts", commonWeights);
    account.put("weights of experts", expertWeights);
    account.put("cache", cachePerSequence * sequences);
    account.put("reserve (activations, buffers)", reserve);
    return account;
  }
}
