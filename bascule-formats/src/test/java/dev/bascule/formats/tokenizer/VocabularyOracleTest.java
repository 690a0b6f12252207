package dev.bascule.formats.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.bascule.formats.Oracles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The ids that llama.cpp gives, for every vocabulary that lies among the oracles. */
class VocabularyOracleTest {
  private static final String SEPARATOR = "\n__ggml_vocab_test__\n";

  @TestFactory
  Stream<DynamicTest> vocabulariesAgreeWithLlamaCpp() throws IOException {
    Path folder = Oracles.path("tokenizers");
    List<Path> files;
    try (Stream<Path> all = Files.list(folder)) {
      files = all.filter(path -> path.toString().endsWith(".gguf")).sorted().toList();
    }
    assertThat(files).isNotEmpty();
    return files.stream()
        .map(file -> dynamicTest(file.getFileName().toString(), () -> assertAgrees(file)));
  }

  private static void assertAgrees(Path file) throws IOException {
    Tokenizer tokenizer = Tokenizer.open(file);
    String[] texts = Files.readString(Path.of(file + ".inp")).split(SEPARATOR, -1);
    List<String> answers = Files.readAllLines(Path.of(file + ".out"));
    List<String> differences = new ArrayList<>();
    for (int i = 0; i < answers.size(); i++) {
      String ids =
          Arrays.stream(tokenizer.encodePlain(texts[i]).ids())
              .mapToObj(Integer::toString)
              .collect(Collectors.joining(" "));
      if (!ids.equals(answers.get(i).strip())) {
        differences.add(texts[i] + ":\n  got      " + ids + "\n  expected " + answers.get(i));
      }
    }
    assertThat(answers).hasSizeGreaterThan(40);
    assertThat(differences).isEmpty();
  }

  @Test
  void storiesAreReadAndWritten() throws IOException {
    Path file = Oracles.path("stories260K/stories260K-F32.gguf");
    Tokenizer tokenizer = Tokenizer.open(file);
    String text = "Once upon a time, there was a little girl named Lily.";
    int[] ids = {403, 407, 261, 378, 432, 383, 286, 261, 376, 298, 315, 421, 395, 317, 426};
    assertThat(tokenizer.encodePlain(text).ids()).isEqualTo(ids);
    assertThat(tokenizer.encode(text).ids()).startsWith(1, 403).hasSize(ids.length + 1);
    assertThat(tokenizer.decode(tokenizer.encode(text).ids())).isEqualTo(text);
  }
}
