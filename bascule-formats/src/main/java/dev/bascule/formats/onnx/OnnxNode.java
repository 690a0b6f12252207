package dev.bascule.formats.onnx;

import dev.bascule.formats.FormatException;
import java.util.List;
import java.util.Optional;

/**
 * One operation of a graph.
 *
 * @param index its place in the file, from 0
 * @param domain the operator set; empty for ONNX's own
 * @param inputs names of values; an empty name is an optional input that is left out
 * @param outputs names of values; an empty name is an output that nobody wants
 */
public record OnnxNode(
    int index,
    String name,
    String opType,
    String domain,
    String overload,
    List<String> inputs,
    List<String> outputs,
    List<OnnxAttribute> attributes) {
  public OnnxNode {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
    attributes = List.copyOf(attributes);
  }

  public Optional<OnnxAttribute> attribute(String name) {
    for (OnnxAttribute attribute : attributes) {
      if (attribute.name().equals(name)) {
        return Optional.of(attribute);
      }
    }
    return Optional.empty();
  }

  /** How messages call this node: {@code node 12 'Add_3' (Add)}. */
  public String describe() {
    String quoted = name.isEmpty() ? "" : " " + FormatException.quote(name);
    String operator = FormatException.quote(opType);
    return "node " + index + quoted + " (" + operator.substring(1, operator.length() - 1) + ")";
  }
}
