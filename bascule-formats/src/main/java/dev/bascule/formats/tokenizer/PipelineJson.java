package dev.bascule.formats.tokenizer;

import dev.bascule.formats.json.Json;
import java.util.ArrayList;
import java.util.List;

/** The steps of a tokenizer.json before its model, and behind it. */
final class PipelineJson {
  private static final String KINDS = "this version does not read such a tokenizer";

  private PipelineJson() {}

  static Normalizer normalizer(Json json) {
    if (json.isNull()) {
      return Normalizer.none();
    }
    Json type = json.get("type");
    return switch (type.text()) {
      case "Sequence" ->
          new Normalizer.Chain(
              json.get("normalizers").elements().stream().map(PipelineJson::normalizer).toList(),
              json.location());
      case "BertNormalizer" -> bertNormalizer(json);
      case "NFC" -> new UnicodeForm(java.text.Normalizer.Form.NFC);
      case "NFD" -> new UnicodeForm(java.text.Normalizer.Form.NFD);
      case "NFKC" -> new UnicodeForm(java.text.Normalizer.Form.NFKC);
      case "NFKD" -> new UnicodeForm(java.text.Normalizer.Form.NFKD);
      case "Lowercase" -> new Normalizer.Lowercase();
      case "StripAccents" -> new Normalizer.StripAccents();
      case "Strip" ->
          new Normalizer.Strip(
              json.get("strip_left").truthOr(true), json.get("strip_right").truthOr(true));
      case "Prepend" -> new Normalizer.Prepend(json.get("prepend").text());
      case "Replace" -> replacement(json);
      default ->
          throw type.wrong(
              "'BertNormalizer', 'NFC', 'NFD', 'NFKC', 'NFKD', 'Lowercase', 'StripAccents', 'Strip', 'Prepend', 'Replace' or 'Sequence'",
              KINDS);
    };
  }

  private static Normalizer bertNormalizer(Json json) {
    boolean lowercases = json.get("lowercase").truthOr(true);
    return new BertNormalizer(
        json.get("clean_text").truthOr(true),
        json.get("handle_chinese_chars").truthOr(true),
        json.get("strip_accents").truthOr(lowercases),
        lowercases);
  }

  private static Normalizer replacement(Json json) {
    Json pattern = json.get("pattern");
    String content = json.get("content").text();
    return pattern.get("Regex").isNull()
        ? new Normalizer.ReplaceText(pattern.get("String").text(), content)
        : new Normalizer.ReplacePattern(pattern(pattern), content);
  }

  private static SplitPattern pattern(Json json) {
    Json regex = json.get("Regex");
    return regex.isNull()
        ? SplitPattern.literal(json.get("String").text(), json.location())
        : SplitPattern.of(regex.text(), regex.location());
  }

  static PreTokenizer preTokenizer(Json json) {
    if (json.isNull()) {
      return PreTokenizer.none();
    }
    Json type = json.get("type");
    return switch (type.text()) {
      case "Sequence" ->
          new PreTokenizer.Chain(
              json.get("pretokenizers").elements().stream()
                  .map(PipelineJson::preTokenizer)
                  .toList());
      case "BertPreTokenizer" -> PreTokenizer.bert();
      case "Split" ->
          new PreTokenizer.Split(
              pattern(json.get("pattern")),
              behavior(json.get("behavior")),
              json.get("invert").truthOr(false));
      case "ByteLevel" -> byteLevel(json);
      case "Metaspace" -> metaspace(json);
      case "Digits" ->
          new PreTokenizer.Characterwise(
              Characters::isNumeric,
              json.get("individual_digits").truthOr(false)
                  ? PreTokenizer.Behavior.ISOLATED
                  : PreTokenizer.Behavior.CONTIGUOUS);
      case "Punctuation" ->
          new PreTokenizer.Characterwise(
              Characters::isPunctuation,
              json.get("behavior").isNull()
                  ? PreTokenizer.Behavior.ISOLATED
                  : behavior(json.get("behavior")));
      case "Whitespace" ->
          new PreTokenizer.Split(
              SplitPattern.of("\\w+|[^\\w\\s]+", json.location()),
              PreTokenizer.Behavior.REMOVED,
              true);
      case "WhitespaceSplit" ->
          new PreTokenizer.Characterwise(Characters::isWhitespace, PreTokenizer.Behavior.REMOVED);
      default ->
          throw type.wrong(
              "'BertPreTokenizer', 'ByteLevel', 'Digits', 'Metaspace', 'Punctuation', 'Sequence', 'Split', 'Whitespace' or 'WhitespaceSplit'",
              KINDS);
    };
  }

  private static PreTokenizer byteLevel(Json json) {
    boolean addsSpace = json.get("add_prefix_space").truthOr(true);
    if (!json.get("use_regex").truthOr(true)) {
      return new PreTokenizer.Bytes(addsSpace);
    }
    List<PreTokenizer> steps = new ArrayList<>();
    if (addsSpace) {
      steps.add(new PreTokenizer.Space());
    }
    steps.add(
        new PreTokenizer.Split(
            SplitPattern.of(SplitPatterns.GPT_2, json.location()),
            PreTokenizer.Behavior.ISOLATED,
            false));
    steps.add(new PreTokenizer.Bytes(false));
    return new PreTokenizer.Chain(steps);
  }

  private static PreTokenizer.Metaspace metaspace(Json json) {
    Json scheme = json.get("prepend_scheme");
    PreTokenizer.Prefix prefix =
        switch (scheme.textOr(json.get("add_prefix_space").truthOr(true) ? "always" : "never")) {
          case "always" -> PreTokenizer.Prefix.ALWAYS;
          case "first" -> PreTokenizer.Prefix.FIRST;
          case "never" -> PreTokenizer.Prefix.NEVER;
          default -> throw scheme.wrong("'always', 'first' or 'never'", KINDS);
        };
    return new PreTokenizer.Metaspace(
        json.get("replacement").textOr("\u2581"), prefix, json.get("split").truthOr(true));
  }

  private static PreTokenizer.Behavior behavior(Json json) {
    return switch (json.text()) {
      case "Removed" -> PreTokenizer.Behavior.REMOVED;
      case "Isolated" -> PreTokenizer.Behavior.ISOLATED;
      case "MergedWithPrevious" -> PreTokenizer.Behavior.MERGED_WITH_PREVIOUS;
      case "MergedWithNext" -> PreTokenizer.Behavior.MERGED_WITH_NEXT;
      case "Contiguous" -> PreTokenizer.Behavior.CONTIGUOUS;
      default ->
          throw json.wrong(
              "'Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext' or 'Contiguous'",
              KINDS);
    };
  }

  /** Without a decoder Hugging Face puts a space between tokens. */
  static Decoder decoder(Json json) {
    if (json.isNull()) {
      return new Decoder(List.of(new Decoder.Spaced()), Decoder.Form.TEXT, json.location());
    }
    List<Decoder.Step> steps = new ArrayList<>();
    Decoder.Form form = decoder(json, steps);
    return new Decoder(steps, form, json.location());
  }

  private static Decoder.Form decoder(Json json, List<Decoder.Step> steps) {
    Json type = json.get("type");
    Decoder.Form form = Decoder.Form.TEXT;
    switch (type.text()) {
      case "Sequence" -> {
        for (Json part : json.get("decoders").elements()) {
          Decoder.Form other = decoder(part, steps);
          form = other == Decoder.Form.TEXT ? form : other;
        }
      }
      case "ByteLevel" -> form = Decoder.Form.BYTE_LEVEL;
      case "ByteFallback" -> form = Decoder.Form.BYTE_FALLBACK;
      case "Fuse" -> {} // tokens are put together anyway
      case "Replace" ->
          steps.add(
              new Decoder.Replace(
                  json.get("pattern").get("String").text(), json.get("content").text()));
      case "Strip" -> {
        json.get("stop").integer(0, 0);
        steps.add(
            new Decoder.StripFirst(
                json.get("content").text(), json.get("start").integer(0, 1 << 16)));
      }
      case "Metaspace" -> {
        PreTokenizer.Metaspace metaspace = metaspace(json);
        boolean prefixed = metaspace.prefix() != PreTokenizer.Prefix.NEVER;
        steps.add(new Decoder.Marks(metaspace.mark(), prefixed));
      }
      case "WordPiece" ->
          steps.add(
              new Decoder.WordPieces(
                  json.get("prefix").textOr("##"), json.get("cleanup").truthOr(true)));
      default ->
          throw type.wrong(
              "'ByteFallback', 'ByteLevel', 'Fuse', 'Metaspace', 'Replace', 'Sequence', 'Strip' or 'WordPiece'",
              KINDS);
    }
    return form;
  }
}
