package dev.bascule.formats.importer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bascule.core.Tensor;
import dev.bascule.core.graph.Reference;
import dev.bascule.formats.FormatException;
import dev.bascule.formats.onnx.OnnxFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** ONNX's own node tests on the reference interpreter. */
class OnnxNodeTest {
  private static final Path FOLDERS = Path.of("/usr/share/libonnx-testdata/data/node");

  /** Folders that pass at the least; more when operators are added. */
  private static final int PASSED_MIN = 730;

  private int passed;
  private final List<String> failed = new ArrayList<>();
  private final Map<String, Integer> skipped = new TreeMap<>();

  @Test
  void nothingThatIsClaimedFails() throws IOException {
    Assumptions.assumeTrue(Files.isDirectory(FOLDERS), "libonnx-testdata is not installed");
    try (Stream<Path> folders = Files.list(FOLDERS)) {
      folders.sorted().forEach(this::run);
    }
    int skips = skipped.values().stream().mapToInt(Integer::intValue).sum();
    System.out.println(
        passed + " passed, " + failed.size() + " failed, " + skips + " skipped " + skipped);
    assertThat(failed).isEmpty();
    assertThat(passed).isGreaterThanOrEqualTo(PASSED_MIN);
  }

  private void run(Path folder) {
    try (Arena arena = Arena.ofConfined();
        OnnxFile file = OnnxFile.open(folder.resolve("model.onnx"))) {
      for (Path dataSet : OnnxTestCase.dataSets(folder)) {
        OnnxTestCase test = OnnxTestCase.read(file, dataSet, arena);
        ImportOptions options = ImportOptions.usual().withInputs(test.inputs());
        ImportedModel model = OnnxImporter.load(file, arena, options);
        Map<String, Tensor> outputs = Reference.run(model.graph(), test.inputs());
        Optional<String> difference = difference(test, outputs);
        difference.ifPresentOrElse(
            what -> failed.add(folder.getFileName() + ": " + what), () -> passed++);
      }
    } catch (UnsupportedException e) {
      skipped.merge(e.what(), 1, Integer::sum);
    } catch (FormatException e) {
      // Data sets of sequences and optionals are no tensors.
      if (folder.toString().matches(".*(sequence|_seq|_opt|optional).*")) {
        skipped.merge("data that is no tensor", 1, Integer::sum);
      } else {
        failed.add(folder.getFileName() + ": " + e.getMessage());
      }
    } catch (RuntimeException e) {
      failed.add(folder.getFileName() + ": " + e);
    }
  }

  private static Optional<String> difference(OnnxTestCase test, Map<String, Tensor> outputs) {
    for (Map.Entry<String, Tensor> expected : test.outputs().entrySet()) {
      Tensor got = Objects.requireNonNull(outputs.get(expected.getKey()));
      Optional<String> difference =
          OnnxTestCase.difference(expected.getKey(), expected.getValue(), got);
      if (difference.isPresent()) {
        return difference;
      }
    }
    return Optional.empty();
  }
}
