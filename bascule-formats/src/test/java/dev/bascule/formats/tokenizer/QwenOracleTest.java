package dev.bascule.formats.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.bascule.formats.Oracles;
import java.io.IOException;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.Arrays;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Qwen3's own tokenizer gives the ids that Hugging Face's library gives, and the texts. */
class QwenOracleTest {
  private static final long SEED = 20261122;

  private static HuggingFaceTokenizer oracle;
  private static Tokenizer tokenizer;

  @BeforeAll
  static void load() throws IOException {
    Path file = Oracles.fetched("tokenizer-qwen3/package/models/tokenizer.json");
    System.setProperty("OPT_OUT_TRACKING", "true");
    oracle =
        HuggingFaceTokenizer.newInstance(file, Map.of("truncation", "false", "padding", "false"));
    tokenizer = Tokenizer.load(file);
  }

  @AfterAll
  static void close() {
    if (oracle != null) {
      oracle.close();
    }
  }

  private static void assertSame(String text) {
    int[] expected =
        Arrays.stream(oracle.encode(text).getIds()).mapToInt(Math::toIntExact).toArray();
    int[] got = tokenizer.encode(text).ids();
    assertThat(got).as(text).isEqualTo(expected);
    assertThat(tokenizer.decodeAll(got)).isEqualTo(oracle.decode(widened(expected), false));
  }

  private static long[] widened(int[] ids) {
    return Arrays.stream(ids).asLongStream().toArray();
  }

  @Test
  void paragraphsOfManyLanguages() {
    RandomText.PARAGRAPHS.forEach(QwenOracleTest::assertSame);
    assertSame(String.join("\n\n", RandomText.PARAGRAPHS));
  }

  @Test
  void tenThousandRandomTexts() {
    System.out.println("random text: seed " + SEED);
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(SEED);
    for (int i = 0; i < 10_000; i++) {
      assertSame(RandomText.of(random));
    }
  }

  /**
   * Between letters, spaces, stops, line ends and marks, where classes and orders show; of the
   * thousands of ideographs and syllables, which differ in nothing, a part.
   */
  @Test
  void everyKindOfCharacter() {
    StringBuilder text = new StringBuilder();
    for (int c = 1; c <= Character.MAX_CODE_POINT; c++) {
      boolean isMany =
          (c > 0x3400 && c < 0xA000)
              || (c > 0xAC00 && c < 0xF900)
              || (c > 0x12000 && c < 0x16000)
              || (c > 0x17000 && c < 0x1B000)
              || c > 0x20000;
      boolean isSurrogate = c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
      if (!isSurrogate && (!isMany || c % 61 == 0)) {
        String character = Character.toString(c);
        text.append('a').append(character).append("b ").append(character).append("..");
        text.append(character).append("\n\n1").append(character).append("2 x\u0315");
        text.append(character).append("x\u0345").append(character).append("x\u0334");
        text.append(Normalizer.normalize(character, Normalizer.Form.NFD));
      }
      if (c % 256 == 255 && !text.isEmpty()) {
        assertSame(text.toString());
        text.setLength(0);
      }
    }
  }

  @Test
  void streamedTextNeverSplitsACharacter() {
    String text = String.join("\n", RandomText.PARAGRAPHS);
    TextStream stream = tokenizer.stream(false, true);
    StringBuilder streamed = new StringBuilder();
    for (int id : tokenizer.encode(text).ids()) {
      String part = stream.add(id);
      assertThat(part).doesNotContain("\ufffd");
      streamed.append(part);
    }
    assertThat(streamed.append(stream.finish()).toString())
        .isEqualTo(Normalizer.normalize(text, Normalizer.Form.NFC));
  }

  @Test
  void brokenBytesAreReplacedAsTheLibraryDoes() {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(SEED);
    for (int i = 0; i < 2000; i++) {
      int[] ids = random.ints(8, 0, 151_643).toArray();
      assertThat(tokenizer.decodeAll(ids)).isEqualTo(oracle.decode(widened(ids), false));
    }
  }
}
