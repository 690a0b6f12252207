package dev.bascule.cli;

import dev.bascule.core.device.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code bascule verify}: ONNX's test folders. */
@Command(
    name = "verify",
    description = {
      "Runs ONNX test folders and compares with the outputs in them.",
      "A test folder holds model.onnx and test_data_set_*.",
      "The last line is 'N passed, N failed, N skipped'; what needs an operator that is not there is skipped."
    },
    sortOptions = false)
final class VerifyCommand implements Callable<Integer> {
  @Parameters(
      paramLabel = "PATH",
      arity = "1..*",
      description = "folders, looked through to the ground")
  private List<Path> paths = List.of();

  private final Main main;
  private final Console console;

  VerifyCommand(Main main, Console console) {
    this.main = main;
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    List<Path> folders = folders();
    Map<Path, Verdict> verdicts = new LinkedHashMap<>();
    String deviceId;
    try (Device device = main.openDevice();
        Progress progress =
            new Progress(console, "verify", folders.size(), Console.errorIsTerminal())) {
      deviceId = device.info().id();
      for (Path folder : folders) {
        verdicts.put(folder, Verdict.of(folder, device));
        progress.step(String.valueOf(folder.getFileName()));
      }
    }
    Map<String, Integer> lacking = new TreeMap<>();
    List<Map.Entry<Path, Verdict.Failed>> failures = new ArrayList<>();
    int passed = 0;
    int skipped = 0;
    for (Map.Entry<Path, Verdict> entry : verdicts.entrySet()) {
      switch (entry.getValue()) {
        case Verdict.Passed p -> passed++;
        case Verdict.Failed failed -> failures.add(Map.entry(entry.getKey(), failed));
        case Verdict.Skipped(String what) -> {
          skipped++;
          lacking.merge(what, 1, Integer::sum);
        }
      }
    }
    if (main.json()) {
      console.out().println(json(deviceId, passed, skipped, failures, lacking));
    } else {
      print(passed, skipped, failures, lacking);
    }
    return failures.isEmpty() ? ExitCodes.DONE : ExitCodes.FAILED;
  }

  /** Every folder at or under the paths that holds a test. */
  private List<Path> folders() throws IOException {
    List<Path> folders = new ArrayList<>();
    for (Path path : paths) {
      if (!Files.isDirectory(path)) {
        throw new RequestException(
            "verify "
                + path
                + ": expected a folder, got "
                + (Files.exists(path) ? "a file" : "nothing"));
      }
      try (Stream<Path> below = Files.walk(path)) {
        below
            .filter(file -> file.endsWith("model.onnx"))
            .map(file -> file.toAbsolutePath().getParent())
            .filter(folder -> !dev.bascule.formats.importer.OnnxTestCase.dataSets(folder).isEmpty())
            .sorted()
            .forEach(folders::add);
      }
    }
    if (folders.isEmpty()) {
      throw new RequestException(
          "verify: no folder under "
              + paths
              + " holds a model.onnx with a test_data_set_0 beside it");
    }
    return folders;
  }

  private void print(
      int passed,
      int skipped,
      List<Map.Entry<Path, Verdict.Failed>> failures,
      Map<String, Integer> lacking) {
    failures.forEach(failure ->
        console
            .out()
            .println(
                "FAILED " + failure.getKey().getFileName() + ": " + failure.getValue().message()));
    if (!lacking.isEmpty()) {
      console.out().println("skipped, for want of:");
      byCount(lacking)
          .forEach(entry ->
              console.out().println(Text.format("%6d  %s", entry.getValue(), entry.getKey())));
    }
    console
        .out()
        .println(passed + " passed, " + failures.size() + " failed, " + skipped + " skipped");
  }

  private static List<Map.Entry<String, Integer>> byCount(Map<String, Integer> lacking) {
    List<Map.Entry<String, Integer>> entries = new ArrayList<>(lacking.entrySet());
    entries.sort(Map.Entry.<String, Integer>comparingByValue().reversed());
    return entries;
  }

  private static String json(
      String device,
      int passed,
      int skipped,
      List<Map.Entry<Path, Verdict.Failed>> failures,
      Map<String, Integer> lacking) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("device", device);
    json.put("passed", passed);
    json.put("failed", failures.size());
    json.put("skipped", skipped);
    json.put(
        "failures",
        failures.stream()
            .map(failure ->
                Map.of(
                    "model", failure.getKey().toString(),
                    "message", failure.getValue().message()))
            .toList());
    json.put("lacking", lacking);
    return JsonText.of(json);
  }
}
