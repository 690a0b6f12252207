package dev.bascule.cli;

import dev.bascule.core.DataException;
import dev.bascule.core.DeviceException;
import dev.bascule.core.ShapeException;
import dev.bascule.core.Tensor;
import dev.bascule.core.device.Device;
import dev.bascule.engine.Engine;
import dev.bascule.engine.Plan;
import dev.bascule.engine.Session;
import dev.bascule.formats.FormatException;
import dev.bascule.formats.importer.ImportOptions;
import dev.bascule.formats.importer.ImportedModel;
import dev.bascule.formats.importer.OnnxImporter;
import dev.bascule.formats.importer.OnnxTestCase;
import dev.bascule.formats.importer.UnsupportedException;
import dev.bascule.formats.onnx.OnnxFile;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What became of a test folder. */
sealed interface Verdict {
  /** Every output of every data set is within its tolerance. */
  record Passed() implements Verdict {}

  /** Something is claimed and wrong. */
  record Failed(String message) implements Verdict {}

  /** The model needs {@code what}, which is not there. */
  record Skipped(String what) implements Verdict {}

  /** Runs the test in {@code folder}. */
  static Verdict of(Path folder, Device device) {
    try (OnnxFile file = OnnxFile.open(folder.resolve("model.onnx"))) {
      List<String> wrong = new ArrayList<>();
      for (Path dataSet : OnnxTestCase.dataSets(folder)) {
        wrong.addAll(differences(file, dataSet, device));
      }
      return wrong.isEmpty() ? new Passed() : new Failed(String.join("; ", wrong));
    } catch (UnsupportedException e) {
      return new Skipped(e.what());
    } catch (FormatException | ShapeException | DataException | DeviceException e) {
      return new Failed(String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      // a fault of ours in one model must not hide what the others do
      StackTraceElement[] trace = e.getStackTrace();
      return new Failed(e + (trace.length == 0 ? "" : " at " + trace[0]));
    }
  }

  private static List<String> differences(OnnxFile file, Path dataSet, Device device) {
    try (Arena arena = Arena.ofShared();
        Engine engine = new Engine(device)) {
      OnnxTestCase test = OnnxTestCase.read(file, dataSet, arena);
      ImportOptions options =
          ImportOptions.usual()
              .withSymbols(new ModelInputs(file).exactSymbols(test.inputs()))
              .withInputs(test.inputs());
      ImportedModel model = OnnxImporter.load(file, arena, options);
      try (Plan plan = engine.compile(model.graph());
          Session session = plan.session()) {
        Map<String, Tensor> outputs = session.run(test.inputs());
        List<String> wrong = new ArrayList<>();
        test.outputs()
            .forEach((name, expected) -> {
              Tensor got = outputs.get(name);
              Optional<String> difference =
                  got == null
                      ? Optional.of("output " + Text.quote(name) + " did not come")
                      : OnnxTestCase.difference(name, expected, got);
              difference.ifPresent(wrong::add);
            });
        return wrong;
      }
    }
  }
}
