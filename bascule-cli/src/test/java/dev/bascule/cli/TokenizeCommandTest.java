package dev.bascule.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizeCommandTest {
  private static final String TOKENIZER =
      """
      {"added_tokens": [{"id": 6, "content": "<s>", "special": true, "normalized": false}],
       "post_processor": {"type": "TemplateProcessing",
         "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
         "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
         "special_tokens": {"<s>": {"id": "<s>", "ids": [6], "tokens": ["<s>"]}}},
       "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true},
       "decoder": {"type": "ByteLevel"},
       "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "\u0120": 2, "\u010a": 3, "ab": 4, "\u0120ab": 5, "<": 7, "s": 8, ">": 9},
         "merges": ["a b", "\u0120 ab"]}}
      """;

  @TempDir private Path folder;
  private String model = "";

  @BeforeEach
  void write() throws IOException {
    model = folder.toString();
    Files.writeString(folder.resolve("tokenizer.json"), TOKENIZER);
  }

  @Test
  void idsAreOneLine() {
    CommandLineRun run = CommandLineRun.of("tokenize", model, "ab ab a");
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out()).isEqualTo("4 5 2 0\n");
  }

  @Test
  void standardInputIsTakenAsItIs() {
    assertThat(CommandLineRun.withInput("ab\n\n", "tokenize", model, "-").out())
        .isEqualTo("4 3 3\n");
    assertThat(CommandLineRun.withInput("ab", "tokenize", model).out()).isEqualTo("4\n");
    assertThat(CommandLineRun.withInput("", "tokenize", model).out()).isEqualTo("\n");
  }

  @Test
  void specialTokensAreAskedFor() {
    assertThat(CommandLineRun.of("tokenize", model, "<s>a").out()).isEqualTo("7 8 9 0\n");
    assertThat(CommandLineRun.of("tokenize", "--parse-special", model, "<s>a").out())
        .isEqualTo("6 0\n");
    assertThat(CommandLineRun.of("tokenize", "--add-special", model, "<s>a").out())
        .isEqualTo("6 7 8 9 0\n");
  }

  @Test
  void idsBecomeText() {
    assertThat(CommandLineRun.of("tokenize", "--decode", model, "4, 5 3").out())
        .isEqualTo("ab ab\n");
    CommandLineRun wrong = CommandLineRun.of("tokenize", "--decode", model, "4 99");
    assertThat(wrong.code()).isEqualTo(2);
    assertThat(wrong.err()).contains("ids from 0 to 9, got '99'");
  }

  @Test
  void jsonHasTheTokensToo() {
    assertThat(CommandLineRun.of("tokenize", "--json", model, "ab").out())
        .isEqualTo("{\"ids\": [4], \"tokens\": [\"ab\"]}\n");
  }

  @Test
  void whatIsNoTokenizerIsSaid() {
    CommandLineRun run = CommandLineRun.of("tokenize", folder.resolve("absent").toString(), "a");
    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err()).contains("absent");
  }
}
