package dev.bascule.formats.tokenizer;

import dev.bascule.formats.FormatException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * How byte-level tokenizers split texts, by the names that GGUF files give ({@code
 * tokenizer.ggml.pre}): the patterns of the models' own tokenizer.json, one row for each way.
 */
final class SplitPatterns {
  private static final String CONTRACTION = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
  private static final String WORD = "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+";
  private static final String UPPER = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
  private static final String LOWER = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
  private static final String SYMBOLS = " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*";
  private static final String SPACES = "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

  /** Also what a ByteLevel step of a tokenizer.json does by itself. */
  static final String GPT_2 =
      "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

  private static final String LLAMA_3 =
      CONTRACTION + "|" + WORD + "|\\p{N}{1,3}|" + SYMBOLS + "|" + SPACES;
  private static final String QWEN_2 =
      CONTRACTION + "|" + WORD + "|\\p{N}|" + SYMBOLS + "|" + SPACES;

  /** Words by case; {@code tail} may follow one. */
  private static String cased(String tail) {
    String before = "[^\\r\\n\\p{L}\\p{N}]?";
    return before + UPPER + "*" + LOWER + "+" + tail + "|" + before + UPPER + "+" + LOWER + "*"
        + tail;
  }

  /** Of ideographs first, so that the classes of letters behind meet none. */
  private static final String KIMI =
      "[\\p{Han}]+|"
          + cased(CONTRACTION + "?").replace("\\p{M}]", "\\p{M}&&[^\\p{Han}]]")
          + "|\\p{N}{1,3}|"
          + SYMBOLS
          + "|"
          + SPACES;

  private static final String LETTERS_OF_DEEPSEEK_LLM =
      "A-Za-z\u00b5\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u01ba\u01bc-\u01bf\u01c4-\u0293\u0295-\u02af"
          + "\u0370-\u0373\u0376\u0377\u037b-\u037d\u037f\u0386\u0388-\u038a\u038c\u038e-\u03a1"
          + "\u03a3-\u03f5\u03f7-\u0481\u048a-\u052f\u0531-\u0556\u10a0-\u10c5\u13a0-\u13f5"
          + "\u13f8-\u13fd\u1c90-\u1cba\u1cbd-\u1cbf\u1d00-\u1d2b\u1d6b-\u1d77\u1d79-\u1d9a"
          + "\u1e00-\u1f15\u1f18-\u1f1d\u1f20-\u1f45\u1f48-\u1f4d\u1f50-\u1f57\u1f59\u1f5b\u1f5d"
          + "\u1f5f-\u1f7d\u1f80-\u1fb4\u1fb6-\u1fbc\u1fbe\u1fc2-\u1fc4\u1fc6-\u1fcc\u1fd0-\u1fd3"
          + "\u1fd6-\u1fdb\u1fe0-\u1fec\u1ff2-\u1ff4\u1ff6-\u1ffc\u2102\u2107\u210a-\u2113\u2115"
          + "\u2119-\u211d\u2124\u2126\u2128\u212a-\u212d\u212f-\u2134\u2139\u213c-\u213f"
          + "\u2145-\u2149\u214e\u2183\u2184\u2c00-\u2c7b\u2c7e-\u2ce4\u2ceb-\u2cee\u2cf2\u2cf3"
          + "\ua640-\ua66d\ua680-\ua69b\ua722-\ua76f\ua771-\ua787\ua78b-\ua78e\uab70-\uabbf"
          + "\ufb00-\ufb06\ufb13-\ufb17\uff21-\uff3a\uff41-\uff5a"
          + "\\x{10400}-\\x{1044f}\\x{104b0}-\\x{104d3}\\x{104d8}-\\x{104fb}\\x{10c80}-\\x{10cb2}"
          + "\\x{10cc0}-\\x{10cf2}\\x{118a0}-\\x{118df}\\x{1e900}-\\x{1e943}";

  private static final String EAST_ASIAN_OF_DEEPSEEK = "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+";

  private static final String DEEPSEEK_V3 =
      "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"
          + "|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|"
          + SPACES;

  /**
   * A way to split.
   *
   * @param patterns one after another, each on what the one before left
   * @param composes whether texts are composed (NFC) first
   * @param wholePiecesFirst whether a piece that is a token is not merged anew
   * @param addsBegin whether texts start with the token for that, where the file does not say
   */
  record Row(
      List<String> names,
      List<String> patterns,
      boolean composes,
      boolean wholePiecesFirst,
      boolean addsBegin) {
    static Row of(List<String> names, String... patterns) {
      return new Row(names, List.of(patterns), false, false, false);
    }

    Row composing() {
      return new Row(names, patterns, true, wholePiecesFirst, addsBegin);
    }

    Row wholePieces() {
      return new Row(names, patterns, composes, true, addsBegin);
    }

    Row beginning() {
      return new Row(names, patterns, composes, wholePiecesFirst, true);
    }
  }

  private static final List<Row> ROWS =
      List.of(
          Row.of(
              List.of(
                  "gpt-2",
                  "phi-2",
                  "mpt",
                  "olmo",
                  "jais",
                  "gigachat",
                  "modern-bert",
                  "exaone4",
                  "trillion",
                  "granite-docling",
                  "a.x-4.0",
                  "mellum"),
              GPT_2),
          Row.of(
                  List.of(
                      "llama-bpe",
                      "llama3",
                      "llama-v3",
                      "falcon3",
                      "falcon-h1",
                      "pixtral",
                      "midm-2.0",
                      "lfm2"),
                  LLAMA_3)
              .wholePieces()
              .beginning(),
          Row.of(List.of("dbrx", "smaug-bpe", "glm4", "chatglm-bpe"), LLAMA_3),
          Row.of(List.of("qwen2", "deepseek-r1-qwen", "megrez"), QWEN_2).composing(),
          Row.of(List.of("stablelm2", "hunyuan", "grok-2", "solar-open", "kormo"), QWEN_2),
          Row.of(
                  List.of("qwen35"),
                  CONTRACTION
                      + "|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|"
                      + SPACES)
              .composing(),
          Row.of(
              List.of("deepseek-llm"),
              "[\\r\\n]",
              "\\s?[" + LETTERS_OF_DEEPSEEK_LLM + "]+",
              "\\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+",
              "\\s+$",
              EAST_ASIAN_OF_DEEPSEEK,
              "\\p{N}+"),
          Row.of(
              List.of("deepseek-coder"),
              "[\\r\\n]",
              "\\s?\\p{L}+",
              "\\s?\\p{P}+",
              EAST_ASIAN_OF_DEEPSEEK,
              "\\p{N}"),
          Row.of(
              List.of("deepseek-v3", "hunyuan-dense", "joyai-llm"),
              "\\p{N}{1,3}",
              "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+",
              DEEPSEEK_V3),
          Row.of(List.of("kimi-k2"), KIMI),
          Row.of(
              List.of("gpt-4o", "llama4", "kanana2", "minimax-m2"),
              cased(CONTRACTION + "?") + "|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|" + SPACES),
          Row.of(List.of("tekken"), cased("") + "|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|" + SPACES)
              .wholePieces()
              .beginning(),
          Row.of(
              List.of(
                  "starcoder",
                  "refact",
                  "command-r",
                  "smollm",
                  "codeshell",
                  "exaone",
                  "minerva-7b",
                  "mellum2"),
              "\\p{N}",
              GPT_2),
          Row.of(List.of("falcon"), "[\\p{P}\\$\\+<=>\\^~\\|`]+", GPT_2, "[0-9][0-9][0-9]"),
          Row.of(
              List.of("seed-coder"),
              CONTRACTION + "|" + WORD + "|\\p{N}| ?[^\\s\\p{L}\\p{N}\\r\\n]+|" + SPACES),
          Row.of(
              List.of("bailingmoe", "bailingmoe2", "llada-moe"),
              "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+"),
          Row.of(
              List.of("poro-chat", "bloom", "gpt3-finnish"),
              " ?[^(\\s|.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c)]+"),
          Row.of(
              List.of("viking"),
              " ?[^(\\s|.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c)]+",
              "\\p{N}"),
          Row.of(
              List.of("default"),
              "[\\p{P}\\$\\+<=>\\^~\\|]+",
              GPT_2,
              "\\p{N}+",
              "[0-9][0-9][0-9]"));

  private static final Map<String, Row> BY_NAME = byName();

  private SplitPatterns() {}

  static List<Row> rows() {
    return ROWS;
  }

  private static Map<String, Row> byName() {
    Map<String, Row> rows = new HashMap<>();
    ROWS.forEach(row -> row.names().forEach(name -> rows.put(name, row)));
    return Map.copyOf(rows);
  }

  /** The row of a name, or an error that lists the names. */
  static Row named(String name, Object file) {
    Row row = BY_NAME.get(name);
    if (row == null) {
      throw new FormatException(
          file,
          "tokenizer.ggml.pre",
          "one of " + String.join(", ", BY_NAME.keySet().stream().sorted().toList()),
          FormatException.quote(name),
          "use the model's tokenizer.json instead");
    }
    return row;
  }

  /** The steps of a row: each pattern isolates, and what is left is written as bytes. */
  static PreTokenizer preTokenizer(Row row, Object file) {
    List<PreTokenizer> steps =
        row.patterns().stream()
            .<PreTokenizer>map(pattern ->
                new PreTokenizer.Split(
                    SplitPattern.of(pattern, file), PreTokenizer.Behavior.ISOLATED, false))
            .toList();
    return new PreTokenizer.Chain(
        List.of(new PreTokenizer.Chain(steps), new PreTokenizer.Bytes(false)));
  }
}
