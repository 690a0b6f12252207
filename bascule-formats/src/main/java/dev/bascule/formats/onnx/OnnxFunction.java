package dev.bascule.formats.onnx;

import java.util.List;
import java.util.Map;

/**
 * An operator that the model defines itself, by a body of nodes.
 *
 * @param attributes names of attributes that a caller must give
 * @param attributeDefaults attributes that a caller may give, and what holds otherwise
 */
public record OnnxFunction(
    String name,
    String domain,
    String overload,
    List<String> inputs,
    List<String> outputs,
    List<String> attributes,
    List<OnnxAttribute> attributeDefaults,
    List<OnnxNode> nodes,
    Map<String, Long> opsetImports) {
  public OnnxFunction {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
    attributes = List.copyOf(attributes);
    attributeDefaults = List.copyOf(attributeDefaults);
    nodes = List.copyOf(nodes);
    opsetImports = Map.copyOf(opsetImports);
  }
}
