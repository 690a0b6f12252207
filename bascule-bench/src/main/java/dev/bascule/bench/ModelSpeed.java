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
import dev.bascule.formats.onnx.OnnxFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;

/**
 * An embedding model beside ONNX Runtime on the same machine, in alternating blocks of runs: median
 * times, and the median of the ratios of neighbouring blocks, which the machine's drift does not
 * touch.
 *
 * <p>{@code --model FILE.onnx [--lengths 16,128,512] [--batches 1,8] [--threads 2] [--blocks 15]
 * [--isa avx512]}
 */
public final class ModelSpeed {
  private static final double WARM_SECONDS = 3;
  private static final double BLOCK_SECONDS = 0.6;

  private ModelSpeed() {}

  public static void main(String[] arguments) throws IOException, OrtException {
    Options options = Options.parse(arguments);
    Path model = Path.of(options.text("model", ""));
    int threads = options.number("threads", 2);
    DeviceOptions settings =
        new DeviceOptions(threads, Map.of("cpu.isa", options.text("isa", "avx512")));
    try (OnnxFile file = OnnxFile.open(model);
        Arena arena = Arena.ofShared();
        Device device = EmbeddingModel.device("cpu", settings);
        Engine engine = new Engine(device);
        Peer peer = new Peer(model, threads)) {
      Graph graph = EmbeddingModel.load(file, arena, 8, 512);
      System.out.printf(
          "%s, %d threads, %s%n", device.info().description(), threads, model.getFileName());
      System.out.println(
          "| batch | length | Bascule ms | ONNX Runtime ms | ratio (median of pairs) |");
      System.out.println("|---|---|---|---|---|");
      double logs = 0;
      int rows = 0;
      try (Plan plan = engine.compile(graph);
          Session session = plan.session()) {
        for (int batch : options.numbers("batches", "1,8")) {
          for (int length : options.numbers("lengths", "16,128,512")) {
            Map<String, Tensor> inputs = EmbeddingModel.inputs(graph, batch, length, 7);
            logs +=
                Math.log(row(session, peer, inputs, batch, length, options.number("blocks", 15)));
            rows++;
          }
        }
      }
      System.out.printf(Locale.ROOT, "geometric mean of the ratios: %.3f%n", Math.exp(logs / rows));
    }
  }

  private static double row(
      Session session, Peer peer, Map<String, Tensor> inputs, int batch, int length, int blocks)
      throws OrtException {
    Map<String, OnnxTensor> theirs = peer.inputs(inputs);
    double once = warm(() -> session.run(inputs));
    warm(() -> peer.run(theirs));
    int runs = (int) Math.clamp(BLOCK_SECONDS / once, 1, 200);
    double[] own = new double[blocks];
    double[] other = new double[blocks];
    double[] ratios = new double[blocks];
    for (int i = 0; i < blocks; i++) {
      own[i] = block(runs, () -> session.run(inputs));
      other[i] = block(runs, () -> peer.run(theirs));
      ratios[i] = other[i] / own[i];
    }
    double ratio = median(ratios);
    System.out.printf(
        Locale.ROOT,
        "| %d | %d | %.3f | %.3f | %.3f |%n",
        batch,
        length,
        median(own) * 1e3,
        median(other) * 1e3,
        ratio);
    theirs.values().forEach(OnnxTensor::close);
    return ratio;
  }

  /** Something to time. */
  private interface Work {
    Object run() throws OrtException;
  }

  /** Runs until compilers and caches have settled; says how long a run takes then. */
  private static double warm(Work work) throws OrtException {
    double last = 0;
    for (double spent = 0; spent < WARM_SECONDS; spent += last) {
      last = seconds(work);
    }
    return Math.max(1e-4, last);
  }

  private static double seconds(Work work) throws OrtException {
    long start = System.nanoTime();
    Object result = work.run();
    long end = System.nanoTime();
    if (result == null) {
      throw new IllegalStateException("no result");
    }
    return (end - start) * 1e-9;
  }

  /** The median time of a run in a block. */
  private static double block(int runs, Work work) throws OrtException {
    double[] times = new double[runs];
    for (int i = 0; i < runs; i++) {
      times[i] = seconds(work);
    }
    return median(times);
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
