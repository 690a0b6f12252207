package dev.bascule.core.graph;

import dev.bascule.core.Bindings;
import dev.bascule.core.ShapeException;
import dev.bascule.core.Tensor;
import dev.bascule.core.TensorType;
import java.util.List;
import java.util.Map;

/**
 * A named region: a function such as softmax or GELU, with its attributes and its body. A device
 * may claim a call whole; otherwise it is inlined before fusion, and the body is what it means.
 */
public record Call(String name, Map<String, Object> attributes, Graph body) implements Op {
  public Call {
    attributes = Map.copyOf(attributes);
  }

  /**
   * The first result of {@code name} applied to {@code operands}, whose body is over parameters of
   * the same types.
   */
  public static Value of(
      String name, Map<String, Object> attributes, List<Value> operands, Body body) {
    List<Value> parameters = new java.util.ArrayList<>();
    for (Value operand : operands) {
      parameters.add(Parameter.input("p" + parameters.size(), operand.type()));
    }
    Graph graph = Graph.of(name, parameters, List.of(body.build(parameters)));
    return Node.of("", new Call(name, attributes, graph), operands).result();
  }

  /** Builds a function's body from its parameters. */
  public interface Body {
    Value build(List<Value> parameters);
  }

  @Override
  public List<TensorType> infer(List<TensorType> operands) {
    List<TensorType> expected = body.inputs().stream().map(Value::type).toList();
    if (!expected.equals(operands)) {
      throw new ShapeException(name + " takes " + expected + ", got " + operands);
    }
    return body.outputs().values().stream().map(Value::type).toList();
  }

  @Override
  public List<Tensor> evaluate(Node node, List<Tensor> operands, Bindings dims) {
    return Reference.evaluate(body.inputs(), operands, List.copyOf(body.outputs().values()), dims);
  }

  @Override
  public String toString() {
    return name + attributes;
  }
}
