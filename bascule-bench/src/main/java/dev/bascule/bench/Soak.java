package dev.bascule.bench;

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
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.management.JMException;
import javax.management.ObjectName;

/**
 * Many runs of one session, watching the process's memory as the system counts it; then four
 * sessions of one plan in four threads, whose bits must be those of one.
 *
 * <p>{@code --model FILE.onnx [--runs 10000] [--length 16] [--device cpu]}
 */
public final class Soak {
  private Soak() {}

  public static void main(String[] arguments)
      throws IOException, InterruptedException, ExecutionException {
    Options options = Options.parse(arguments);
    try (OnnxFile file = OnnxFile.open(Path.of(options.text("model", "")));
        Arena arena = Arena.ofShared();
        Device device =
            EmbeddingModel.device(options.text("device", "cpu"), DeviceOptions.DEFAULT);
        Engine engine = new Engine(device)) {
      Graph graph = EmbeddingModel.load(file, arena, 8, 128);
      int length = options.number("length", 16);
      Map<String, Tensor> inputs = EmbeddingModel.inputs(graph, 1, length, 5);
      try (Plan plan = engine.compile(graph)) {
        runs(plan, inputs, options.number("runs", 10_000));
        threads(plan, graph, length);
      }
    }
  }

  private static void runs(Plan plan, Map<String, Tensor> inputs, int runs) throws IOException {
    try (Session session = plan.session()) {
      Tensor first = output(session.run(inputs));
      System.out.printf("planned arena %,d bytes%n", plan.arenaBytes());
      int differing = 0;
      for (int i = 1; i <= runs; i++) {
        if (output(session.run(inputs)).bytes().mismatch(first.bytes()) >= 0) {
          differing++;
        }
        if (i % (runs / 5) == 0) {
          System.out.printf(
              "%,d runs: %,d kB resident, %s, %d differ%n",
              i, residentKilobytes(), nativeMemory(), differing);
        }
      }
    }
  }

  private static void threads(Plan plan, Graph graph, int length)
      throws InterruptedException, ExecutionException {
    List<Tensor> expected = new ArrayList<>();
    try (Session session = plan.session()) {
      for (int i = 0; i < 4; i++) {
        expected.add(output(session.run(EmbeddingModel.inputs(graph, 1 + i % 2, length, i))));
      }
    }
    List<Future<Integer>> results = new ArrayList<>();
    try (ExecutorService pool = Executors.newFixedThreadPool(4)) {
      for (int i = 0; i < 4; i++) {
        int number = i;
        results.add(
            pool.submit(() -> differing(plan, graph, length, number, expected.get(number))));
      }
    }
    int differing = 0;
    for (Future<Integer> result : results) {
      differing += result.get();
    }
    System.out.printf(
        "4 sessions in 4 threads, 200 runs each: %d differ from one session%n", differing);
  }

  private static int differing(Plan plan, Graph graph, int length, int number, Tensor expected) {
    Map<String, Tensor> inputs = EmbeddingModel.inputs(graph, 1 + number % 2, length, number);
    int differing = 0;
    try (Session session = plan.session()) {
      for (int i = 0; i < 200; i++) {
        differing += output(session.run(inputs)).bytes().mismatch(expected.bytes()) >= 0 ? 1 : 0;
      }
    }
    return differing;
  }

  private static Tensor output(Map<String, Tensor> outputs) {
    return outputs.values().iterator().next();
  }

  /** What the JVM counts as allocated by programs: with -XX:NativeMemoryTracking=summary. */
  private static String nativeMemory() {
    try {
      String report =
          (String)
              ManagementFactory.getPlatformMBeanServer()
                  .invoke(
                      new ObjectName("com.sun.management:type=DiagnosticCommand"),
                      "vmNativeMemory",
                      new Object[] {new String[] {"summary"}},
                      new String[] {String[].class.getName()});
      Matcher other =
          Pattern.compile("Other \\(.*?\\).*?\\(malloc=(.*?)\\)", Pattern.DOTALL).matcher(report);
      return other.find() ? "native " + other.group(1) : "native memory is not tracked";
    } catch (JMException e) {
      return "native memory cannot be asked for: " + e.getMessage();
    }
  }

  private static long residentKilobytes() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("\\D", ""));
      }
    }
    return -1;
  }
}
