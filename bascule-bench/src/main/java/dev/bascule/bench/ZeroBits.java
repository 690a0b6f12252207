package dev.bascule.bench;

import dev.bascule.core.Tensor;
import dev.bascule.core.device.Device;
import dev.bascule.core.device.DeviceOptions;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.Reference;
import dev.bascule.engine.Engine;
import dev.bascule.engine.Plan;
import dev.bascule.engine.Session;
import dev.bascule.formats.onnx.OnnxFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An embedding model on the reference and on every device, instruction set and thread count of this
 * machine: how many bits differ, and whether a batch gives what its texts give alone.
 *
 * <p>{@code --model FILE.onnx [--lengths 1,16,128,512] [--batches 1,8]}
 */
public final class ZeroBits {
  private ZeroBits() {}

  private record Place(String name, String driver, DeviceOptions options) {}

  public static void main(String[] arguments) throws IOException {
    Options options = Options.parse(arguments);
    List<Place> places = new ArrayList<>();
    for (int threads = 1; threads <= 2; threads++) {
      for (String isa : List.of("portable", "avx2", "avx512")) {
        places.add(
            new Place(
                isa + " x" + threads, "cpu", new DeviceOptions(threads, Map.of("cpu.isa", isa))));
      }
    }
    places.add(new Place("opencl", "opencl", DeviceOptions.DEFAULT));
    try (OnnxFile file = OnnxFile.open(Path.of(options.text("model", "")));
        Arena arena = Arena.ofShared()) {
      Graph graph = EmbeddingModel.load(file, arena, 8, 512);
      Map<String, Map<String, Tensor>> expected = new LinkedHashMap<>();
      for (int batch : options.numbers("batches", "1,8")) {
        for (int length : options.numbers("lengths", "1,16,128,512")) {
          long start = System.nanoTime();
          expected.put(
              batch + "x" + length,
              Reference.run(graph, EmbeddingModel.inputs(graph, batch, length, 3)));
          System.out.printf(
              "reference %dx%d: %.1f s%n", batch, length, (System.nanoTime() - start) * 1e-9);
        }
      }
      for (Place place : places) {
        compare(place, graph, expected, options);
      }
    }
  }

  private static void compare(
      Place place, Graph graph, Map<String, Map<String, Tensor>> expected, Options options) {
    try (Device device = EmbeddingModel.device(place.driver(), place.options());
        Engine engine = new Engine(device);
        Plan plan = engine.compile(graph);
        Session session = plan.session()) {
      for (int batch : options.numbers("batches", "1,8")) {
        for (int length : options.numbers("lengths", "1,16,128,512")) {
          Map<String, Tensor> inputs = EmbeddingModel.inputs(graph, batch, length, 3);
          Map<String, Tensor> actual = session.run(inputs);
          Map<String, Tensor> wanted = expected.getOrDefault(batch + "x" + length, Map.of());
          long elements = 0;
          long differing = 0;
          for (Map.Entry<String, Tensor> output : wanted.entrySet()) {
            elements += output.getValue().elements();
            differing +=
                differing(
                    output.getValue(), actual.getOrDefault(output.getKey(), output.getValue()), 0);
          }
          long split = split(session, inputs, actual, batch, length);
          System.out.printf(
              "%-12s batch %d length %3d: %,9d numbers, %d differ from the reference, %d when run one text at a time%n",
              place.name(), batch, length, elements, differing, split);
        }
      }
    }
  }

  /** Elements that differ when each text of the batch is run alone. */
  private static long split(
      Session session,
      Map<String, Tensor> inputs,
      Map<String, Tensor> whole,
      int batch,
      int length) {
    if (batch == 1) {
      return 0;
    }
    long differing = 0;
    Map.Entry<String, Tensor> output = whole.entrySet().iterator().next();
    for (int text = 0; text < batch; text++) {
      Map<String, Tensor> alone = new LinkedHashMap<>();
      for (Map.Entry<String, Tensor> input : inputs.entrySet()) {
        long[] values = input.getValue().longs();
        alone.put(
            input.getKey(),
            Tensor.of(
                java.util.Arrays.copyOfRange(values, text * length, (text + 1) * length),
                1,
                length));
      }
      Tensor one = session.run(alone).values().iterator().next();
      differing += differing(one, output.getValue(), text * one.elements());
    }
    return differing;
  }

  private static long differing(Tensor expected, Tensor actual, long from) {
    long differing = 0;
    for (long i = 0; i < expected.elements(); i++) {
      boolean nan = Double.isNaN(expected.number(i)) && Double.isNaN(actual.number(from + i));
      differing += nan || expected.get(i) == actual.get(from + i) ? 0 : 1;
    }
    return differing;
  }
}
