package dev.bascule.bench;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import dev.bascule.core.Tensor;
import dev.bascule.core.device.Device;
import dev.bascule.core.device.DeviceOptions;
import dev.bascule.core.graph.Graph;
import dev.bascule.engine.Engine;
import dev.bascule.engine.Plan;
import dev.bascule.engine.Session;
import dev.bascule.engine.rewrite.Widener;
import dev.bascule.formats.onnx.OnnxFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/**
 * How far an embedding model's outputs lie from ONNX Runtime's, and how far both lie from the same
 * graph computed in f64.
 *
 * <p>{@code --model FILE.onnx [--lengths 1,16,128,512] [--batches 1,8]}
 */
public final class ModelAccuracy {
  private ModelAccuracy() {}

  public static void main(String[] arguments) throws IOException, OrtException {
    Options options = Options.parse(arguments);
    Path model = Path.of(options.text("model", ""));
    try (OnnxFile file = OnnxFile.open(model);
        Arena arena = Arena.ofShared();
        Device device = EmbeddingModel.device("cpu", DeviceOptions.DEFAULT);
        Engine engine = new Engine(device);
        Peer peer = new Peer(model, 2)) {
      Graph graph = EmbeddingModel.load(file, arena, 8, 512);
      System.out.println(
          "| batch | length | cosine to ONNX Runtime | largest difference | largest error, Bascule | largest error, ONNX Runtime"
              + " | rms error, Bascule | rms error, ONNX Runtime |");
      System.out.println("|---|---|---|---|---|---|---|---|");
      try (Plan plan = engine.compile(graph);
          Session session = plan.session();
          Plan widePlan = engine.compile(Widener.widen(graph));
          Session wide = widePlan.session()) {
        for (int batch : options.numbers("batches", "1,8")) {
          for (int length : options.numbers("lengths", "1,16,128,512")) {
            Map<String, Tensor> inputs = EmbeddingModel.inputs(graph, batch, length, 11);
            Map<String, OnnxTensor> theirs = peer.inputs(inputs);
            float[] other = peer.run(theirs);
            theirs.values().forEach(OnnxTensor::close);
            float[] own = session.run(inputs).values().iterator().next().floats();
            double[] truth = wide.run(Widener.widen(inputs)).values().iterator().next().doubles();
            print(batch, length, own, other, truth);
          }
        }
      }
    }
  }

  private static void print(int batch, int length, float[] own, float[] other, double[] truth) {
    double dot = 0;
    double ownNorm = 0;
    double otherNorm = 0;
    double apart = 0;
    double ownError = 0;
    double otherError = 0;
    double ownSquares = 0;
    double otherSquares = 0;
    for (int i = 0; i < own.length; i++) {
      dot += (double) own[i] * other[i];
      ownNorm += (double) own[i] * own[i];
      otherNorm += (double) other[i] * other[i];
      apart = Math.max(apart, Math.abs((double) own[i] - other[i]));
      ownError = Math.max(ownError, Math.abs(own[i] - truth[i]));
      otherError = Math.max(otherError, Math.abs(other[i] - truth[i]));
      ownSquares += (own[i] - truth[i]) * (own[i] - truth[i]);
      otherSquares += (other[i] - truth[i]) * (other[i] - truth[i]);
    }
    System.out.printf(
        Locale.ROOT,
        "| %d | %d | %.9f | %.2e | %.2e | %.2e | %.2e | %.2e |%n",
        batch,
        length,
        dot / Math.sqrt(ownNorm * otherNorm),
        apart,
        ownError,
        otherError,
        Math.sqrt(ownSquares / own.length),
        Math.sqrt(otherSquares / own.length));
  }
}
