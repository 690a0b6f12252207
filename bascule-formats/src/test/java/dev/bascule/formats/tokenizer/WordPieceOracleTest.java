package dev.bascule.formats.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.bascule.formats.Oracles;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same ids as Hugging Face's own library (through its Java binding) and as llama.cpp. */
class WordPieceOracleTest {
  private static final long SEED = 20261121;
  private static final String[] TEXTS = {
    "",
    " ",
    "a cat sits",
    "A kitten rests.",
    "stock prices fell 3.7%!",
    "Hello, y'all! How are you?",
    "naïve café São Tomé Ångström",
    "Straße GROSSE İstanbul ΣΊΣΥΦΟΣ",
    "нещо на Български",
    "Привет, мир!",
    "我想在apple工作1314151天～",
    "日本語のテキスト",
    "한국어 문장입니다",
    "مرحبا بالعالم",
    "שלום עולם",
    "हिन्दी में पाठ",
    "ข้อความภาษาไทย",
    "កាន់តែពិសេស",
    "🚀 (normal) 😶‍🌫️ ✅",
    "don't stop-believing... e.g. U.S.A.",
    "[CLS] in the text [SEP][MASK] [mask]",
    "[UNK][PAD]",
    "x\u0000y\ufffdz\u200b\u00ad",
    "tab\tnew\nline\r\nend\u2028\u3000",
    "supercalifragilisticexpialidocious antidisestablishmentarianism",
    "ﬁ ﬂ ｆｕｌｌｗｉｄｔｈ ① ½ ™",
    "e\u0301 E\u0301 ộ",
    "##able ##",
    "http://x.y/z?a=b&c=d#e"
  };

  @TempDir private static Path folder;
  private static HuggingFaceTokenizer oracle;
  private static Tokenizer tokenizer;

  @BeforeAll
  static void load() throws IOException {
    Path file = resource("bge-small-en-v1.5-tokenizer.json");
    System.setProperty("OPT_OUT_TRACKING", "true");
    oracle =
        HuggingFaceTokenizer.newInstance(file, Map.of("truncation", "false", "padding", "false"));
    tokenizer = Tokenizer.load(file).with(Optional.empty(), Optional.empty());
  }

  @AfterAll
  static void close() {
    oracle.close();
  }

  private static Path resource(String name) throws IOException {
    Path file = folder.resolve(name);
    try (InputStream in = WordPieceOracleTest.class.getResourceAsStream("/" + name)) {
      Files.write(file, in.readAllBytes());
    }
    return file;
  }

  private static void assertSame(String text) {
    int[] expected =
        Arrays.stream(oracle.encode(text).getIds()).mapToInt(Math::toIntExact).toArray();
    assertThat(tokenizer.encode(text).ids()).as(text).isEqualTo(expected);
  }

  @Test
  void textsOfManyLanguages() {
    for (String text : TEXTS) {
      assertSame(text);
      assertSame("x".repeat(90) + text.repeat(5));
    }
  }

  /**
   * Between letters, where each class of characters shows; many to a text, since each call costs.
   */
  @Test
  void everyCodePoint() {
    StringBuilder text = new StringBuilder();
    for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
      if (c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE) {
        text.append('a').appendCodePoint(c).append("b ");
      }
      if (c % 256 == 255) {
        assertSame(text.toString());
        text.setLength(0);
      }
    }
  }

  @Test
  void randomText() {
    System.out.println("random text: seed " + SEED);
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(SEED);
    for (int i = 0; i < 8000; i++) {
      assertSame(text(random));
    }
  }

  /** Words of the texts above, characters of all planes and special tokens, in any order. */
  private static String text(RandomGenerator random) {
    StringBuilder text = new StringBuilder();
    int parts = random.nextInt(12);
    for (int i = 0; i < parts; i++) {
      switch (random.nextInt(6)) {
        case 0 -> text.append(TEXTS[random.nextInt(TEXTS.length)]);
        case 1 -> text.appendCodePoint(random.nextInt(0x20, 0x7F));
        case 2 -> text.appendCodePoint(random.nextInt(0xD800));
        case 3 -> text.appendCodePoint(random.nextInt(0x10000, 0x30000));
        case 4 -> text.append(' ');
        default -> {
          String word = TEXTS[random.nextInt(TEXTS.length)];
          int at =
              word.isEmpty()
                  ? 0
                  : word.offsetByCodePoints(
                      0, random.nextInt(word.codePointCount(0, word.length())));
          text.append(word, 0, at);
        }
      }
    }
    return text.toString();
  }

  @Test
  void pairsAndSettings() throws IOException {
    Path file = resource("all-minilm-l6-v2-tokenizer.json");
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(SEED);
    for (String padding : List.of("false", "true")) {
      Map<String, String> options =
          Map.of("truncation", "true", "padding", padding, "maxLength", "24");
      try (HuggingFaceTokenizer other = HuggingFaceTokenizer.newInstance(file, options)) {
        Optional<Padding> pad =
            padding.equals("true")
                ? Optional.of(new Padding(0, 1, Side.RIGHT, 0, 0, "[PAD]"))
                : Optional.empty();
        Tokenizer ours = Tokenizer.load(file).with(Optional.of(Truncation.to(24)), pad);
        for (int i = 0; i < 1000; i++) {
          String first = text(random);
          String second = text(random);
          assertSame(other.encode(first), ours.encode(first));
          assertSame(other.encode(first, second), ours.encode(first, second));
        }
        List<String> batch = List.of(TEXTS);
        ai.djl.huggingface.tokenizers.Encoding[] expected = other.batchEncode(batch);
        List<Encoding> got = ours.encodeAll(batch);
        for (int i = 0; i < expected.length; i++) {
          assertSame(expected[i], got.get(i));
        }
      }
    }
  }

  private static void assertSame(ai.djl.huggingface.tokenizers.Encoding expected, Encoding got) {
    assertThat(Arrays.stream(got.ids()).asLongStream()).containsExactly(boxed(expected.getIds()));
    assertThat(Arrays.stream(got.typeIds()).asLongStream())
        .containsExactly(boxed(expected.getTypeIds()));
    assertThat(Arrays.stream(got.attentionMask()).asLongStream())
        .containsExactly(boxed(expected.getAttentionMask()));
    assertThat(got.tokens()).containsExactly(expected.getTokens());
  }

  private static Long[] boxed(long[] values) {
    return Arrays.stream(values).boxed().toArray(Long[]::new);
  }

  @Test
  void llamaCppAgrees() throws IOException {
    Path inputs = Oracles.path("tokenizers/ggml-vocab-bert-bge.gguf.inp");
    String[] texts = Files.readString(inputs).split("\n__ggml_vocab_test__\n", -1);
    List<String> answers =
        Files.readAllLines(Oracles.path("tokenizers/ggml-vocab-bert-bge.gguf.out"));
    List<String> differences = new ArrayList<>();
    for (int i = 0; i < answers.size(); i++) {
      String ids =
          Arrays.toString(tokenizer.encodeBare(texts[i]).ids()).replaceAll("[\\[\\],]", "");
      if (!ids.equals(answers.get(i).strip())) {
        differences.add(texts[i] + ": " + ids + " for " + answers.get(i));
      }
    }
    assertThat(answers).hasSizeGreaterThan(40);
    assertThat(differences).isEmpty();
  }
}
