package dev.bascule.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bascule.formats.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbedCommandTest {
  @TempDir private Path folder;

  private static Json json(CommandLineRun run) {
    assertThat(run.code()).as(run.err()).isZero();
    return Json.parse(run.out().getBytes(StandardCharsets.UTF_8), "standard output");
  }

  /** A text's vector as it was printed: equal texts are equal bits. */
  private static String vector(CommandLineRun run, int text) {
    assertThat(run.code()).as(run.err()).isZero();
    String vectors = run.out().substring(run.out().indexOf("\"vectors\": [") + 12);
    return vectors.split("]")[text].replaceAll("^[, \\[]+", "");
  }

  @Test
  void kittensAreNearerToCatsThanStocks() {
    CommandLineRun run =
        CommandLineRun.of("embed", "a cat sits", "a kitten rests", "stock prices fell");
    assertThat(run.code()).as(run.err()).isZero();
    List<String> rows = run.out().lines().filter(line -> line.contains("'a cat sits'")).toList();
    String[] similarities = rows.getFirst().strip().split("\\s+");
    double kitten = Double.parseDouble(similarities[2]);
    double stocks = Double.parseDouble(similarities[3]);
    assertThat(kitten).isGreaterThan(0.5);
    assertThat(stocks).isLessThan(0.2);
  }

  @Test
  void aTextHasTheSameBitsAloneInABatchAndOnEveryInstructionSet() {
    String alone = vector(CommandLineRun.of("embed", "--json", "a cat sits"), 0);
    CommandLineRun batch =
        CommandLineRun.of("embed", "--json", "hi", "a cat sits", "one two three", "a cat sits");
    assertThat(vector(batch, 1)).isEqualTo(alone);
    assertThat(vector(batch, 3)).isEqualTo(alone);
    CommandLineRun portable =
        CommandLineRun.of("embed", "--json", "--cpu-isa", "portable", "a cat sits");
    assertThat(vector(portable, 0)).isEqualTo(alone);
  }

  @Test
  void textsComeFromStandardInputOneALine() {
    CommandLineRun run = CommandLineRun.withInput("one\ntwo\n", "embed", "--json", "-");
    Json json = json(run);
    assertThat(json.get("texts").elements()).hasSize(2);
    assertThat(json.get("vectors").elements().getFirst().elements()).hasSize(384);
    assertThat(json.get("similarities").elements()).hasSize(2);
  }

  @Test
  void whatIsTooLongIsCutAndSaid() {
    CommandLineRun run = CommandLineRun.of("embed", "--json", "word ".repeat(200));
    assertThat(run.err()).contains("has 202 tokens", "takes 128: the end is cut off");
    assertThat(json(run).get("tokens").elements().getFirst().integer(0, 999)).isEqualTo(128);
  }

  @Test
  void anEmptyTextIsTheTwoSpecialTokens() {
    Json json = json(CommandLineRun.of("embed", "--json", ""));
    assertThat(json.get("tokens").elements().getFirst().integer(0, 9)).isEqualTo(2);
  }

  @Test
  void nothingOnStandardInputIsAWrongRequest() {
    assertThat(CommandLineRun.withInput("", "embed", "-").code()).isEqualTo(2);
    assertThat(CommandLineRun.of("embed").code()).isEqualTo(2);
  }

  @Test
  void aFolderThatLacksSomethingIsRefusedByName() throws IOException {
    assertThat(embedWith("no-such-folder")).contains("expected a folder", "nothing");
    assertThat(embedWith(folder.toString())).contains("model.onnx");
    TinyModel.write(folder.resolve("model.onnx"), "Add");
    assertThat(embedWith(folder.toString())).contains("tokenizer.json");
  }

  @Test
  void aModelOfAnotherKindIsRefused() throws IOException {
    TinyModel.write(folder.resolve("model.onnx"), "Add");
    Path tokenizer = EmbeddingFolder.included().tokenizer();
    Files.copy(tokenizer, folder.resolve("tokenizer.json"));
    assertThat(embedWith(folder.toString())).contains("input_ids", "a tensor(float)[n, 3]");
  }

  private static String embedWith(String model) {
    CommandLineRun run = CommandLineRun.of("embed", "--model", model, "text");
    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err()).doesNotContain("\tat ");
    return run.err();
  }

  @Test
  void poolingCanBeChosen() {
    String mean = vector(CommandLineRun.of("embed", "--json", "hello"), 0);
    String cls = vector(CommandLineRun.of("embed", "--json", "--pooling", "cls", "hello"), 0);
    assertThat(cls).isNotEqualTo(mean);
    CommandLineRun wrong = CommandLineRun.of("embed", "--pooling", "max", "hello");
    assertThat(wrong.code()).isEqualTo(2);
    assertThat(wrong.err()).contains("--pooling is mean or cls, not 'max'");
  }
}
