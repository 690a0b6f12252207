package dev.bascule.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bascule.core.DType;
import dev.bascule.core.quant.WeightType;
import dev.bascule.formats.gguf.GgufMetadata;
import dev.bascule.models.DecoderConfig;
import dev.bascule.models.GgufExport;
import dev.bascule.models.SyntheticModel;
import dev.bascule.models.Weights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every command that writes, to a device that is always full. */
@EnabledOnOs(OS.LINUX)
class FullDiskTest {
  private static final Path FULL = Path.of("/dev/full");

  @TempDir private static Path folder;

  @BeforeAll
  static void writeModels() throws IOException {
    DecoderConfig shape = new SmallDecoder(1, 32, 2, 16, 64, 96, 128, List.of(1)).qwen3(false);
    WeightType f32 = new WeightType.Floats(DType.F32);
    try (Weights weights = SyntheticModel.random(shape, f32, 11)) {
      GgufExport.write(shape, weights, f32, GgufMetadata.empty(), folder.resolve("tiny.gguf"));
    }
    TinyModel.write(folder.resolve("add.onnx"), "Add");
    for (String name :
        List.of("l.npy", "q.gguf", "plan.html", "why.md", "certificate.json", "c.npy")) {
      Files.createSymbolicLink(folder.resolve(name), FULL);
    }
  }

  /** The file that a command writes, and the command; FOLDER stands for the tests' folder. */
  private static Stream<List<String>> commands() {
    return Stream.of(
            "l.npy generate FOLDER/tiny.gguf --prompt-ids 1,2 --max-tokens 1 --logits FOLDER/l.npy",
            "q.gguf quantize FOLDER/tiny.gguf FOLDER/q.gguf --type f16 --force",
            "plan.html plan best Llama-3.1-8B --html FOLDER/plan.html",
            "why.md plan justify Llama-3.1-8B --to FOLDER/why.md",
            "certificate.json certify FOLDER/tiny.gguf --on reference,cpu --tokens 2 --out FOLDER",
            "c.npy run FOLDER/add.onnx --random --output FOLDER")
        .map(line -> List.of(line.replace("FOLDER", folder.toString()).split(" ")));
  }

  @ParameterizedTest
  @MethodSource("commands")
  void whatCannotBeWrittenIsOneErrorThatNamesTheFile(List<String> command) {
    String[] names = folder.toFile().list();
    CommandLineRun run =
        CommandLineRun.of(command.subList(1, command.size()).toArray(String[]::new));
    assertThat(run.code()).as(run.err()).isEqualTo(ExitCodes.WRONG_REQUEST);
    assertThat(run.err())
        .contains("bascule: writing " + folder.resolve(command.getFirst()) + ": ")
        .contains("free some space, or name another place", "needed: ")
        .doesNotContain("internal error", "\tat ");
    assertThat(folder.toFile().list()).contains(names).noneMatch(name -> name.endsWith("partial"));
  }

  @Test
  void aResultThatDoesNotArriveIsAnError() throws Exception {
    CommandProcess full = CommandProcess.into(FULL.toFile(), "plan", "chips");
    assertThat(full.err())
        .contains("writing /dev/full, the standard output: not all could be written");
    assertThat(full.code()).isEqualTo(ExitCodes.WRONG_REQUEST);
    CommandProcess written = CommandProcess.into(folder.resolve("version").toFile(), "--version");
    assertThat(written.code()).as(written.err()).isZero();
    assertThat(folder.resolve("version")).content().startsWith("bascule 0.");
  }
}
