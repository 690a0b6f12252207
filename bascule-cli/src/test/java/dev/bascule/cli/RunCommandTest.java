package dev.bascule.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bascule.formats.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunCommandTest {
  @TempDir private Path folder;
  private String model = "";

  @BeforeEach
  void writeModel() throws IOException {
    model = TinyModel.write(folder.resolve("add.onnx"), "Add").toString();
  }

  private static Json json(CommandLineRun run) {
    return Json.parse(run.out().getBytes(StandardCharsets.UTF_8), "standard output");
  }

  private static String sha256(CommandLineRun run) {
    assertThat(run.err()).doesNotContain("error");
    return json(run).get("outputs").elements().getFirst().get("sha256").text();
  }

  @Test
  void equalSeedsGiveEqualBitsOnEveryDevice() {
    String reference =
        sha256(run("--random", "--seed", "7", "--dim", "n=5", "--device", "reference"));
    for (String isa : new String[] {"portable", "avx2", "avx512"}) {
      CommandLineRun run = run("--random", "--seed", "7", "--dim", "n=5", "--cpu-isa", isa);
      if (run.code() == 0) {
        assertThat(sha256(run)).as(isa).isEqualTo(reference);
      } else {
        assertThat(run.err()).contains("this machine can run");
      }
    }
    assertThat(sha256(run("--random", "--seed", "8", "--dim", "n=5"))).isNotEqualTo(reference);
  }

  private CommandLineRun run(String... options) {
    String[] args = new String[options.length + 3];
    args[0] = "run";
    args[1] = model;
    args[2] = "--json";
    System.arraycopy(options, 0, args, 3, options.length);
    return CommandLineRun.of(args);
  }

  @Test
  void outputsAreWrittenAndCanBeInputs() throws IOException {
    Files.write(folder.resolve("a.pb"), TinyModel.tensor(new float[] {1, 2, 3}));
    Files.write(folder.resolve("b.pb"), TinyModel.tensor(new float[] {10, 20, 30}));
    CommandLineRun first =
        run(
            "--input", "a=" + folder.resolve("a.pb"),
            "--input", "b=" + folder.resolve("b.pb"),
            "--output", folder.resolve("out").toString());
    assertThat(first.code()).as(first.err()).isZero();
    Path c = folder.resolve("out").resolve("c.npy");
    assertThat(c).exists();
    CommandLineRun second = run("--input", "a=" + c, "--input", "b=" + c);
    Json output = json(second).get("outputs").elements().getFirst();
    assertThat(output.get("shape").elements()).hasSize(2);
    assertThat(second.out()).contains("\"min\": 22.0").contains("\"max\": 66.0");
  }

  @Test
  void missingInputsAreNamedWithTheirTypes() {
    CommandLineRun run = CommandLineRun.of("run", model);
    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err()).contains("the model needs a, b", "a tensor(float)[n, 3]", "--random");
  }

  @Test
  void anOpenDimensionIsOneUnlessTheUserSaysOtherwise() {
    CommandLineRun run = CommandLineRun.of("run", model, "--random");
    assertThat(run.err()).contains("dimension 'n' is 1; --dim n=N sets another");
    assertThat(run.out()).contains("c f32[1, 3]");
  }

  @Test
  void anInputThatTheModelLacksIsRefused() throws IOException {
    Files.write(folder.resolve("a.pb"), TinyModel.tensor(new float[] {1, 2, 3}));
    CommandLineRun run = CommandLineRun.of("run", model, "--input", "x=" + folder.resolve("a.pb"));
    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err()).contains("no input 'x'", "a tensor(float)[n, 3]");
  }

  @Test
  void aFileThatIsNoModelIsOneClearError() throws IOException {
    Path file = Files.writeString(folder.resolve("broken.onnx"), "this is no model");
    CommandLineRun run = CommandLineRun.of("run", file.toString(), "--random");
    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err()).contains("broken.onnx").doesNotContain("\tat ");
    assertThat(CommandLineRun.of("run", "absent.onnx").err()).contains("absent.onnx");
  }

  @Test
  void debugPrintsTheStackTrace() {
    CommandLineRun run = CommandLineRun.of("run", "absent.onnx", "--debug");
    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err()).contains("\tat ");
  }

  @Test
  void anUnknownDeviceIsRefusedWithThoseThereAre() {
    CommandLineRun run = CommandLineRun.of("run", model, "--random", "--device", "abacus");
    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err()).contains("no device 'abacus'", "cpu", "reference");
  }

  @Test
  void anInstructionSetIsForTheCpuAlone() {
    CommandLineRun run =
        CommandLineRun.of("run", model, "--device", "reference", "--cpu-isa", "avx2");
    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err()).contains("--cpu-isa is for the device cpu");
  }

  @Test
  void withoutExecutableMemoryTheBitsAreTheSameAndTheUserIsToldOnce() {
    CommandLineRun usual = run("--random");
    CommandLineRun forbidden = run("--random", "--set", "cpu.executable-memory=forbid");
    assertThat(sha256(forbidden)).isEqualTo(sha256(usual));
    assertThat(forbidden.err()).containsOnlyOnce("machine code may not run here");
  }

  @Test
  void explainNamesKernelsAndMemory() {
    CommandLineRun run = CommandLineRun.of("run", model, "--random", "--explain");
    assertThat(run.out()).contains("numerics exact", "memory: arena");
  }
}
