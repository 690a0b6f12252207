package dev.bascule.plan.performance;

import dev.bascule.plan.catalogue.ModelShape;

/**
 * The roofline of one step on one chip: operations, bytes of weights, cache and activations, and
 * bytes between chips, each divided by the rate of what does it. Added, not maximised: measured
 * steps are nearer to the sum (docs/plan.md).
 */
public final class Roofline {
  private static final double BF16_BYTES = 2;

  /** Routers, dispatch and combine launch more kernels than a dense layer. */
  private static final double EXPERT_LAUNCHES = 1.5;

  /** Where routing is free, a token's experts lie on this many nodes (DeepSeek-V3 chose 4). */
  private static final int NODES_WITHOUT_GROUPS = 8;

  private Roofline() {}

  /** A step that reads {@code tokens} prompt tokens on each chip. */
  public static Demand prefill(Hardware hardware, Work work, Layout layout, double tokens) {
    ModelShape model = work.model();
    double computed = Math.max(1, work.input() * (1 - work.prefixHits()));
    // A token of the computed tail sees all that is cached and half of the tail.
    double context = work.input() - computed / 2;
    double attention = model.attentionOperations(context, false) * tokens;
    double written = tokens * cacheBytesPerToken(work, layout) / hardware.memoryRate();
    return demand(hardware, work, layout, tokens, tokens / computed, attention, written, true);
  }

  /** A step that adds to each of {@code batch} sequences on each chip. */
  public static Demand decode(Hardware hardware, Work work, Layout layout, double batch) {
    double tokens = batch * (1 + work.drafted());
    double attention = work.model().attentionOperations(work.middleContext(), true) * tokens;
    double read =
        batch * work.middleContext() * cacheBytesPerToken(work, layout) / hardware.memoryRate();
    return demand(hardware, work, layout, tokens, tokens, attention, read, false);
  }

  private static Demand demand(
      Hardware hardware,
      Work work,
      Layout layout,
      double tokens,
      double headTokens,
      double attention,
      double cacheReads,
      boolean prefill) {
    ModelShape model = work.model();
    Format common = commonFormat(work);
    double commonRate = hardware.rate(common.computeBits());
    double head = 2.0 * model.embeddingParameters() * headTokens / hardware.bf16Rate();
    int active = model.experts().map(ModelShape.Experts::active).orElse(0);
    double passes = model.layers() + (double) active * model.expertLayers();
    return new Demand(
        2.0 * model.commonParameters() * tokens / commonRate + head,
        attention / hardware.rate(work.attention().computeBits()),
        2.0 * model.activeRoutedParameters() * tokens / hardware.rate(work.weights().computeBits()),
        weightReads(hardware, work, layout, tokens) / hardware.memoryRate(),
        cacheReads,
        tokens * model.hidden() * BF16_BYTES * passes / hardware.memoryRate(),
        links(hardware, work, layout, tokens, prefill),
        model.layers() + EXPERT_LAUNCHES * model.expertLayers());
  }

  static Format commonFormat(Work work) {
    return work.model().experts().isPresent() ? work.weights().besideExperts() : work.weights();
  }

  /** Bytes that one token's cache takes on one chip, copies of it counted. */
  static double cacheBytesPerToken(Work work, Layout layout) {
    double copies = Math.max(1.0, (double) layout.tensor() / work.model().cacheShards());
    return work.model().kvNumbersPerToken() * work.cache().bytes() * copies;
  }

  /** Bytes of weights that a chip reads in a step: experts that no token chose stay unread. */
  private static double weightReads(Hardware hardware, Work work, Layout layout, double tokens) {
    ModelShape model = work.model();
    double common =
        (model.commonParameters() * commonFormat(work).bytes()
                + model.embeddingParameters() * BF16_BYTES)
            / layout.tensor()
            * hardware.copies(model);
    return common
        + model
            .experts()
            .map(e -> {
              double held = Math.ceil((double) e.routed() / layout.group()) / e.routed();
              double spread = layout.expert() > 1 ? held : 1.0 / layout.group();
              double chosen =
                  1 - Math.pow(1 - (double) e.active() / e.routed(), tokens * layout.group());
              return model.routedParameters() * work.weights().bytes() * spread * chosen;
            })
            .orElse(0.0);
  }

  /** Seconds of bytes between chips in a step. */
  private static double links(
      Hardware hardware, Work work, Layout layout, double tokens, boolean prefill) {
    ModelShape model = work.model();
    double seconds = 0;
    int tensor = layout.tensor();
    if (tensor > 1) {
      // two all-reduces a layer, each sending its data nearly twice
      double bytes =
          2.0
              * model.layers()
              * tokens
              * tensor
              * model.hidden()
              * BF16_BYTES
              * 2
              * (tensor - 1)
              / tensor;
      seconds += bytes / hardware.linkRate(tensor);
    }
    int expert = layout.expert();
    if (expert > 1 && model.experts().isPresent()) {
      ModelShape.Experts e = model.experts().get();
      double dispatch = work.weights() == Format.BF16 ? BF16_BYTES : 1;
      double bytes = model.expertLayers() * tokens * model.hidden() * (dispatch + BF16_BYTES);
      double inside = hardware.linkChips();
      if (expert <= inside) {
        seconds += bytes * e.active() * (1 - 1.0 / expert) / hardware.linkRate(expert);
      } else {
        double copies = prefill ? copiesBetweenNodes(e, expert / inside) : e.active();
        seconds += bytes * copies * (1 - inside / expert) / hardware.linkRate(expert);
      }
    }
    double hops = layout.pipeline() - 1.0;
    return hops == 0
        ? seconds
        : seconds + hops * tokens * model.hidden() * BF16_BYTES / hardware.linkRate(layout.chips());
  }

  /** Large batches send a token once to each node that has one of its experts. */
  private static double copiesBetweenNodes(ModelShape.Experts experts, double nodes) {
    int groups = experts.groupsChosen() > 0 ? experts.groupsChosen() : NODES_WITHOUT_GROUPS;
    return Math.min(groups, nodes);
  }
}
