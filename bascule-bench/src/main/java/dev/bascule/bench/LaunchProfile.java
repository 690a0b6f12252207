package dev.bascule.bench;

import dev.bascule.core.Tensor;
import dev.bascule.core.device.Device;
import dev.bascule.core.device.DeviceOptions;
import dev.bascule.core.device.ForwardingDevice;
import dev.bascule.core.device.ForwardingStream;
import dev.bascule.core.device.Launch;
import dev.bascule.core.device.Stream;
import dev.bascule.core.graph.Graph;
import dev.bascule.engine.Engine;
import dev.bascule.engine.Plan;
import dev.bascule.engine.Session;
import dev.bascule.formats.onnx.OnnxFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Where a model's time goes, launch by launch: the median of each over many runs. Devices that run
 * a launch before {@link Stream#launch} returns are timed truly; others only by what submitting
 * costs.
 *
 * <p>{@code --model FILE.onnx [--length 128] [--batch 1] [--threads 2] [--runs 200] [--isa avx512]}
 */
public final class LaunchProfile {
  private LaunchProfile() {}

  public static void main(String[] arguments) throws IOException {
    Options options = Options.parse(arguments);
    DeviceOptions settings =
        new DeviceOptions(
            options.number("threads", 2), Map.of("cpu.isa", options.text("isa", "avx512")));
    try (OnnxFile file = OnnxFile.open(Path.of(options.text("model", "")));
        Arena arena = Arena.ofShared();
        TimedDevice device = new TimedDevice(EmbeddingModel.device("cpu", settings));
        Engine engine = new Engine(device)) {
      Graph graph = EmbeddingModel.load(file, arena, 8, 512);
      Map<String, Tensor> inputs =
          EmbeddingModel.inputs(
              graph, options.number("batch", 1), options.number("length", 128), 7);
      try (Plan plan = engine.compile(graph);
          Session session = plan.session()) {
        profile(device, session, inputs, options.number("runs", 200));
      }
    }
  }

  private static void profile(
      TimedDevice device, Session session, Map<String, Tensor> inputs, int runs) {
    List<List<Timing>> all = new ArrayList<>();
    double[] whole = new double[runs];
    for (int run = 0; run < runs; run++) {
      device.timings.clear();
      long start = System.nanoTime();
      session.run(inputs);
      whole[run] = (System.nanoTime() - start) * 1e-3;
      all.add(List.copyOf(device.timings));
    }
    List<List<Timing>> warm = all.subList(runs / 2, runs);
    double sum = 0;
    for (int i = 0; i < warm.getFirst().size(); i++) {
      int launch = i;
      double[] times = warm.stream().mapToDouble(run -> run.get(launch).micros()).toArray();
      double median = median(times);
      String name = warm.getFirst().get(launch).name();
      System.out.printf(Locale.ROOT, "%4d %9.1f us  %s%n", launch, median, name);
      sum += median;
    }
    System.out.printf(
        Locale.ROOT,
        "launches %.1f us, whole run %.1f us%n",
        sum,
        median(Arrays.copyOfRange(whole, runs / 2, runs)));
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  private record Timing(String name, double micros) {}

  /** A device whose streams keep the time of each launch; one stream at a time. */
  private static final class TimedDevice extends ForwardingDevice {
    private final List<Timing> timings = new ArrayList<>();

    TimedDevice(Device device) {
      super(device);
    }

    @Override
    public Stream stream() {
      return new TimedStream(super.stream());
    }

    private final class TimedStream extends ForwardingStream {
      TimedStream(Stream stream) {
        super(stream);
      }

      @Override
      public void launch(Launch launch) {
        long start = System.nanoTime();
        super.launch(launch);
        timings.add(new Timing(launch.name(), (System.nanoTime() - start) * 1e-3));
      }
    }
  }
}
