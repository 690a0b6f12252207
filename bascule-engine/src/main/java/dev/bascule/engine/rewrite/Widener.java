package dev.bascule.engine.rewrite;

import dev.bascule.core.DType;
import dev.bascule.core.ShapeException;
import dev.bascule.core.Tensor;
import dev.bascule.core.TensorType;
import dev.bascule.core.graph.Bitcast;
import dev.bascule.core.graph.CachedAttention;
import dev.bascule.core.graph.Call;
import dev.bascule.core.graph.Cast;
import dev.bascule.core.graph.Constant;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.Linear;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Op;
import dev.bascule.core.graph.Parameter;
import dev.bascule.core.graph.State;
import dev.bascule.core.graph.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The same computation with every f32 value as f64: the truth that an f32 run is measured against.
 * Inputs, outputs and states of f32 become f64 too; constants keep their f32 values. Linear layers
 * take their activations unrounded: the numbers that quantised weights stand for are the truth, not
 * what is done to multiply by them.
 */
public final class Widener {
  private Widener() {}

  public static Graph widen(Graph graph) {
    Map<Value, Value> wide = new HashMap<>();
    for (Node node : graph.nodes()) {
      List<Value> results = widen(node, wide);
      for (int i = 0; i < results.size(); i++) {
        wide.put(node.results().get(i), results.get(i));
      }
    }
    List<Value> inputs = new ArrayList<>();
    for (Value input : graph.inputs()) {
      inputs.add(
          wide.computeIfAbsent(
              input, i -> Node.of(i.node().label(), widen(i.node().op()), List.of()).result()));
    }
    Map<String, Value> outputs = new LinkedHashMap<>();
    graph
        .outputs()
        .forEach(
            (name, value) -> outputs.put(name, Rewriter.mapped(wide, List.of(value)).getFirst()));
    Map<State, Value> updates = new LinkedHashMap<>();
    graph
        .updates()
        .forEach((state, value) ->
            updates.put(widen(state), Rewriter.mapped(wide, List.of(value)).getFirst()));
    return new Graph(graph.name(), inputs, outputs, updates);
  }

  /** What takes the place of {@code node}, over what took the place of its operands. */
  private static List<Value> widen(Node node, Map<Value, Value> wide) {
    return switch (node.op()) {
      case Linear linear -> {
        Linear unrounded = new Linear(linear.weights(), Linear.Activations.F32, linear.grouped());
        Node plain = Node.of(node.label(), unrounded, node.operands());
        yield widenRegion(plain, unrounded.decompose(plain), wide);
      }
      case CachedAttention attention -> widenRegion(node, attention.decompose(node), wide);
      default ->
          Node.of(node.label(), widen(node.op()), Rewriter.mapped(wide, node.operands())).results();
    };
  }

  /** What {@code node} means in other ops, widened. These two ops are of f32 alone. */
  private static List<Value> widenRegion(Node node, List<Value> meaning, Map<Value, Value> wide) {
    Map<Value, Value> region = new HashMap<>();
    node.operands().forEach(operand -> region.put(operand, Rewriter.mapped(wide, operand)));
    for (Node inner : Graph.topological(meaning, Set.copyOf(region.keySet()))) {
      List<Value> operands = Rewriter.mapped(region, inner.operands());
      String label = node.label() + "/" + inner.label();
      List<Value> results = Node.of(label, widen(inner.op()), operands).results();
      for (int i = 0; i < results.size(); i++) {
        region.put(inner.results().get(i), results.get(i));
      }
    }
    List<Value> results = new ArrayList<>();
    for (Value value : Rewriter.mapped(region, meaning)) {
      // the last node carries the label of the whole, as the node it stands for does
      Node last = value.node();
      results.add(Node.of(node.label(), last.op(), last.operands()).results().get(value.index()));
    }
    return results;
  }

  /** {@code tensor}, in f64 where it is f32. */
  public static Tensor widen(Tensor tensor) {
    return tensor.dtype() == DType.F32 ? Tensor.of(tensor.doubles(), tensor.extents()) : tensor;
  }

  private static Op widen(Op op) {
    return switch (op) {
      case Parameter p -> new Parameter(p.label(), widen(p.type()), p.state().map(Widener::widen));
      case Constant c -> new Constant(widen(c.tensor()));
      case Cast c -> new Cast(c.to() == DType.F32 ? DType.F64 : c.to());
      case Call call -> new Call(call.name(), call.attributes(), widen(call.body()));
      case Bitcast b -> throw new ShapeException("Bitcast to " + b.to() + " has no wider form");
      default -> op;
    };
  }

  private static State widen(State state) {
    return new State(state.name(), widen(state.type()));
  }

  private static TensorType widen(TensorType type) {
    return new TensorType(type.dtype() == DType.F32 ? DType.F64 : type.dtype(), type.shape());
  }

  /** Inputs for a widened graph. */
  public static Map<String, Tensor> widen(Map<String, Tensor> inputs) {
    Map<String, Tensor> wide = new LinkedHashMap<>();
    inputs.forEach((name, tensor) -> wide.put(name, widen(tensor)));
    return wide;
  }
}
