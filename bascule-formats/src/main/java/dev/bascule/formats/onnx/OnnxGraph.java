package dev.bascule.formats.onnx;

import java.util.List;

/**
 * A graph as the file has it: nodes in file order, which need not be an order of execution (see
 * {@link OnnxTopology#order}).
 *
 * @param inputs may repeat names of initializers: these are then defaults
 */
public record OnnxGraph(
    String name,
    List<OnnxNode> nodes,
    List<OnnxTensor> initializers,
    List<OnnxSparseTensor> sparseInitializers,
    List<OnnxValueInfo> inputs,
    List<OnnxValueInfo> outputs,
    List<OnnxValueInfo> valueInfos) {
  public OnnxGraph {
    nodes = List.copyOf(nodes);
    initializers = List.copyOf(initializers);
    sparseInitializers = List.copyOf(sparseInitializers);
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
    valueInfos = List.copyOf(valueInfos);
  }
}
