package dev.bascule.formats.onnx;

import java.util.List;
import java.util.Map;

/**
 * A model as the file has it.
 *
 * @param opsetImports version of each operator set by domain; ONNX's own domain is the empty name
 */
public record OnnxModel(
    long irVersion,
    Map<String, Long> opsetImports,
    String producerName,
    String producerVersion,
    String domain,
    long modelVersion,
    Map<String, String> metadata,
    OnnxGraph graph,
    List<OnnxFunction> functions) {
  public OnnxModel {
    opsetImports = Map.copyOf(opsetImports);
    metadata = Map.copyOf(metadata);
    functions = List.copyOf(functions);
  }
}
