package dev.bascule.models;

import dev.bascule.core.graph.Call;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Parameter;
import dev.bascule.core.graph.State;
import dev.bascule.core.graph.Value;
import dev.bascule.core.quant.WeightType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * What all layers of one kind have in common, as a function of the hidden state, of what a run's
 * layers share, of a layer's weights and of its caches. It is made out of the graph of one layer,
 * and gives the graphs of the others without making them anew: a compiler sees that they are one.
 */
final class LayerFunction {
  /** The name of the calls. */
  static final String NAME = "Layer";

  /** What makes layers alike: the same ops over weights of the same types. */
  record Kind(boolean isSparse, boolean isLast, Map<Role, WeightType> types) {
    static Kind of(DecoderConfig config, Weights weights, int layer, boolean isLast) {
      Map<Role, WeightType> types = new LinkedHashMap<>();
      for (Role role : Role.values()) {
        if (role.isOfLayer() && !role.isVector() && role.isIn(config, layer)) {
          types.put(role, weights.type(role, layer));
        }
      }
      return new Kind(config.isSparse(layer), isLast, types);
    }
  }

  /** What is handed in at one place of the function. */
  private sealed interface Argument {
    /** The same value for every layer. */
    record Shared(Value value) implements Argument {}

    /** What the layer before gave. */
    record Hidden() implements Argument {}

    record Stored(Role role, boolean isBias) implements Argument {}

    /** The cache of that name in its layer. */
    record Cached(String name, Parameter first) implements Argument {}
  }

  private final DecoderConfig config;
  private final Weights weights;
  private final List<Argument> arguments = new ArrayList<>();
  private final List<String> written = new ArrayList<>();
  private final Graph body;

  /**
   * @param number the layer that {@code hidden} goes into and {@code result} comes out of
   * @param updates the last versions of its caches
   * @param shared values that all layers read
   */
  LayerFunction(
      DecoderConfig config,
      Weights weights,
      int number,
      Value hidden,
      Value result,
      Map<State, Value> updates,
      Set<Value> shared) {
    this.config = config;
    this.weights = weights;
    String prefix = label(number);
    Map<Value, Argument> known = new HashMap<>(stored(number));
    shared.forEach(value -> known.put(value, new Argument.Shared(value)));
    known.put(hidden, new Argument.Hidden());
    List<Value> roots = new ArrayList<>(List.of(result));
    updates.forEach((state, last) -> {
      written.add(state.name().substring(prefix.length()));
      roots.add(last);
    });
    Map<Value, Value> inside = new HashMap<>();
    List<Value> parameters = new ArrayList<>();
    for (Node node : Graph.topological(roots, known.keySet())) {
      for (Value operand : node.operands()) {
        Argument argument = known.get(operand);
        if (argument != null && !inside.containsKey(operand)) {
          parameter(operand, argument, inside, parameters);
        }
      }
      if (node.op() instanceof Parameter first && first.state().isPresent()) {
        String name = first.label().substring(prefix.length());
        parameter(node.result(), new Argument.Cached(name, first), inside, parameters);
      } else {
        copy(node, prefix, inside);
      }
    }
    Map<String, Value> outputs = new LinkedHashMap<>();
    roots.forEach(root -> outputs.put(Integer.toString(outputs.size()), inside.get(root)));
    this.body = Graph.of(NAME, parameters, outputs);
  }

  /** What labels in a layer begin with. */
  static String label(int number) {
    return "layers." + number + ".";
  }

  /** The weights of a layer, by the values that they are. */
  private Map<Value, Argument> stored(int number) {
    Map<Value, Argument> stored = new HashMap<>();
    for (Role role : Role.values()) {
      if (role.isOfLayer() && role.isIn(config, number)) {
        stored.put(weight(role, false, number), new Argument.Stored(role, false));
        if (role.hasBias(config)) {
          stored.put(weight(role, true, number), new Argument.Stored(role, true));
        }
      }
    }
    return stored;
  }

  private Value weight(Role role, boolean isBias, int number) {
    return isBias
        ? weights.bias(role, number)
        : role.isVector() ? weights.vector(role, number) : weights.matrix(role, number).value();
  }

  private void parameter(
      Value value, Argument argument, Map<Value, Value> inside, List<Value> parameters) {
    Value parameter = Parameter.input("p" + parameters.size(), value.type());
    arguments.add(argument);
    parameters.add(parameter);
    inside.put(value, parameter);
  }

  private static void copy(Node node, String prefix, Map<Value, Value> inside) {
    String label =
        node.label().startsWith(prefix) ? node.label().substring(prefix.length()) : node.label();
    List<Value> operands = node.operands().stream().map(inside::get).toList();
    List<Value> results = Node.of(label, node.op(), operands).results();
    for (int i = 0; i < results.size(); i++) {
      inside.put(node.results().get(i), results.get(i));
    }
  }

  /**
   * Calls the function for a layer.
   *
   * @param updates gets the last versions of its caches
   * @return the hidden state after it
   */
  Value call(int number, Value hidden, Map<State, Value> updates) {
    List<Value> operands = new ArrayList<>();
    Map<String, State> states = new HashMap<>();
    for (Argument argument : arguments) {
      operands.add(
          switch (argument) {
            case Argument.Shared all -> all.value();
            case Argument.Hidden before -> hidden;
            case Argument.Stored(Role role, boolean isBias) -> weight(role, isBias, number);
            case Argument.Cached(String name, Parameter first) -> {
              State state = new State(label(number) + name, first.type());
              states.put(name, state);
              yield Parameter.read(state);
            }
          });
    }
    Node call = Node.of(label(number), new Call(NAME, Map.of(), body), operands);
    for (int i = 0; i < written.size(); i++) {
      State state = Objects.requireNonNull(states.get(written.get(i)));
      updates.put(state, call.results().get(i + 1));
    }
    return call.results().getFirst();
  }
}
