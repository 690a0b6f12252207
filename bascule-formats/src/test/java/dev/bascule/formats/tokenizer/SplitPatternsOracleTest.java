package dev.bascule.formats.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Each way to split gives the pieces that Hugging Face's library (and in it Oniguruma) gives: a
 * vocabulary of bytes alone, so that every byte is a token and tells the number of its piece.
 */
class SplitPatternsOracleTest {
  private static final long SEED = 20261123;
  private static final int TEXTS = 500;

  @TempDir private static Path folder;

  @TestFactory
  Stream<DynamicTest> everyWayToSplitAgrees() {
    return SplitPatterns.rows().stream()
        .map(row -> dynamicTest(row.names().getFirst(), () -> assertAgrees(row)));
  }

  private static String tokenizer(SplitPatterns.Row row) {
    String splits =
        row.patterns().stream()
            .map(pattern ->
                "{\"type\": \"Split\", \"pattern\": {\"Regex\": "
                    + quoted(pattern)
                    + "}, \"behavior\": \"Isolated\", \"invert\": false}, ")
            .collect(Collectors.joining());
    String bytes =
        IntStream.range(0, 256)
            .mapToObj(b -> quoted(ByteAlphabet.write(new byte[] {(byte) b})) + ": " + b)
            .collect(Collectors.joining(", "));
    return "{\"version\": \"1.0\", \"added_tokens\": [], \"pre_tokenizer\": {\"type\": \"Sequence\", \"pretokenizers\": ["
        + splits
        + "{\"type\": \"ByteLevel\", \"add_prefix_space\": false, \"trim_offsets\": false, \"use_regex\": false}]},"
        + " \"decoder\": {\"type\": \"ByteLevel\", \"add_prefix_space\": false, \"trim_offsets\": false, \"use_regex\": false}, \"model\": {\"type\": \"BPE\", \"vocab\": {"
        + bytes
        + "}, \"merges\": []}}";
  }

  private static String quoted(String text) {
    return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
  }

  private static void assertAgrees(SplitPatterns.Row row) throws IOException {
    System.setProperty("OPT_OUT_TRACKING", "true");
    Path file = folder.resolve(row.names().getFirst() + ".json");
    Files.writeString(file, tokenizer(row));
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(SEED);
    System.out.println("random text: seed " + SEED);
    PreTokenizer ours = SplitPatterns.preTokenizer(row, "test");
    try (HuggingFaceTokenizer oracle =
        HuggingFaceTokenizer.newInstance(
            file,
            Map.of("truncation", "false", "padding", "false", "modelMaxLength", "100000000"))) {
      for (String paragraph : RandomText.PARAGRAPHS) {
        assertSame(oracle, ours, paragraph);
      }
      for (int i = 0; i < TEXTS; i++) {
        assertSame(oracle, ours, RandomText.of(random));
      }
      for (String text : everyKindOfCharacter(row)) {
        assertSame(oracle, ours, text);
      }
    }
  }

  private static void assertSame(HuggingFaceTokenizer oracle, PreTokenizer ours, String text) {
    List<Integer> expected = new ArrayList<>();
    Encoding encoding = oracle.encode(text);
    long last = -1;
    for (long word : encoding.getWordIds()) {
      if (word == last) {
        expected.set(expected.size() - 1, expected.getLast() + 1);
      } else {
        expected.add(1);
      }
      last = word;
    }
    List<String> pieces = text.isEmpty() ? List.of() : ours.pieces(text);
    assertThat(pieces.stream().map(String::length).toList())
        .as(() ->
            pieces.stream()
                .map(piece -> new String(ByteAlphabet.read(piece), StandardCharsets.UTF_8))
                .toList()
                .toString())
        .isEqualTo(expected);
  }

  /**
   * Beside letters, digits, spaces, stops and line ends, where every class shows. A way to split
   * gets its part of the characters, as the library is slow; {@code -Dbascule.characters=all} gives
   * each of them all.
   */
  private static List<String> everyKindOfCharacter(SplitPatterns.Row row) {
    int parts =
        "all".equals(System.getProperty("bascule.characters")) ? 1 : SplitPatterns.rows().size();
    int part = SplitPatterns.rows().indexOf(row) % parts;
    List<String> texts = new ArrayList<>();
    StringBuilder text = new StringBuilder();
    for (int c = 1; c <= Character.MAX_CODE_POINT; c++) {
      boolean isSurrogate = c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
      if (!isSurrogate && (c < 0x20000 || c % 61 == 0) && c % parts == part) {
        String character = Character.toString(c);
        text.append('a').append(character).append("b ").append(character).append("..");
        text.append(character).append("\n1").append(character).append("2 ").append(character);
        text.append(character).append("A").append(character).append("B ");
      }
      if (text.length() > 8192) {
        texts.add(text.toString());
        text.setLength(0);
      }
    }
    texts.add(text.toString());
    return texts;
  }
}
