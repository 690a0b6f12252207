package dev.bascule.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bascule.core.quant.QuantType;
import dev.bascule.formats.AtomicFile;
import dev.bascule.formats.StoredType;
import dev.bascule.formats.gguf.GgufFile;
import dev.bascule.formats.npy.Npy;
import dev.bascule.formats.tokenizer.Tokenizer;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A model's folder becomes one GGUF file that is the same model. */
class QuantizeCommandTest {
  private static final Path MODELS = Path.of("../bascule-models/src/test/resources/llm");

  /** Byte-level BPE, split as Qwen does. */
  private static final String TOKENIZER =
      """
      {"added_tokens": [
        {"id": 8, "content": "<s>", "normalized": false, "special": true},
        {"id": 9, "content": "</s>", "normalized": false, "special": true},
        {"id": 11, "content": "<tool>", "normalized": false, "special": false}],
       "normalizer": {"type": "NFC"},
       "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
        {"type": "Split", "behavior": "Isolated", "invert": false, "pattern": {"Regex":
         "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?\\\\p{L}+|\\\\p{N}| ?[^\\\\s\\\\p{L}\\\\p{N}]+[\\\\r\\\\n]*|\\\\s*[\\\\r\\\\n]+|\\\\s+(?!\\\\S)|\\\\s+"}},
        {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}]},
       "post_processor": {"type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {"<s>": {"id": "<s>", "ids": [8], "tokens": ["<s>"]}}},
       "decoder": {"type": "ByteLevel"},
       "model": {"type": "BPE",
        "vocab": {"a": 0, "b": 1, "\\u0120": 2, "ab": 3, "\\u0120a": 4, "c": 5, "abc": 6, "\\u010a": 7},
        "merges": ["a b", ["\\u0120", "a"], "ab c"]}}
      """;

  private static final String SETTINGS =
      "{\"bos_token\": \"<s>\", \"eos_token\": \"</s>\", \"chat_template\": \"{{ bos_token }}hi\","
          + " \"model_max_length\": 1000000000000000019884624838656}";

  @TempDir private Path folder;

  static List<Path> models() throws IOException {
    try (Stream<Path> all = Files.list(MODELS)) {
      return all.filter(model -> Files.exists(model.resolve("config.json"))).sorted().toList();
    }
  }

  /** A model with a tokenizer. */
  private Path model(Path original) throws IOException {
    Path copy = Files.createDirectory(folder.resolve("tiny"));
    for (String name : List.of("config.json", "model.safetensors")) {
      Files.copy(original.resolve(name), copy.resolve(name));
    }
    Files.writeString(copy.resolve("tokenizer.json"), TOKENIZER);
    Files.writeString(copy.resolve("tokenizer_config.json"), SETTINGS);
    return copy;
  }

  private CommandLineRun quantize(Path model, String type, String... more) {
    List<String> command =
        Stream.concat(
                Stream.of("quantize", model.toString(), out().toString(), "--type", type),
                Stream.of(more))
            .toList();
    return CommandLineRun.of(command.toArray(String[]::new));
  }

  private Path out() {
    return folder.resolve("tiny.gguf");
  }

  private float[] logits(Path model) throws IOException {
    Path file = folder.resolve("logits.npy");
    CommandLineRun run =
        CommandLineRun.of(
            "generate",
            model.toString(),
            "--prompt",
            "abc ab\na",
            "--max-tokens",
            "1",
            "--print-ids",
            "--context",
            "64",
            "--logits",
            file.toString());
    assertThat(run.code()).as(run.err()).isZero();
    try (Arena arena = Arena.ofConfined()) {
      return Npy.read(file, arena).data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void everyFamilyInF32GivesTheSameBits(Path original) throws IOException {
    Path model = model(original);
    CommandLineRun run = quantize(model, "f32");
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(logits(out())).isEqualTo(logits(model));
    Tokenizer expected = Tokenizer.open(model);
    Tokenizer got = Tokenizer.open(out());
    for (String text : List.of("abc ab", "a<tool>b\n\n", "", "<s>abcab</s>a  a")) {
      assertThat(got.encode(text).ids()).as(text).isEqualTo(expected.encode(text).ids());
      assertThat(got.encodePlain(text).ids()).isEqualTo(expected.encodePlain(text).ids());
    }
    try (GgufFile file = GgufFile.open(out())) {
      assertThat(file.metadata().get("tokenizer.ggml.pre").text()).isEqualTo("qwen2");
      assertThat(file.metadata().get("tokenizer.ggml.bos_token_id").integer(0, 99)).isEqualTo(8);
      assertThat(file.metadata().get("tokenizer.chat_template").text()).contains("bos_token");
      assertThat(file.metadata().get("general.name").text()).isEqualTo("tiny");
    }
  }

  @Test
  void aFolderInBlocksIsTheGgufOfItInBlocks() throws IOException {
    Path model = model(MODELS.resolve("qwen3-yarn"));
    assertThat(quantize(model, "f32").code()).isZero();
    Path whole = Files.move(out(), folder.resolve("whole.gguf"));
    assertThat(quantize(model, "Q8_0").code()).isZero();
    Path direct = Files.move(out(), folder.resolve("direct.gguf"));
    assertThat(quantize(whole, "q8_0").code()).isZero();
    try (GgufFile one = GgufFile.open(direct);
        GgufFile two = GgufFile.open(out())) {
      assertThat(one.tensor("blk.0.attn_q.weight").type()).isEqualTo(StoredType.of(QuantType.Q8_0));
      one.tensors()
          .forEach((name, tensor) -> assertThat(tensor).hasToString(two.tensor(name).toString()));
    }
    assertThat(logits(direct)).isEqualTo(logits(out()));
  }

  @Test
  void whatExistsIsReplacedOnlyWhenAsked() throws IOException {
    Path model = model(MODELS.resolve("mistral"));
    Files.writeString(out(), "precious");
    CommandLineRun run = quantize(model, "q8_0");
    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err()).contains("tiny.gguf exists", "--force");
    assertThat(out()).hasContent("precious");
    assertThat(quantize(model, "q8_0", "--force").code()).isZero();
    assertThat(quantize(model, "q8_0", "--force").code()).isZero();
  }

  @Test
  void whatAKilledRunLeftIsDeletedAndWhatAnotherIsWritingIsNot() throws IOException {
    Path left = Files.writeString(folder.resolve(".tiny.gguf.00ff.partial"), "half");
    Path ofAnother = Files.writeString(folder.resolve(".tiny.gguf.01.00ff.partial"), "half");
    Path model = model(MODELS.resolve("mistral"));
    CommandLineRun run = quantize(model, "q8_0");
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.err())
        .contains("deleted ", ".tiny.gguf.00ff.partial, left from a run that did not end");
    assertThat(left).doesNotExist();
    assertThat(ofAnother).exists();
    try (AtomicFile other = AtomicFile.create(out(), 0)) {
      CommandLineRun meanwhile = quantize(model, "q8_0", "--force");
      assertThat(meanwhile.code()).as(meanwhile.err()).isZero();
      assertThat(meanwhile.err()).contains("another process is writing");
      other.write(new byte[] {1});
      other.commit();
    }
    assertThat(out()).hasBinaryContent(new byte[] {1});
  }

  @Test
  void aTokenizerThatGgufCannotExpressIsRefusedUnlessLeftOut() throws IOException {
    Path model = model(MODELS.resolve("mistral"));
    Files.writeString(
        model.resolve("tokenizer.json"), TOKENIZER.replace("\\\\p{N}|", "\\\\p{N}{1,7}|"));
    CommandLineRun run = quantize(model, "q8_0");
    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err())
        .contains("tokenizer.json, pre_tokenizer", "a way to split texts that GGUF has a name for")
        .contains("without its tokenizer");
    assertThat(out()).doesNotExist();
    CommandLineRun without = quantize(model, "q8_0", "--no-tokenizer");
    assertThat(without.code()).as(without.err()).isZero();
    assertThat(without.err()).contains("the tokenizer is left out");
  }

  @Test
  void whatIsNoFamilyOrNoFolderForAFileIsAWrongRequest() throws IOException {
    Path model = model(MODELS.resolve("mistral"));
    CommandLineRun away =
        CommandLineRun.of(
            "quantize", model.toString(), folder.resolve("no/x.gguf").toString(), "--type", "f16");
    assertThat(away.code()).isEqualTo(2);
    assertThat(away.err()).contains("no is no folder");
    Files.writeString(model.resolve("config.json"), "{\"model_type\": \"mamba\"}");
    CommandLineRun family = quantize(model, "f16");
    assertThat(family.code()).isEqualTo(2);
    assertThat(family.err()).contains("'mamba'", "qwen3_moe");
    assertThat(out()).doesNotExist();
    assertThat(folder.toFile().list()).noneMatch(name -> name.endsWith(".partial"));
  }
}
