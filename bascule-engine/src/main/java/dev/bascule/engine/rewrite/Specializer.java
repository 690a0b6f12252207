package dev.bascule.engine.rewrite;

import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.Symbol;
import dev.bascule.core.TensorType;
import dev.bascule.core.graph.Broadcast;
import dev.bascule.core.graph.Call;
import dev.bascule.core.graph.DimensionValue;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.Iota;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Op;
import dev.bascule.core.graph.Pad;
import dev.bascule.core.graph.Parameter;
import dev.bascule.core.graph.Reshape;
import dev.bascule.core.graph.Slice;
import dev.bascule.core.graph.State;
import dev.bascule.core.graph.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The same graph for a part of its dimensions' ranges. A symbol narrowed to one value becomes a
 * constant, so shapes simplify and fewer arguments reach the kernels. States keep their declared
 * types.
 */
public final class Specializer {
  private final Map<Symbol, Dim> narrowed;

  /** A function that is called several times stays one. */
  private final Map<Graph, Graph> bodies = new HashMap<>();

  private Specializer(Map<Symbol, Dim> narrowed) {
    this.narrowed = narrowed;
  }

  /**
   * {@code graph} with each symbol of {@code narrowed} replaced by a dimension of a smaller range.
   */
  public static Graph specialize(Graph graph, Map<Symbol, Dim> narrowed) {
    return new Specializer(Map.copyOf(narrowed)).graph(graph);
  }

  private Graph graph(Graph graph) {
    Map<Value, Value> replaced = new HashMap<>();
    for (Node node : graph.nodes()) {
      replace(node, replaced);
    }
    for (Value input : graph.inputs()) {
      if (!replaced.containsKey(input)) {
        replace(input.node(), replaced);
      }
    }
    List<Value> inputs = Rewriter.mapped(replaced, graph.inputs());
    Map<String, Value> outputs = new LinkedHashMap<>();
    graph.outputs().forEach((name, value) -> outputs.put(name, one(replaced, value)));
    Map<State, Value> updates = new LinkedHashMap<>();
    graph.updates().forEach((state, value) -> updates.put(state, one(replaced, value)));
    return new Graph(graph.name(), inputs, outputs, updates);
  }

  private static Value one(Map<Value, Value> replaced, Value value) {
    return Rewriter.mapped(replaced, List.of(value)).getFirst();
  }

  private void replace(Node node, Map<Value, Value> replaced) {
    List<Value> results =
        Node.of(node.label(), op(node.op()), Rewriter.mapped(replaced, node.operands())).results();
    for (int i = 0; i < results.size(); i++) {
      replaced.put(node.results().get(i), results.get(i));
    }
  }

  private Op op(Op op) {
    return switch (op) {
      case Parameter p ->
          p.state().isPresent()
              ? p
              : new Parameter(
                  p.label(), new TensorType(p.type().dtype(), shape(p.type().shape())), p.state());
      case Reshape r -> new Reshape(shape(r.shape()));
      case Broadcast b -> new Broadcast(shape(b.shape()));
      case Slice s -> new Slice(dims(s.starts()), dims(s.sizes()), s.steps());
      case Pad p -> new Pad(dims(p.low()), dims(p.high()));
      case Iota i -> new Iota(shape(i.shape()), i.axis());
      case DimensionValue d -> new DimensionValue(d.dim().substitute(narrowed));
      case Call c -> new Call(c.name(), c.attributes(), body(c.body()));
      default -> op;
    };
  }

  private Graph body(Graph body) {
    Graph known = bodies.get(body);
    if (known == null) {
      known = graph(body);
      bodies.put(body, known);
    }
    return known;
  }

  private Shape shape(Shape shape) {
    return new Shape(dims(shape.dims()));
  }

  private List<Dim> dims(List<Dim> dims) {
    List<Dim> result = new ArrayList<>();
    dims.forEach(dim -> result.add(dim.substitute(narrowed)));
    return result;
  }
}
