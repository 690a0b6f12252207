package dev.bascule.engine;

import dev.bascule.core.Symbol;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.NonZero;
import dev.bascule.engine.rewrite.Inliner;
import dev.bascule.engine.rewrite.Simplifier;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/** The passes from a graph as it was written to one of primitives and claimed library ops. */
final class Pipeline {
  private Pipeline() {}

  /** The graph to fuse, and what happened to it, for {@code --explain}. */
  record Prepared(Graph graph, List<String> notes) {}

  static Prepared prepare(Graph graph, Predicate<Node> claimed) {
    List<String> notes = new ArrayList<>();
    int before = graph.nodes().size();
    Graph inlined = Inliner.inline(graph, claimed);
    Graph simpler = Simplifier.simplify(inlined);
    boolean counts = counts(simpler).containsAll(countsNeeded(simpler, counts(inlined)));
    Graph simple = counts ? simpler : inlined;
    notes.add(
        "graph '"
            + graph.name()
            + "': "
            + before
            + " nodes, "
            + simple.nodes().size()
            + " after inlining and simplifying"
            + (counts ? "" : " (not simplified: a count would be lost that a shape needs)"));
    return new Prepared(simple, notes);
  }

  /** The dimensions that values decide. */
  private static Set<Symbol> counts(Graph graph) {
    Set<Symbol> counts = new HashSet<>();
    for (Node node : graph.nodes()) {
      if (node.op() instanceof NonZero nonZero) {
        counts.add(nonZero.count());
      }
    }
    return counts;
  }

  /** Those of {@code counts} that shapes have. */
  private static Set<Symbol> countsNeeded(Graph graph, Set<Symbol> counts) {
    Set<Symbol> needed = new HashSet<>();
    if (!counts.isEmpty()) {
      for (Node node : graph.nodes()) {
        node.results()
            .forEach(value -> value.shape().dims().forEach(dim -> needed.addAll(dim.symbols())));
      }
    }
    needed.retainAll(counts);
    return needed;
  }
}
