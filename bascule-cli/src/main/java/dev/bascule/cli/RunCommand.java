package dev.bascule.cli;

import dev.bascule.core.Tensor;
import dev.bascule.core.device.Device;
import dev.bascule.engine.Engine;
import dev.bascule.engine.Plan;
import dev.bascule.engine.Session;
import dev.bascule.formats.importer.ImportOptions;
import dev.bascule.formats.importer.ImportedModel;
import dev.bascule.formats.importer.OnnxImporter;
import dev.bascule.formats.npy.Npy;
import dev.bascule.formats.npy.NpyArray;
import dev.bascule.formats.onnx.OnnxFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bascule run}: one model, once. */
@Command(name = "run", description = "Runs an ONNX model once.", sortOptions = false)
final class RunCommand implements Callable<Integer> {
  @Parameters(paramLabel = "MODEL.onnx", description = "the model")
  private Path model = Path.of("");

  @Option(
      names = "--input",
      paramLabel = "NAME=FILE",
      description = "an input, from a .npy file or a .pb file of ONNX; repeat it for each")
  private Map<String, Path> inputs = new LinkedHashMap<>();

  @Option(
      names = "--random",
      description = "draw the inputs not given: floats from -1 to 1, integers 0 or 1")
  private boolean random;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "what --random draws: the same seed gives the same inputs (default: 0)")
  private long seed;

  @Option(
      names = "--dim",
      paramLabel = "NAME=VALUE",
      description = "the extent of an open dimension, for --random")
  private Map<String, Long> dims = new LinkedHashMap<>();

  @Option(
      names = "--output",
      paramLabel = "DIR",
      description = "write each output there as NAME.npy")
  private @Nullable Path output;

  @Option(
      names = "--repeat",
      paramLabel = "N",
      defaultValue = "0",
      description = "run it N times more and print the median time")
  private int repeat;

  private final Main main;
  private final Console console;

  RunCommand(Main main, Console console) {
    this.main = main;
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    if (repeat < 0) {
      throw new RequestException("--repeat must be 0 or more, not " + repeat);
    }
    try (OnnxFile file = OnnxFile.open(model);
        Arena arena = Arena.ofShared();
        Device device = main.openDevice();
        Engine engine = new Engine(device)) {
      ModelInputs modelInputs = new ModelInputs(file);
      Map<String, Tensor> given = inputs(modelInputs, arena);
      ImportOptions options =
          ImportOptions.usual().withSymbols(modelInputs.exactSymbols(given)).withInputs(given);
      ImportedModel imported = OnnxImporter.load(file, arena, options);
      try (Plan plan = engine.compile(imported.graph());
          Session session = plan.session()) {
        Map<String, Tensor> outputs = session.run(given);
        double[] millis = repeated(session, given);
        print(device, engine, plan, outputs, millis);
        if (output != null) {
          write(output, outputs);
        }
      }
    }
    return ExitCodes.DONE;
  }

  private Map<String, Tensor> inputs(ModelInputs modelInputs, Arena arena) {
    RunInputs runInputs = new RunInputs(modelInputs);
    runInputs.read(inputs, arena);
    runInputs.setDims(dims);
    List<String> missing = runInputs.missing();
    if (random) {
      runInputs.draw(seed).forEach(console::say);
    } else if (!missing.isEmpty()) {
      throw new RequestException(
          "the model needs "
              + String.join(", ", missing)
              + "; give each with --input NAME=FILE, or draw them with --random; its inputs: "
              + modelInputs.describe());
    }
    return runInputs.tensors();
  }

  /** Milliseconds of each further run, in ascending order. */
  private double[] repeated(Session session, Map<String, Tensor> given) {
    double[] millis = new double[repeat];
    try (Progress progress =
        new Progress(console, "run", repeat, repeat > 0 && Console.errorIsTerminal())) {
      for (int i = 0; i < repeat; i++) {
        long start = System.nanoTime();
        session.run(given);
        millis[i] = (System.nanoTime() - start) / 1e6;
        progress.step("");
      }
    }
    Arrays.sort(millis);
    return millis;
  }

  private void print(
      Device device, Engine engine, Plan plan, Map<String, Tensor> outputs, double[] millis) {
    if (main.json()) {
      console.out().println(json(device, engine, plan, outputs, millis));
      return;
    }
    outputs.forEach((name, tensor) -> {
      TensorSummary summary = TensorSummary.of(tensor);
      console.out().println(name + " " + tensor);
      console.out().println("  " + summary);
      console.out().println("  sha256 " + summary.sha256());
    });
    if (millis.length > 0) {
      console
          .out()
          .println(
              Text.format(
                  "median %.3f ms of %d runs (%.3f to %.3f)",
                  millis[millis.length / 2], millis.length, millis[0], millis[millis.length - 1]));
    }
    if (main.explain()) {
      console.out().println(plan.explain());
    }
  }

  private String json(
      Device device, Engine engine, Plan plan, Map<String, Tensor> outputs, double[] millis) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("model", model.toString());
    json.put("device", device.info().id());
    json.put("numerics", "exact");
    json.put("constantBytes", engine.constantBytes());
    json.put("arenaBytes", plan.arenaBytes());
    json.put("launches", plan.launches());
    if (millis.length > 0) {
      json.put("medianMillis", millis[millis.length / 2]);
    }
    json.put(
        "outputs", outputs.entrySet().stream().map(e -> json(e.getKey(), e.getValue())).toList());
    if (main.explain()) {
      json.put("explanation", plan.explain());
    }
    return JsonText.of(json);
  }

  private static Map<String, Object> json(String name, Tensor tensor) {
    TensorSummary summary = TensorSummary.of(tensor);
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", name);
    json.put("dtype", tensor.dtype().toString());
    json.put("shape", Arrays.stream(tensor.extents()).boxed().toList());
    json.put("min", summary.least());
    json.put("max", summary.greatest());
    json.put("mean", summary.mean());
    json.put("nans", summary.nans());
    json.put("sha256", summary.sha256());
    return json;
  }

  private static void write(Path folder, Map<String, Tensor> outputs) throws IOException {
    Files.createDirectories(folder);
    for (Map.Entry<String, Tensor> output : outputs.entrySet()) {
      Tensor tensor = output.getValue();
      List<Long> extents = Arrays.stream(tensor.extents()).boxed().toList();
      // names come from the model's file: none may lead out of the folder
      String name = output.getKey().replaceAll("[^A-Za-z0-9._-]|^\\.", "_");
      Npy.write(
          folder.resolve(name + ".npy"), new NpyArray(tensor.dtype(), extents, tensor.bytes()));
    }
  }
}
