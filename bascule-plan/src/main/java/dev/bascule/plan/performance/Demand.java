package dev.bascule.plan.performance;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a step asks of one chip: seconds that each part would take at the sustained rates, were it
 * alone; and how many times kernels are launched one after the other.
 *
 * @param common matrix products of attention, shared layers and the head
 * @param attention scores and values
 * @param experts matrix products of the routed experts
 * @param weightReads weights from memory
 * @param cacheReads keys and values from memory
 * @param vectors one pass over the activations of all layers (norms, gates, routing make many)
 * @param links bytes to other chips
 * @param launches layers, those with experts counted two and a half times
 */
public record Demand(
    double common,
    double attention,
    double experts,
    double weightReads,
    double cacheReads,
    double vectors,
    double links,
    double launches) {

  /** Seconds of each part as the fitted efficiencies have it. */
  public Map<String, Double> seconds(Efficiency efficiency, Efficiency.Phase phase, String family) {
    double compute = efficiency.compute(phase);
    double slow = efficiency.slowness(family, phase);
    Map<String, Double> parts = new LinkedHashMap<>();
    parts.put("matrix products", slow * common / compute);
    parts.put("attention", slow * attention / compute);
    parts.put("experts", slow * experts / compute / efficiency.experts());
    parts.put("reading weights", slow * weightReads / efficiency.memory());
    parts.put("reading the cache", slow * cacheReads / efficiency.memory());
    parts.put("norms, gates, routing", slow * vectors * efficiency.vector() / efficiency.memory());
    parts.put("between chips", slow * links / efficiency.link());
    parts.put("launches", slow * launches * efficiency.launchSeconds());
    return parts;
  }

  /** Seconds of the whole step. */
  public double total(Efficiency efficiency, Efficiency.Phase phase, String family) {
    double compute = efficiency.compute(phase);
    return efficiency.slowness(family, phase)
        * ((common + attention + experts / efficiency.experts()) / compute
            + (weightReads + cacheReads + vectors * efficiency.vector()) / efficiency.memory()
            + links / efficiency.link()
            + launches * efficiency.launchSeconds());
  }
}
