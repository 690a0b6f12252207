package dev.bascule.formats.onnx;

import dev.bascule.formats.FormatException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;

/**
 * Who needs what: puts the nodes of a graph into an order of execution, and refuses graphs that
 * have none - with values that two nodes produce, that nobody produces, or that depend on
 * themselves.
 *
 * <p>A graph inside a node (the branches of an If, the body of a Loop) may use the values around
 * it: the names that it does not define itself count as inputs of the node. The order is that of
 * the file where that is one already (Kahn's algorithm, smallest index first).
 */
public final class OnnxTopology {
  private static final int NAMES_SHOWN_MAX = 8;
  private static final int NOT_A_NODE = -1;

  /** A graph or the body of a function. */
  private record Scope(
      String place, Collection<String> given, List<OnnxNode> nodes, List<String> results) {}

  /** The order, and each name from outside with the place that uses it first. */
  private record Sorted(List<OnnxNode> order, Map<String, String> free) {}

  private final Path file;

  private OnnxTopology(Path file) {
    this.file = file;
  }

  /** Checks every graph and function of a model. */
  static void check(OnnxModel model, Path file) {
    OnnxTopology topology = new OnnxTopology(file);
    topology.closed(topology.scope(model.graph()));
    Set<String> names = new HashSet<>();
    for (OnnxFunction function : model.functions()) {
      String name = function.domain() + "." + function.name();
      String place = "function " + FormatException.quote(name);
      if (!names.add(name + "." + function.overload())) {
        throw topology.broken(place, "each function once", "it twice", "rename one");
      }
      topology.closed(topology.scope(place, function));
    }
  }

  /**
   * The nodes of a graph such that each comes after those whose values it uses. The graph may use
   * values of graphs around it.
   */
  public static List<OnnxNode> order(OnnxGraph graph, Path file) {
    OnnxTopology topology = new OnnxTopology(file);
    return topology.sort(topology.scope(graph)).order();
  }

  /** The same for the body of a function. */
  public static List<OnnxNode> order(OnnxFunction function, Path file) {
    OnnxTopology topology = new OnnxTopology(file);
    String place = "function " + FormatException.quote(function.name());
    return topology.sort(topology.scope(place, function)).order();
  }

  private Scope scope(OnnxGraph graph) {
    String place = "graph " + FormatException.quote(graph.name());
    Set<String> given = new HashSet<>();
    for (OnnxValueInfo input : graph.inputs()) {
      if (!given.add(input.name())) {
        throw twice(place, "an input", input.name(), "another input");
      }
    }
    Set<String> constants = new HashSet<>();
    for (OnnxTensor initializer : graph.initializers()) {
      addConstant(place, constants, initializer.name());
    }
    for (OnnxSparseTensor initializer : graph.sparseInitializers()) {
      addConstant(place, constants, initializer.name());
    }
    given.addAll(constants);
    return new Scope(
        place, given, graph.nodes(), graph.outputs().stream().map(OnnxValueInfo::name).toList());
  }

  private void addConstant(String place, Set<String> constants, String name) {
    if (name.isEmpty()) {
      throw broken(place, "initializers with names", "one without", "export the model again");
    }
    if (!constants.add(name)) {
      throw twice(place, "an initializer", name, "another initializer");
    }
  }

  private Scope scope(String place, OnnxFunction function) {
    Set<String> given = new HashSet<>();
    for (String input : function.inputs()) {
      if (!given.add(input)) {
        throw twice(place, "an input", input, "another input");
      }
    }
    return new Scope(place, given, function.nodes(), function.outputs());
  }

  private void closed(Scope scope) {
    Map<String, String> free = sort(scope).free();
    if (!free.isEmpty()) {
      Map.Entry<String, String> first = free.entrySet().iterator().next();
      throw broken(
          first.getValue(),
          "an input, an initializer or the output of a node with the name "
              + FormatException.quote(first.getKey()),
          "none"
              + (free.size() > 1 ? " (and " + (free.size() - 1) + " more names without one)" : ""),
          "export the model again");
    }
  }

  private Sorted sort(Scope scope) {
    Map<String, Integer> producers = producers(scope);
    Map<String, String> free = new LinkedHashMap<>();
    List<Set<Integer>> users = new ArrayList<>();
    int[] waitsFor = new int[scope.nodes().size()];
    for (OnnxNode ignored : scope.nodes()) {
      users.add(new HashSet<>());
    }
    for (OnnxNode node : scope.nodes()) {
      for (Map.Entry<String, String> need : needs(scope, node).entrySet()) {
        Integer producer = producers.get(need.getKey());
        if (producer == null) {
          free.putIfAbsent(need.getKey(), need.getValue());
        } else if (producer != NOT_A_NODE && users.get(producer).add(node.index())) {
          waitsFor[node.index()]++;
        }
      }
    }
    for (String result : scope.results()) {
      if (!producers.containsKey(result)) {
        free.putIfAbsent(result, scope.place() + " output " + FormatException.quote(result));
      }
    }
    return new Sorted(kahn(scope, users, waitsFor), free);
  }

  private Map<String, Integer> producers(Scope scope) {
    Map<String, Integer> producers = new HashMap<>();
    scope.given().forEach(name -> producers.put(name, NOT_A_NODE));
    for (OnnxNode node : scope.nodes()) {
      for (String output : node.outputs()) {
        if (output.isEmpty()) {
          continue;
        }
        Integer before = producers.put(output, node.index());
        if (before != null) {
          String other =
              before == NOT_A_NODE
                  ? "an input or initializer"
                  : scope.nodes().get(before).describe();
          throw twice(scope.place(), node.describe(), output, other);
        }
      }
    }
    return producers;
  }

  /** The names that a node uses, each with the place that does. */
  private Map<String, String> needs(Scope scope, OnnxNode node) {
    String place = scope.place() + " " + node.describe();
    Map<String, String> needs = new LinkedHashMap<>();
    for (String input : node.inputs()) {
      if (!input.isEmpty()) {
        needs.putIfAbsent(input, place);
      }
    }
    for (OnnxAttribute attribute : node.attributes()) {
      for (OnnxGraph graph : attribute.graphs()) {
        sort(scope(graph))
            .free()
            .forEach((name, inner) -> needs.putIfAbsent(name, place + " " + inner));
      }
    }
    return needs;
  }

  private List<OnnxNode> kahn(Scope scope, List<Set<Integer>> users, int[] waitsFor) {
    List<OnnxNode> order = new ArrayList<>();
    PriorityQueue<Integer> ready = new PriorityQueue<>();
    for (int i = 0; i < waitsFor.length; i++) {
      if (waitsFor[i] == 0) {
        ready.add(i);
      }
    }
    while (!ready.isEmpty()) {
      int next = ready.remove();
      order.add(scope.nodes().get(next));
      for (int user : users.get(next)) {
        if (--waitsFor[user] == 0) {
          ready.add(user);
        }
      }
    }
    if (order.size() < scope.nodes().size()) {
      throw broken(
          scope.place(),
          "nodes that do not depend on themselves",
          "the cycle " + cycle(scope, users, waitsFor),
          "export the model again");
    }
    return order;
  }

  /** A way from a node back to itself among the nodes that still wait. */
  private static String cycle(Scope scope, List<Set<Integer>> users, int[] waitsFor) {
    int[] producerOf = new int[waitsFor.length];
    Arrays.fill(producerOf, NOT_A_NODE);
    for (int i = 0; i < waitsFor.length; i++) {
      if (waitsFor[i] > 0) {
        int producer = i;
        users.get(i).forEach(user -> producerOf[user] = producer);
      }
    }
    // Every node that waits has a producer that waits: going back from any of them must come round.
    int at = firstWaiting(waitsFor);
    Set<Integer> seen = new HashSet<>();
    while (seen.add(at)) {
      at = producerOf[at];
    }
    List<Integer> cycle = new ArrayList<>();
    for (int start = at; cycle.isEmpty() || at != start; at = producerOf[at]) {
      cycle.add(at);
    }
    Collections.reverse(cycle);
    Collections.rotate(cycle, -cycle.indexOf(Collections.min(cycle)));
    List<String> names = cycle.stream().map(node -> scope.nodes().get(node).describe()).toList();
    int shown = Math.min(names.size(), NAMES_SHOWN_MAX);
    String more = names.size() > shown ? " -> (" + (names.size() - shown) + " more)" : "";
    return String.join(" -> ", names.subList(0, shown)) + more + " -> " + names.getFirst();
  }

  private static int firstWaiting(int[] waitsFor) {
    int first = 0;
    while (waitsFor[first] == 0) {
      first++;
    }
    return first;
  }

  private FormatException twice(String place, String first, String name, String second) {
    return broken(
        place,
        "each value to be produced once",
        FormatException.quote(name) + " from " + first + " and from " + second,
        "rename one and export the model again");
  }

  private FormatException broken(String place, String expected, String got, String remedy) {
    return new FormatException(file, place, expected, got, remedy);
  }
}
