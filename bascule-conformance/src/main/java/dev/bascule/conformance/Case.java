package dev.bascule.conformance;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.Tensor;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.Parameter;
import dev.bascule.core.graph.Value;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * A graph that tests ops, one per output, and the runs that one compiled plan of it must get right.
 *
 * @param name the family, then what sets the case apart
 * @param dtype the row of the support matrix
 * @param graph its outputs are named after the op they test, then a blank, then what sets them
 *     apart
 * @param values how each input is drawn
 * @param runs values of the symbols, one plan for all
 * @param brief true where the case belongs to the short run
 */
public record Case(
    String name,
    DType dtype,
    Graph graph,
    Map<String, Values> values,
    List<Bindings> runs,
    boolean brief) {
  public Case {
    values = Map.copyOf(values);
    runs = List.copyOf(runs);
  }

  /** The op that an output tests. */
  public static String op(String output) {
    int blank = output.indexOf(' ');
    return blank < 0 ? output : output.substring(0, blank);
  }

  /** Where the inputs of run {@code run} come from. */
  public long seed(int run) {
    return name.hashCode() * 1000L + run;
  }

  /** The inputs of run {@code run}, always the same. */
  public Map<String, Tensor> inputs(int run) {
    var random = new SplittableRandom(seed(run));
    Bindings dims = runs.get(run);
    Map<String, Tensor> inputs = new LinkedHashMap<>();
    for (Value input : graph.inputs()) {
      String label = ((Parameter) input.node().op()).label();
      Values rule = values.getOrDefault(label, Values.Spread.ANY);
      long[] extents = input.shape().evaluate(dims);
      inputs.put(label, Inputs.draw(input.dtype(), extents, rule, dims, random));
    }
    return inputs;
  }

  /** The same case with one of its outputs alone. */
  public Case only(String output) {
    Value value = graph.outputs().get(output);
    if (value == null) {
      throw new IllegalArgumentException("case " + name + " has no output " + output);
    }
    Graph part = Graph.of(graph.name(), graph.inputs(), Map.of(output, value));
    return new Case(name, dtype, part, values, runs, brief);
  }

  /** A case under construction. */
  static final class Draft {
    private final String name;
    private final DType dtype;
    private final List<Value> inputs = new ArrayList<>();
    private final Map<String, Value> outputs = new LinkedHashMap<>();
    private final Map<String, Values> values = new LinkedHashMap<>();
    private boolean brief;

    Draft(String name, DType dtype) {
      this.name = name;
      this.dtype = dtype;
    }

    Value input(String label, DType type, dev.bascule.core.Shape shape, Values rule) {
      Value input = Parameter.input(label, new dev.bascule.core.TensorType(type, shape));
      inputs.add(input);
      values.put(label, rule);
      return input;
    }

    Draft output(String row, Value value) {
      if (outputs.put(row, value) != null) {
        throw new IllegalStateException("case " + name + " has two outputs " + row);
      }
      return this;
    }

    /** Marks the case as part of the short run. */
    Draft brief(boolean isBrief) {
      brief = isBrief;
      return this;
    }

    Case run(Bindings... runs) {
      List<Bindings> all = runs.length == 0 ? List.of(Bindings.NONE) : List.of(runs);
      return new Case(name, dtype, Graph.of(name, inputs, outputs), values, all, brief);
    }

    Case run(List<Bindings> runs) {
      return run(runs.toArray(Bindings[]::new));
    }
  }
}
