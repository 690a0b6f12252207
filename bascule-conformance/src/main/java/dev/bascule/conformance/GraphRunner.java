package dev.bascule.conformance;

import dev.bascule.core.Tensor;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.Reference;
import java.util.Map;

/** Something that runs graphs: an engine on a device, or the reference interpreter. */
public interface GraphRunner {
  /** Makes the graph ready to run, once for all dimensions. */
  Compiled compile(Graph graph);

  /** A graph made ready. */
  interface Compiled extends AutoCloseable {
    Map<String, Tensor> run(Map<String, Tensor> inputs);

    /** Which kernels run, for reports; may be empty. */
    default String explain() {
      return "";
    }

    @Override
    void close();
  }

  /** The meaning itself. */
  static GraphRunner reference() {
    return graph ->
        new Compiled() {
          @Override
          public Map<String, Tensor> run(Map<String, Tensor> inputs) {
            return Reference.run(graph, inputs);
          }

          @Override
          public void close() {
            // holds nothing
          }
        };
  }
}
