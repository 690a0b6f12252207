package dev.bascule.conformance;

import dev.bascule.core.Bindings;
import dev.bascule.core.Dim;
import dev.bascule.core.graph.Call;
import dev.bascule.core.graph.Constant;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Parameter;
import dev.bascule.core.graph.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * A graph that calls another one several times, as a model does its layers: some operands are
 * inputs, some constants, some come from the call before.
 */
final class RepeatedGraph {
  private final Case once;
  private final SplittableRandom random;
  private final List<Value> inputs = new ArrayList<>();
  private final Map<String, Values> rules = new HashMap<>();
  private final Map<String, Value> outputs = new LinkedHashMap<>();

  private RepeatedGraph(Case once, long seed) {
    this.once = once;
    this.random = new SplittableRandom(seed);
  }

  /** Two to four calls of the graph of {@code once}, which counts nothing. */
  static Case of(Case once, long seed) {
    return new RepeatedGraph(once, seed).draw();
  }

  private Case draw() {
    List<Boolean> constants =
        once.graph().inputs().stream()
            .map(input -> isKnown(input) && random.nextInt(3) == 0)
            .toList();
    int calls = 2 + random.nextInt(3);
    List<Value> before = List.of();
    for (int number = 0; number < calls; number++) {
      before = call(number, constants, before);
    }
    String name = once.name() + ", called " + calls + " times";
    return new Case(
        name, once.dtype(), Graph.of(name, inputs, outputs), rules, once.runs(), once.brief());
  }

  /** Whether an operand can be drawn before the symbols are bound. */
  private boolean isKnown(Value input) {
    return input.shape().isConstant()
        && !(rule(input) instanceof Values.Below(Dim extent) && !extent.isConstant());
  }

  private Values rule(Value input) {
    String label = ((Parameter) input.node().op()).label();
    return once.values().getOrDefault(label, Values.Spread.ANY);
  }

  private List<Value> call(int number, List<Boolean> constants, List<Value> before) {
    List<Value> operands = new ArrayList<>();
    for (int i = 0; i < constants.size(); i++) {
      Value input = once.graph().inputs().get(i);
      String label = ((Parameter) input.node().op()).label();
      Values rule = rule(input);
      List<Value> fitting =
          rule instanceof Values.Spread
              ? before.stream().filter(value -> value.type().equals(input.type())).toList()
              : List.of();
      if (constants.get(i)) {
        long[] extents = input.shape().evaluate(Bindings.NONE);
        operands.add(Constant.of(Inputs.draw(input.dtype(), extents, rule, Bindings.NONE, random)));
      } else if (!fitting.isEmpty() && random.nextBoolean()) {
        operands.add(fitting.get(random.nextInt(fitting.size())));
      } else {
        operands.add(input(number + "." + label, input, rule));
      }
    }
    Call call = new Call("part", Map.of(), once.graph());
    List<Value> results = Node.of("part " + number, call, operands).results();
    List<String> names = List.copyOf(once.graph().outputs().keySet());
    for (int i = 0; i < results.size(); i++) {
      outputs.put(names.get(i) + " of call " + number, results.get(i));
    }
    return results;
  }

  private Value input(String label, Value like, Values rule) {
    Value input = Parameter.input(label, like.type());
    inputs.add(input);
    rules.put(label, rule);
    return input;
  }
}
