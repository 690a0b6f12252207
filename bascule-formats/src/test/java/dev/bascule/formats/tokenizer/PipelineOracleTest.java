package dev.bascule.formats.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Small tokenizers of every kind: the ids and texts that Hugging Face's library gives. */
class PipelineOracleTest {
  private static final long SEED = 20261124;

  private static final String PIECES =
      "{\"<unk>\": 0, \"<s>\": 1, \"\u2581\": 2, \"a\": 3, \"b\": 4, \"c\": 5, \"ab\": 6, \"\u2581a\": 7, \"\u2581ab\": 8, \"abc\": 9, \"bc\": 10, \"\u2581\u2581\": 11,"
          + " \"\u732b\": 12, \"<0xE7>\": 13, \"<0x8C>\": 14, \"<0xAC>\": 15, \"e\": 16, \"\u00e9\": 17, \"1\": 18, \"2\": 19, \"12\": 20, \".\": 21, \"..\": 22, \"A\": 23, \"\\n\": 24}";
  private static final String MERGES =
      "[[\"a\", \"b\"], [\"b\", \"c\"], [\"\u2581\", \"ab\"], [\"\u2581\", \"a\"], [\"ab\", \"c\"], [\"\u2581\", \"\u2581\"], [\"1\", \"2\"], [\".\", \".\"]]";
  private static final String SCORES =
      "[[\"<unk>\", 0.0], [\"<s>\", 0.0], [\"\u2581\", -2.5], [\"a\", -2.0], [\"b\", -2.25], [\"c\", -3.5], [\"ab\", -3.0], [\"\u2581a\", -2.75], [\"\u2581ab\", -4.5], [\"abc\", -5.0],"
          + " [\"bc\", -3.25], [\"\u2581\u2581\", -3.75], [\"\u732b\", -6.0], [\"e\", -2.125], [\"\u00e9\", -4.0], [\"1\", -3.0], [\"2\", -3.0], [\"12\", -4.0], [\".\", -1.5], [\"..\", -2.5], [\"A\", -3.0], [\"\\n\", -3.0]]";
  private static final String ADDED =
      "{\"id\": 1, \"content\": \"<s>\", \"single_word\": false, \"lstrip\": false, \"rstrip\": false, \"normalized\": false, \"special\": true}";
  private static final String LLAMA_NORMALIZER =
      "{\"type\": \"Sequence\", \"normalizers\": [{\"type\": \"Prepend\", \"prepend\": \"\u2581\"}, {\"type\": \"Replace\", \"pattern\": {\"String\": \" \"}, \"content\": \"\u2581\"}]}";
  private static final String LLAMA_DECODER =
      "{\"type\": \"Sequence\", \"decoders\": [{\"type\": \"Replace\", \"pattern\": {\"String\": \"\u2581\"}, \"content\": \" \"}, {\"type\": \"ByteFallback\"}, {\"type\": \"Fuse\"}, {\"type\": \"Strip\", \"content\": \" \", \"start\": 1, \"stop\": 0}]}";

  private static String metaspace(String scheme, boolean splits) {
    return "{\"type\": \"Metaspace\", \"replacement\": \"\u2581\", \"prepend_scheme\": \""
        + scheme
        + "\", \"split\": "
        + splits
        + "}";
  }

  private static String bpe(boolean bytes, boolean fuses, boolean ignores) {
    return "{\"type\": \"BPE\", \"dropout\": null, \"unk_token\": \"<unk>\", \"continuing_subword_prefix\": null, \"end_of_word_suffix\": null, \"fuse_unk\": "
        + fuses
        + ", \"byte_fallback\": "
        + bytes
        + ", \"ignore_merges\": "
        + ignores
        + ", \"vocab\": "
        + PIECES
        + ", \"merges\": "
        + MERGES
        + "}";
  }

  private static String unigram() {
    return "{\"type\": \"Unigram\", \"unk_id\": 0, \"byte_fallback\": false, \"vocab\": "
        + SCORES
        + "}";
  }

  private static String split(String regex, String behavior, boolean inverted) {
    return "{\"type\": \"Split\", \"pattern\": {\"Regex\": \""
        + regex
        + "\"}, \"behavior\": \""
        + behavior
        + "\", \"invert\": "
        + inverted
        + "}";
  }

  record Parts(String normalizer, String preTokenizer, String decoder, String model) {
    String json() {
      return "{\"version\": \"1.0\", \"truncation\": null, \"padding\": null, \"added_tokens\": ["
          + ADDED
          + "], \"normalizer\": "
          + normalizer
          + ", \"pre_tokenizer\": "
          + preTokenizer
          + ", \"post_processor\": null, \"decoder\": "
          + decoder
          + ", \"model\": "
          + model
          + "}";
    }
  }

  static List<Parts> tokenizers() {
    String none = "null";
    return List.of(
        new Parts(LLAMA_NORMALIZER, none, LLAMA_DECODER, bpe(true, true, false)),
        new Parts(LLAMA_NORMALIZER, none, LLAMA_DECODER, bpe(false, true, false)),
        new Parts(
            none, metaspace("always", true), metaspace("always", true), bpe(true, false, true)),
        new Parts(
            none, metaspace("first", true), metaspace("first", true), bpe(false, false, false)),
        new Parts(
            none, metaspace("never", false), metaspace("never", false), bpe(true, true, false)),
        new Parts(none, metaspace("always", true), metaspace("always", true), unigram()),
        new Parts(
            "{\"type\": \"NFKC\"}",
            metaspace("first", false),
            metaspace("first", false),
            unigram()),
        new Parts("{\"type\": \"NFD\"}", split("[ab]+", "Removed", false), none, unigram()),
        new Parts(none, split("b", "MergedWithPrevious", false), none, unigram()),
        new Parts(none, split("b|\\\\.+", "MergedWithNext", false), none, bpe(false, false, false)),
        new Parts(none, split("a", "Contiguous", false), none, bpe(false, false, false)),
        new Parts(none, split("[a-c]+", "Isolated", true), none, bpe(false, true, true)),
        new Parts(
            "{\"type\": \"Lowercase\"}",
            "{\"type\": \"Digits\", \"individual_digits\": true}",
            none,
            unigram()),
        new Parts(
            "{\"type\": \"Strip\", \"strip_left\": true, \"strip_right\": true}",
            "{\"type\": \"Digits\", \"individual_digits\": false}",
            none,
            unigram()),
        new Parts(
            none,
            "{\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"WhitespaceSplit\"}, {\"type\": \"Punctuation\", \"behavior\": \"Isolated\"}]}",
            none,
            bpe(false, true, false)),
        new Parts(
            "{\"type\": \"Replace\", \"pattern\": {\"Regex\": \"a+\"}, \"content\": \"ab\"}",
            "{\"type\": \"Whitespace\"}",
            none,
            bpe(false, true, false)));
  }

  @TempDir private Path folder;

  @ParameterizedTest
  @MethodSource("tokenizers")
  void idsAndTextsAgree(Parts parts) throws IOException {
    System.out.println("random text: seed " + SEED);
    System.setProperty("OPT_OUT_TRACKING", "true");
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(SEED);
    Path file = folder.resolve("tokenizer.json");
    Files.writeString(file, parts.json());
    Tokenizer ours = Tokenizer.load(file);
    try (HuggingFaceTokenizer oracle =
        HuggingFaceTokenizer.newInstance(file, Map.of("truncation", "false", "padding", "false"))) {
      for (int i = 0; i < 600; i++) {
        String text = text(random);
        long[] ids = oracle.encode(text).getIds();
        int[] got = ours.encode(text).ids();
        assertThat(Arrays.stream(got).asLongStream().toArray()).as(text).isEqualTo(ids);
        assertThat(ours.decode(got)).as(text).isEqualTo(oracle.decode(ids, true));
      }
    }
  }

  private static String text(RandomGenerator random) {
    String[] words = {
      "a",
      "b",
      "c",
      "ab",
      "abc",
      " ",
      "  ",
      "\u732b",
      "\u00e9",
      "e\u0301",
      "1",
      "12",
      "\u2460",
      ".",
      "..",
      "A",
      "\n",
      "\t",
      "<s>",
      "x",
      "\ud83d\ude80",
      "\u2581",
      "\u3000",
      "!",
      "\u0661"
    };
    StringBuilder text = new StringBuilder();
    int count = random.nextInt(14);
    for (int i = 0; i < count; i++) {
      text.append(words[random.nextInt(words.length)]);
    }
    return text.toString();
  }
}
