package dev.bascule.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bascule.core.DType;
import dev.bascule.core.quant.QuantType;
import dev.bascule.core.quant.WeightType;
import dev.bascule.formats.gguf.GgufMetadata;
import dev.bascule.formats.json.Json;
import dev.bascule.models.DecoderConfig;
import dev.bascule.models.GgufExport;
import dev.bascule.models.SyntheticModel;
import dev.bascule.models.Weights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CertifyCommandTest {
  /** Qwen3's shape in small, wide enough for blocks of 256. */
  private static final DecoderConfig SHAPE =
      new SmallDecoder(2, 256, 4, 64, 512, 96, 128, List.of(1)).qwen3(false);

  @TempDir private static Path folder;

  private static Path whole() {
    return folder.resolve("whole.gguf");
  }

  private static Path quantised() {
    return folder.resolve("q4_k.gguf");
  }

  @BeforeAll
  static void writeModels() throws IOException {
    WeightType f32 = new WeightType.Floats(DType.F32);
    WeightType q4k = new WeightType.Blocks(QuantType.Q4_K);
    try (Weights weights = SyntheticModel.random(SHAPE, f32, 11)) {
      GgufExport.write(SHAPE, weights, f32, GgufMetadata.empty(), whole());
      GgufExport.write(SHAPE, weights, q4k, GgufMetadata.empty(), quantised());
    }
  }

  private static CommandLineRun certify(String... more) {
    String[] arguments = new String[more.length + 3];
    arguments[0] = "certify";
    System.arraycopy(more, 0, arguments, 1, more.length);
    arguments[more.length + 1] = "--out";
    arguments[more.length + 2] = folder.toString();
    return CommandLineRun.of(arguments);
  }

  @Test
  void twoPathsOfTheProcessDifferInZeroBits() {
    CommandLineRun run =
        certify(whole().toString(), "--on", "cpu,cpu:portable", "--tokens", "9", "--sample", "4");
    assertThat(run.err()).contains("op by op");
    assertThat(run.out()).contains("zero bits differ", "within limits", "top-1 agreement 100.00 %");
    assertThat(run.code()).isZero();
  }

  @Test
  void aQuantisedModelIsCertifiedAndTheCertificateHoldsUntilItIsAltered() throws IOException {
    CommandLineRun run =
        certify(
            whole().toString(),
            "--against",
            quantised().toString(),
            "--on",
            "cpu",
            "--ids",
            "5,9,2,61,95,0,3",
            "--max-kl",
            "0.5",
            "--min-top1",
            "0.1");
    assertThat(run.out()).contains("first above rounding: embeddings (input)", "KL");
    assertThat(run.code()).isZero();
    assertThat(Files.readString(folder.resolve("certificate.html"))).contains("q4_k.gguf");

    Path json = folder.resolve("certificate.json");
    CommandLineRun sound = CommandLineRun.of("certify", "--check", json.toString());
    assertThat(sound.out()).contains("the certificate holds");
    assertThat(sound.code()).isZero();

    Files.writeString(
        json, Files.readString(json).replaceFirst("\"maxKl\": 0.5", "\"maxKl\": 0.6"));
    CommandLineRun altered = CommandLineRun.of("certify", "--check", json.toString());
    assertThat(altered.out()).contains("ALTERED", "DIFFERS", "maxKl", "does not hold");
    assertThat(altered.code()).isEqualTo(1);

    Files.writeString(json, Files.readString(json).replace("layers.1.down", "layers.1.sideways"));
    CommandLineRun renamed = CommandLineRun.of("certify", "--check", json.toString());
    assertThat(renamed.out())
        .contains(
            "DIFFERS ops: [\"layers.1.sideways\"] and [\"layers.1.down\"] (certificate, replay)");
    assertThat(renamed.code()).isEqualTo(1);
  }

  @Test
  void aPlantedFaultIsNamedAndFailsTheCommand() {
    CommandLineRun run =
        certify(
            whole().toString(),
            "--on",
            "reference,cpu",
            "--tokens",
            "2",
            "--no-f64",
            "--set",
            "cpu.test-fault=layers.1.down");
    assertThat(run.err()).contains("FOR TESTS ONLY");
    assertThat(run.out()).contains("first difference: layer 1, layers.1.down (Linear)", "BROKEN");
    assertThat(run.code()).isEqualTo(1);
  }

  @Test
  void limitsThatAreBrokenFailTheCommand() {
    CommandLineRun run =
        certify(
            whole().toString(),
            "--against",
            quantised().toString(),
            "--on",
            "cpu",
            "--tokens",
            "3",
            "--max-kl",
            "0",
            "--no-f64");
    assertThat(run.out()).contains("BROKEN KL divergence");
    assertThat(run.code()).isEqualTo(1);
  }

  @Test
  void aCacheOf8BitsIsCertifiedAgainstOneOfF16() throws IOException {
    CommandLineRun run =
        certify(
            whole().toString(),
            "--on",
            "cpu",
            "--cache",
            "f16,q8_0",
            "--ids",
            "5,9,2,61,95,0,3",
            "--max-kl",
            "0.1");
    assertThat(run.code()).as(run.out() + run.err()).isZero();
    assertThat(run.out()).contains("first above rounding: layer 0, layers.0.keys.entries");
    Json json = Json.read(folder.resolve("certificate.json"));
    assertThat(json.get("request").get("cache").text()).isEqualTo("f16,q8_0");
    assertThat(json.get("models").elements().stream().map(model -> model.get("cache").text()))
        .containsExactly("f16", "q8_0");
    // half a step in 127 of the largest of 32 numbers, as a part of their root mean square
    assertThat(op(json, "layers.0.keys.entries")).isBetween(1e-3, 0.02);
    assertThat(op(json, "layers.0.values.append")).isBetween(1e-3, 0.02);
    assertThat(Files.readString(folder.resolve("certificate.html")))
        .contains("cpu, cache q8_0 against cpu, cache f16");

    String file = folder.resolve("certificate.json").toString();
    CommandLineRun check = CommandLineRun.of("certify", "--check", file);
    assertThat(check.out()).contains("the certificate holds");
    assertThat(check.code()).isZero();
  }

  private static double op(Json certificate, String label) {
    return certificate.get("ops").elements().stream()
        .filter(op -> op.get("label").text().equals(label))
        .findFirst()
        .orElseThrow()
        .get("relative")
        .real();
  }

  @Test
  void aCacheOf8BitsHasTheSameBitsOnTwoDevicesAndItsDistanceFromTheTruth() {
    CommandLineRun run =
        certify(
            whole().toString(),
            "--on",
            "cpu,cpu:portable",
            "--cache",
            "q8_0",
            "--tokens",
            "9",
            "--sample",
            "4");
    assertThat(run.out()).contains("zero bits differ", "within limits");
    Json json = Json.read(folder.resolve("certificate.json"));
    assertThat(json.get("request").get("cache").text()).isEqualTo("q8_0");
    assertThat(
            json.get("ops").elements().stream()
                .filter(op -> op.get("label").text().equals("layers.1.keys.entries"))
                .map(op -> op.get("firstFromF64").real()))
        .allSatisfy(error -> assertThat(error).isBetween(1e-3, 0.05));
  }

  @Test
  void anUnknownCacheAndOneOfAnOnnxModelAreWrongRequests() throws IOException {
    CommandLineRun unknown = certify(whole().toString(), "--on", "cpu", "--cache", "f16,q4_0");
    assertThat(unknown.err()).contains("--cache is f16, bf16, f32 or q8_0, not 'q4_0'");
    assertThat(unknown.code()).isEqualTo(2);
    CommandLineRun three = certify(whole().toString(), "--on", "cpu", "--cache", "f16,f32,bf16");
    assertThat(three.err()).contains("one for each side");
    assertThat(three.code()).isEqualTo(2);
    Path onnx = TinyModel.write(folder.resolve("cached.onnx"), "Add");
    CommandLineRun other = certify(onnx.toString(), "--on", "reference,cpu", "--cache", "q8_0");
    assertThat(other.err()).contains("--cache is for language models");
    assertThat(other.code()).isEqualTo(2);
  }

  @Test
  void anOnnxModelIsCertifiedOnRandomInputs() throws IOException {
    Path onnx = TinyModel.write(folder.resolve("add.onnx"), "Add");
    CommandLineRun run = certify(onnx.toString(), "--on", "reference,cpu", "--random");
    assertThat(run.out()).contains("zero bits differ");
    assertThat(run.code()).isZero();
  }

  @Test
  void oneDeviceIsNoComparison() {
    CommandLineRun run = certify(whole().toString(), "--on", "cpu");
    assertThat(run.err()).contains("--on takes two devices");
    assertThat(run.code()).isEqualTo(2);
  }

  @Test
  void aDeviceThatWouldNotBeUsedIsAWrongRequest() {
    CommandLineRun run =
        certify(whole().toString(), "--device", "opencl", "--on", "cpu,cpu:portable");
    assertThat(run.err()).contains("--device would have no effect", "--on cpu,opencl");
    assertThat(run.code()).isEqualTo(2);
  }
}
