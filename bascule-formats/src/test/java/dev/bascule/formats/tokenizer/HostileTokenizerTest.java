package dev.bascule.formats.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bascule.formats.FormatException;
import dev.bascule.formats.Fuzz;
import dev.bascule.formats.Oracles;
import dev.bascule.formats.gguf.GgufFile;
import dev.bascule.formats.gguf.GgufMetadata;
import dev.bascule.formats.gguf.GgufValue;
import dev.bascule.formats.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Broken and hostile tokenizers end with a clear error, soon, and without much memory. */
class HostileTokenizerTest {
  private static final String TEXT = "abc \u732b 12.. e\u0301 <s> x\n";
  private static final String[] VALUES = {
    "null",
    "-1",
    "1e99",
    "[]",
    "{}",
    "\"\"",
    "true",
    "99999999999",
    "\"a\"",
    "2147483647",
    "\"(a+)+$\"",
    "\"(?<=a*)b\"",
    "\"[\"",
    "\"\\\\p{Nonsense}\"",
    "\"\u2581\""
  };
  private static final Pattern VALUE =
      Pattern.compile("(?<=: )(\"[^\"]*\"|-?[0-9.]+|true|false|null)");

  @TempDir private Path folder;

  private static byte[] make(RandomGenerator random) {
    List<PipelineOracleTest.Parts> all = PipelineOracleTest.tokenizers();
    String json = all.get(random.nextInt(all.size())).json();
    if (random.nextInt(3) == 0) {
      return Fuzz.mutate(json.getBytes(StandardCharsets.UTF_8), random);
    }
    // knows the structure: one value becomes another
    Matcher values = VALUE.matcher(json);
    List<int[]> places = new ArrayList<>();
    while (values.find()) {
      places.add(new int[] {values.start(), values.end()});
    }
    int[] place = places.get(random.nextInt(places.size()));
    String other = VALUES[random.nextInt(VALUES.length)];
    return (json.substring(0, place[0]) + other + json.substring(place[1]))
        .getBytes(StandardCharsets.UTF_8);
  }

  private static Fuzz.Outcome fuzz(Path folder, long seed, int cases) throws IOException {
    return Fuzz.run(
        folder,
        seed,
        cases,
        HostileTokenizerTest::make,
        path -> {
          Tokenizer tokenizer = Tokenizer.open(path).with(Optional.empty(), Optional.empty());
          tokenizer.decodeAll(tokenizer.encode(TEXT).ids());
          tokenizer.encodePlain("a".repeat(3000) + TEXT);
        });
  }

  @Test
  void brokenFilesAreRefusedAndNothingElseHappens() throws IOException {
    assertThat(fuzz(folder, 2, 4000).refused()).isGreaterThan(1000);
  }

  /** A longer run: arguments are a seed and a number of cases. */
  public static void main(String[] arguments) throws IOException {
    Path folder = Files.createTempDirectory("fuzz");
    System.out.println(fuzz(folder, Long.parseLong(arguments[0]), Integer.parseInt(arguments[1])));
  }

  private static Tokenizer splitting(String regex) {
    String json =
        "{\"pre_tokenizer\": {\"type\": \"Split\", \"pattern\": {\"Regex\": \""
            + regex
            + "\"}, \"behavior\": \"Isolated\"}, \"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": []}}";
    return TokenizerFile.of(Json.parse(json.getBytes(StandardCharsets.UTF_8), "tokenizer.json"));
  }

  @Test
  void aPatternWithoutEndIsStopped() {
    Tokenizer tokenizer = splitting("a+a+a+a+a+a+b");
    assertThatThrownBy(() -> tokenizer.encode("a".repeat(60)))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("tokenizer.json, pre_tokenizer.pattern.Regex")
        .hasMessageContaining("a pattern that comes to an end, got 'a+a+a+a+a+a+b'");
  }

  @Test
  void aPatternThatTakesTheStackIsStopped() {
    Tokenizer tokenizer = splitting("(a|b)*c");
    assertThatThrownBy(() -> tokenizer.encode("a".repeat(1 << 20)))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("'(a|b)*c'");
  }

  @Test
  void textsThatGrowWithoutEndAreStopped() {
    StringBuilder steps = new StringBuilder();
    for (int i = 0; i < 30; i++) {
      steps.append(i == 0 ? "" : ", ");
      steps.append(
          "{\"type\": \"Replace\", \"pattern\": {\"String\": \"a\"}, \"content\": \"aa\"}");
    }
    String json =
        "{\"normalizer\": {\"type\": \"Sequence\", \"normalizers\": ["
            + steps
            + "]}, \"decoder\": {\"type\": \"Sequence\", \"decoders\": ["
            + steps
            + "]}, \"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": []}}";
    Tokenizer tokenizer =
        TokenizerFile.of(Json.parse(json.getBytes(StandardCharsets.UTF_8), "tokenizer.json"));
    assertThatThrownBy(() -> tokenizer.encode("a"))
        .hasMessageContaining("tokenizer.json, normalizer: expected texts to grow at most");
    assertThatThrownBy(() -> tokenizer.decode(0))
        .hasMessageContaining("tokenizer.json, decoder: expected tokens of at most");
  }

  private static final List<String> KEYS =
      List.of(
          "model",
          "pre",
          "tokens",
          "scores",
          "merges",
          "token_type",
          "bos_token_id",
          "unknown_token_id",
          "add_bos_token",
          "add_space_prefix");

  /** Metadata with one value missing or of another kind. */
  private static GgufMetadata broken(GgufMetadata whole, RandomGenerator random) {
    String key = "tokenizer.ggml." + KEYS.get(random.nextInt(KEYS.size()));
    List<GgufValue> values =
        List.of(
            GgufValue.of("llama"),
            GgufValue.of("gpt2"),
            GgufValue.of("bert"),
            GgufValue.of("t5"),
            GgufValue.of(true),
            GgufValue.of(Float.NaN),
            GgufValue.u32(1L << 31),
            GgufValue.u32(7),
            GgufValue.ofTexts(List.of()),
            GgufValue.ofTexts(List.of("a", "", "b")),
            GgufValue.ofTexts(List.of("a b", "ab c", "a")));
    int choice = random.nextInt(values.size() + 1);
    return choice == values.size()
        ? whole.without(List.of(key))
        : whole.with(key, values.get(choice));
  }

  @Test
  void brokenMetadataIsRefusedAndNothingElseHappens() {
    Path file = Oracles.path("stories260K/stories260K-F32.gguf");
    System.out.println("seed 3");
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(3);
    try (GgufFile gguf = GgufFile.open(file)) {
      int refused = 0;
      for (int i = 0; i < 2000; i++) {
        GgufMetadata metadata = gguf.metadata();
        int changes = 1 + random.nextInt(3);
        for (int j = 0; j < changes; j++) {
          metadata = broken(metadata, random);
        }
        try {
          Tokenizer tokenizer = Tokenizer.of(metadata);
          tokenizer.decodeAll(tokenizer.encode(TEXT).ids());
        } catch (FormatException e) {
          refused++;
          assertThat(e).hasMessageContaining("stories260K");
        }
      }
      assertThat(refused).isBetween(500, 1999);
    }
  }
}
