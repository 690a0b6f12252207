package dev.bascule.certify;

import dev.bascule.core.Tensor;
import dev.bascule.core.graph.Graph;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** An imported ONNX model with one set of inputs; its file and memory stay the caller's. */
public record OnnxSubject(Path path, Graph graph, Map<String, Tensor> inputs) implements Subject {
  public OnnxSubject {
    inputs = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(inputs));
  }

  @Override
  public Graph truth() {
    return graph;
  }

  @Override
  public List<Map<String, Tensor>> runs(int chunk) {
    return List.of(inputs);
  }

  @Override
  public boolean isCut() {
    return false;
  }

  @Override
  public Optional<int[]> ids() {
    return Optional.empty();
  }

  @Override
  public Map<String, Object> model() {
    return ModelFiles.describe("onnx", path, List.of(path));
  }

  @Override
  public void close() {
    // nothing is its own
  }
}
