package dev.bascule.engine.rewrite;

import dev.bascule.core.ShapeException;
import dev.bascule.core.graph.Call;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.LibraryOp;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Parameter;
import dev.bascule.core.graph.Value;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Puts function bodies and decompositions in place of the nodes that stand for them, down to
 * primitives and what is kept whole. Regions under expansion lie on an explicit stack, so neither a
 * deep graph nor deep nesting overflows the thread's.
 */
public final class Inliner {
  private final Predicate<Node> kept;
  private final Deque<Region> open = new ArrayDeque<>();

  private Inliner(Predicate<Node> kept) {
    this.kept = kept;
  }

  /**
   * {@code graph} with every {@link Call} replaced by its body and every {@link LibraryOp} by its
   * decomposition, recursively, except those that {@code kept} accepts. It is asked once for each,
   * with the operands already expanded. Nodes of a region are labelled {@code
   * label-of-the-region/label}; see {@link #prefix}.
   */
  public static Graph inline(Graph graph, Predicate<Node> kept) {
    return Rewriter.replaceRoots(graph, inline(graph.roots(), kept));
  }

  /** {@link #inline(Graph, Predicate)} of the values alone. */
  public static List<Value> inline(List<Value> roots, Predicate<Node> kept) {
    return new Inliner(kept).expand(new Region(roots, new HashMap<>(), "", null));
  }

  /** Values under expansion: a graph, a function's body, or a decomposition. */
  private static final class Region {
    private final List<Value> roots;
    private final Map<Value, Value> values;
    private final Iterator<Node> nodes;
    private final String prefix;
    // the node in the enclosing region that this one replaces; the outermost has none
    private final @org.jspecify.annotations.Nullable Node site;

    Region(
        List<Value> roots,
        Map<Value, Value> known,
        String prefix,
        @org.jspecify.annotations.Nullable Node site) {
      this.roots = roots;
      this.nodes = Graph.topological(roots, Map.copyOf(known).keySet()).iterator();
      this.values = known;
      this.prefix = prefix;
      this.site = site;
    }

    /** {@code node} on the replaced operands, labelled with where it comes from. */
    Node rebuild(Node node, List<Value> operands) {
      boolean same = operands.equals(node.operands()) && (prefix.isEmpty() || operands.isEmpty());
      return same ? node : Node.of(label(prefix, node), node.op(), operands);
    }
  }

  private List<Value> expand(Region outermost) {
    open.push(outermost);
    while (true) {
      Region region = open.element();
      if (region.nodes.hasNext()) {
        step(region, region.nodes.next());
        continue;
      }
      open.pop();
      List<Value> results = Rewriter.mapped(region.values, region.roots);
      if (region.site == null) {
        return results;
      }
      Rewriter.replace(region.site, results, open.element().values);
    }
  }

  private void step(Region region, Node node) {
    List<Value> operands = Rewriter.mapped(region.values, node.operands());
    Node rebuilt = region.rebuild(node, operands);
    if (rebuilt.op() instanceof Call call && !kept.test(rebuilt)) {
      Map<Value, Value> known = new HashMap<>();
      for (int i = 0; i < operands.size(); i++) {
        known.put(call.body().inputs().get(i), operands.get(i));
      }
      push(List.copyOf(call.body().outputs().values()), known, rebuilt, node);
    } else if (rebuilt.op() instanceof LibraryOp library && !kept.test(rebuilt)) {
      Map<Value, Value> known = new HashMap<>();
      operands.forEach(operand -> known.put(operand, operand));
      push(decompose(library, rebuilt), known, rebuilt, node);
    } else {
      if (rebuilt.op() instanceof Parameter parameter && region.site != null) {
        throw new ShapeException(
            "'"
                + region.prefix.substring(0, region.prefix.length() - 1)
                + "'"
                + ": the body reads '"
                + parameter.label()
                + "' from outside; hand it in as an operand");
      }
      Rewriter.replace(node, rebuilt.results(), region.values);
    }
  }

  /**
   * What labels inside a region begin with: its own label, and a slash unless that ends in a dot.
   */
  public static String prefix(String label) {
    return label.endsWith(".") ? label : label + "/";
  }

  /**
   * The label of {@code node} inside a region. After a dot, which sets a label apart like the parts
   * of a name, what has none of its own goes without.
   */
  public static String label(String prefix, Node node) {
    boolean isNameless = prefix.endsWith(".") && node.label().equals(node.op().name());
    return isNameless ? "" : prefix + node.label();
  }

  private void push(List<Value> roots, Map<Value, Value> known, Node rebuilt, Node site) {
    open.push(new Region(roots, known, prefix(rebuilt.label()), site));
  }

  private static List<Value> decompose(LibraryOp library, Node node) {
    try {
      return library.decompose(node);
    } catch (ShapeException e) {
      throw new ShapeException("'" + node.label() + "': " + e.getMessage(), e);
    }
  }
}
