package dev.bascule.conformance;

import dev.bascule.core.DType;
import dev.bascule.core.ShapeException;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Value;
import dev.bascule.engine.rewrite.Differentiator;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The same cases backwards: the gradient of the sum of each output with respect to each float
 * input. That gradients are right is shown against finite differences, on the reference; here they
 * are graphs like others, which every device must give the bits of.
 */
final class GradientCases {
  private GradientCases() {}

  static List<Case> all() {
    List<Case> cases = new ArrayList<>();
    for (Case example : Cases.brief()) {
      if (example.dtype() == DType.F32) {
        cases.addAll(of(example));
      }
    }
    return cases;
  }

  private static List<Case> of(Case example) {
    Map<String, Value> outputs = new LinkedHashMap<>();
    List<Value> inputs = new ArrayList<>();
    for (Value input : example.graph().inputs()) {
      if (input.dtype().isFloat()) {
        inputs.add(input);
      }
    }
    example
        .graph()
        .outputs()
        .forEach((name, output) -> {
          if (output.dtype().isFloat()) {
            outputs.putAll(gradients(name, output, inputs));
          }
        });
    if (outputs.isEmpty()) {
      return List.of();
    }
    String name = "gradient of " + example.name();
    Graph graph = Graph.of(name, example.graph().inputs(), outputs);
    return List.of(new Case(name, example.dtype(), graph, example.values(), example.runs(), false));
  }

  private static Map<String, Value> gradients(String name, Value output, List<Value> inputs) {
    Map<String, Value> named = new LinkedHashMap<>();
    try {
      List<Value> gradients = Differentiator.gradients(Ops.sumAll(output), inputs);
      for (int i = 0; i < inputs.size(); i++) {
        named.put(name + " by " + inputs.get(i).node().label(), gradients.get(i));
      }
    } catch (ShapeException notDifferentiable) {
      return Map.of();
    }
    return named;
  }
}
