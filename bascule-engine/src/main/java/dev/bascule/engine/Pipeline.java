package dev.bascule.engine;

import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.Node;
import dev.bascule.engine.rewrite.Inliner;
import dev.bascule.engine.rewrite.Simplifier;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** The passes from a graph as it was written to one of primitives and claimed library ops. */
final class Pipeline {
  private Pipeline() {}

  /** The graph to fuse, and what happened to it, for {@code --explain}. */
  record Prepared(Graph graph, List<String> notes) {}

  static Prepared prepare(Graph graph, Predicate<Node> claimed) {
    List<String> notes = new ArrayList<>();
    int before = graph.nodes().size();
    Graph simple = Simplifier.simplify(Inliner.inline(graph, claimed));
    notes.add(
        "graph '"
            + graph.name()
            + "': "
            + before
            + " nodes, "
            + simple.nodes().size()
            + " after inlining and simplifying");
    return new Prepared(simple, notes);
  }
}
