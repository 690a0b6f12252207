package dev.bascule.engine;

import dev.bascule.core.device.Device;
import dev.bascule.core.device.LibraryKernel;
import dev.bascule.core.graph.Call;
import dev.bascule.core.graph.Constant;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.LibraryOp;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.NonZero;
import dev.bascule.core.graph.Scatter;
import dev.bascule.core.graph.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * From a graph to the tasks of one device. A function that is called several times, as the layers
 * of a model are, is prepared, fused and lowered once, and each call gets copies of its tasks:
 * without this, compiling 28 layers in a JVM that has just started takes twice as long. Where the
 * device lacks a kernel for a library op of the function, whose meaning may then depend on the
 * bytes of a constant, each call is a part of the graph like any other.
 */
final class Scheduler {
  private final Device device;
  private final List<String> notes = new ArrayList<>();

  Scheduler(Device device) {
    this.device = device;
  }

  /** What was done to the graphs, for {@code --explain}. */
  List<String> notes() {
    return notes;
  }

  Schedule schedule(Graph graph) {
    Map<Graph, Schedule> functions = new HashMap<>();
    calls(graph)
        .forEach((body, calls) -> {
          if (calls.size() > 1 && !binds(body)) {
            constants(calls)
                .flatMap(weights -> function(body, weights))
                .ifPresent(schedule -> {
                  functions.put(body, schedule);
                  notes.add(
                      "'" + body.name() + "' was compiled once for " + calls.size() + " calls");
                });
          }
        });
    Predicate<Node> kept =
        node ->
            node.op() instanceof Call call
                ? functions.containsKey(call.body())
                : libraryKernel(node, Set.of()).isPresent();
    Pipeline.Prepared prepared = Pipeline.prepare(graph, kept);
    notes.addAll(prepared.notes());
    Map<Node, Schedule> inside = new HashMap<>();
    for (Node node : prepared.graph().nodes()) {
      if (node.op() instanceof Call call) {
        inside.put(node, functions.get(call.body()));
      }
    }
    return new Schedule(
        prepared.graph(), libraryKernels(prepared.graph(), Set.of()), inside, Set.of());
  }

  /** The calls of each function that {@code graph} itself calls. */
  private static Map<Graph, List<Node>> calls(Graph graph) {
    Map<Graph, List<Node>> calls = new LinkedHashMap<>();
    for (Node node : graph.nodes()) {
      if (node.op() instanceof Call call) {
        calls.computeIfAbsent(call.body(), body -> new ArrayList<>()).add(node);
      }
    }
    return calls;
  }

  /** A count binds one symbol for the whole graph: it cannot be there several times. */
  private static boolean binds(Graph body) {
    return body.nodes().stream()
        .map(Node::op)
        .anyMatch(
            op -> op instanceof NonZero || op instanceof Call call && Scheduler.binds(call.body()));
  }

  /** The function's parameters that constants are given for, if those are the same in all calls. */
  private static Optional<Set<Value>> constants(List<Node> calls) {
    Set<Set<Integer>> constants = new HashSet<>();
    for (Node call : calls) {
      Set<Integer> places = new HashSet<>();
      for (int i = 0; i < call.operands().size(); i++) {
        if (call.operand(i).node().op() instanceof Constant) {
          places.add(i);
        }
      }
      constants.add(places);
    }
    if (constants.size() > 1) {
      return Optional.empty();
    }
    List<Value> parameters = ((Call) calls.getFirst().op()).body().inputs();
    Set<Value> weights = new HashSet<>();
    constants.iterator().next().forEach(place -> weights.add(parameters.get(place)));
    return Optional.of(weights);
  }

  /**
   * The tasks of a function, if it has library ops and the device a kernel for each. One without,
   * such as a norm, is better fused with what is around it.
   */
  private Optional<Schedule> function(Graph body, Set<Value> weights) {
    List<Node> unclaimed = new ArrayList<>();
    Pipeline.Prepared prepared =
        Pipeline.prepare(
            body,
            node -> {
              if (!isLibraryOp(node)) {
                return false;
              }
              if (libraryKernel(node, weights).isEmpty()) {
                unclaimed.add(node);
              }
              return true;
            });
    Graph ready = prepared.graph();
    if (!unclaimed.isEmpty() || ready.nodes().stream().noneMatch(Scheduler::isLibraryOp)) {
      return Optional.empty();
    }
    notes.addAll(prepared.notes());
    return Optional.of(new Schedule(ready, libraryKernels(ready, weights), Map.of(), weights));
  }

  private static boolean isLibraryOp(Node node) {
    return node.op() instanceof LibraryOp;
  }

  private Map<Node, LibraryKernel> libraryKernels(Graph graph, Set<Value> weights) {
    Map<Node, LibraryKernel> kernels = new HashMap<>();
    for (Node node : graph.nodes()) {
      libraryKernel(node, weights).ifPresent(kernel -> kernels.put(node, kernel));
    }
    return kernels;
  }

  /** The device's kernel for {@code node}, one of a graph with these future constants. */
  private Optional<LibraryKernel> libraryKernel(Node node, Set<Value> weights) {
    if (!(node.op() instanceof LibraryOp || node.op() instanceof Scatter)) {
      return Optional.empty();
    }
    var call = Schedule.call(node, Optional.empty(), weights);
    return device.library().stream().filter(kernel -> kernel.accepts(call)).findFirst();
  }
}
