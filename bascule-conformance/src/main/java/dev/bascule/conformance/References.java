package dev.bascule.conformance;

import dev.bascule.core.Tensor;
import dev.bascule.core.graph.Reference;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What cases mean, computed once for all devices: the reference is slow. */
public final class References {
  private record Key(String name, int run) {}

  private final Map<Key, Map<String, Tensor>> known = new ConcurrentHashMap<>();

  private final Map<Long, GraphChecks.Drawn> graphs = new ConcurrentHashMap<>();

  /** The random graph of this seed. */
  GraphChecks.Drawn graph(long seed) {
    return graphs.computeIfAbsent(seed, s -> GraphChecks.Drawn.of(RandomGraph.of(s)));
  }

  /** The outputs of the whole case in this run. */
  Map<String, Tensor> outputs(Case example, int run) {
    return known.computeIfAbsent(
        new Key(example.name(), run), key -> Reference.run(example.graph(), example.inputs(run)));
  }
}
