package dev.bascule.formats.tokenizer;

import dev.bascule.formats.json.Json;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads Hugging Face's tokenizer.json: each part of the pipeline, or an error that names the part.
 */
final class TokenizerFile {
  private static final String KINDS = "this version reads WordPiece tokenizers of the BERT family";

  private TokenizerFile() {}

  static Tokenizer read(Path path) {
    return of(Json.read(path));
  }

  static Tokenizer of(Json json) {
    BertNormalizer normalizer = normalizer(json.get("normalizer"));
    preTokenizer(json.get("pre_tokenizer"));
    Map<String, Integer> vocabulary = vocabulary(json.get("model"));
    WordPiece model = model(json.get("model"), vocabulary);
    List<AddedTokens.Rule> raw = new ArrayList<>();
    List<AddedTokens.Rule> normalized = new ArrayList<>();
    for (Json token : json.get("added_tokens").optional().map(Json::elements).orElse(List.of())) {
      boolean special = truth(token.get("special"), false);
      if (truth(token.get("normalized"), !special)) {
        normalized.add(rule(token, vocabulary, normalizer.normalize(token.get("content").text())));
      } else {
        raw.add(rule(token, vocabulary, token.get("content").text()));
      }
    }
    return new Tokenizer(
        new AddedTokens(raw),
        new AddedTokens(normalized),
        normalizer,
        model,
        template(json.get("post_processor")),
        json.get("truncation").optional().map(TokenizerFile::truncation),
        json.get("padding").optional().map(TokenizerFile::padding));
  }

  private static boolean truth(Json json, boolean otherwise) {
    return json.isNull() ? otherwise : json.truth();
  }

  private static void expectType(Json part, String type) {
    Json got = part.isNull() ? part : part.get("type");
    if (got.isNull() || !got.text().equals(type)) {
      throw got.wrong("'" + type + "'", KINDS);
    }
  }

  private static BertNormalizer normalizer(Json json) {
    expectType(json, "BertNormalizer");
    boolean lowercases = truth(json.get("lowercase"), true);
    return new BertNormalizer(
        truth(json.get("clean_text"), true),
        truth(json.get("handle_chinese_chars"), true),
        truth(json.get("strip_accents"), lowercases),
        lowercases);
  }

  private static void preTokenizer(Json json) {
    expectType(json, "BertPreTokenizer");
  }

  private static Map<String, Integer> vocabulary(Json model) {
    expectType(model, "WordPiece");
    return model.get("vocab").integerMembers(0, Integer.MAX_VALUE);
  }

  private static WordPiece model(Json json, Map<String, Integer> vocabulary) {
    Json unknown = json.get("unk_token");
    Integer id = vocabulary.get(unknown.text());
    if (id == null) {
      throw unknown.wrong("a token of the vocabulary", "add it to model.vocab");
    }
    Json prefix = json.get("continuing_subword_prefix");
    Json charactersMax = json.get("max_input_chars_per_word");
    return new WordPiece(
        vocabulary,
        new Token(id, unknown.text()),
        prefix.isNull() ? "##" : prefix.text(),
        charactersMax.isNull() ? 100 : charactersMax.integer(0, 1 << 20));
  }

  private static AddedTokens.Rule rule(Json json, Map<String, Integer> vocabulary, String text) {
    String content = json.get("content").text();
    int id = json.get("id").integer(0, Integer.MAX_VALUE);
    int inVocabulary = vocabulary.getOrDefault(content, id);
    if (id != inVocabulary) {
      throw json.get("id").wrong("the vocabulary's id " + inVocabulary, "correct one of them");
    }
    return new AddedTokens.Rule(
        new Token(id, content),
        text,
        truth(json.get("single_word"), false),
        truth(json.get("lstrip"), false),
        truth(json.get("rstrip"), false));
  }

  private static Template template(Json json) {
    if (json.isNull()) {
      return Template.NONE;
    }
    Json type = json.get("type");
    return switch (type.text()) {
      case "TemplateProcessing" -> {
        Map<String, List<Token>> special = new HashMap<>();
        json.get("special_tokens")
            .members()
            .forEach((name, token) -> special.put(name, tokens(token)));
        yield new Template(parts(json.get("single"), special), parts(json.get("pair"), special));
      }
      case "BertProcessing" -> bertTemplate(token(json.get("cls")), token(json.get("sep")));
      default -> throw type.wrong("'TemplateProcessing' or 'BertProcessing'", KINDS);
    };
  }

  private static Template bertTemplate(Token start, Token end) {
    Template.Part before = new Template.Special(List.of(start), 0);
    Template.Part after = new Template.Special(List.of(end), 0);
    Template.Part last = new Template.Special(List.of(end), 1);
    return new Template(
        List.of(before, new Template.First(0), after),
        List.of(before, new Template.First(0), after, new Template.Second(1), last));
  }

  private static Token token(Json pair) {
    List<Json> elements = pair.elements();
    if (elements.size() != 2) {
      throw pair.wrong("a token and its id", KINDS);
    }
    return new Token(elements.get(1).integer(0, Integer.MAX_VALUE), elements.get(0).text());
  }

  private static List<Token> tokens(Json special) {
    List<Json> ids = special.get("ids").elements();
    List<Json> texts = special.get("tokens").elements();
    if (ids.size() != texts.size()) {
      throw special.get("tokens").wrong("as many tokens as ids", KINDS);
    }
    List<Token> tokens = new ArrayList<>();
    for (int i = 0; i < ids.size(); i++) {
      tokens.add(new Token(ids.get(i).integer(0, Integer.MAX_VALUE), texts.get(i).text()));
    }
    return tokens;
  }

  private static List<Template.Part> parts(Json json, Map<String, List<Token>> special) {
    List<Template.Part> parts = new ArrayList<>();
    for (Json element : json.elements()) {
      Optional<Json> sequence = element.get("Sequence").optional();
      Json part = sequence.orElseGet(() -> element.get("SpecialToken"));
      Json id = part.get("id");
      int typeId = part.get("type_id").integer(0, Integer.MAX_VALUE);
      if (sequence.isEmpty()) {
        List<Token> tokens = special.get(id.text());
        if (tokens == null) {
          throw id.wrong("one of special_tokens", "add it there");
        }
        parts.add(new Template.Special(tokens, typeId));
      } else {
        parts.add(
            switch (id.text()) {
              case "A" -> new Template.First(typeId);
              case "B" -> new Template.Second(typeId);
              default -> throw id.wrong("'A' or 'B'", KINDS);
            });
      }
    }
    return parts;
  }

  private static Side side(Json json) {
    if (json.isNull()) {
      return Side.RIGHT;
    }
    return switch (json.text()) {
      case "Right" -> Side.RIGHT;
      case "Left" -> Side.LEFT;
      default -> throw json.wrong("'Left' or 'Right'", KINDS);
    };
  }

  private static Truncation truncation(Json json) {
    Json strategy = json.get("strategy");
    return new Truncation(
        json.get("max_length").integer(0, Integer.MAX_VALUE),
        side(json.get("direction")),
        switch (strategy.text()) {
          case "LongestFirst" -> Truncation.Strategy.LONGEST_FIRST;
          case "OnlyFirst" -> Truncation.Strategy.ONLY_FIRST;
          case "OnlySecond" -> Truncation.Strategy.ONLY_SECOND;
          default -> throw strategy.wrong("'LongestFirst', 'OnlyFirst' or 'OnlySecond'", KINDS);
        });
  }

  private static Padding padding(Json json) {
    Json strategy = json.get("strategy");
    int tokensMin = 0;
    if (strategy.isObject()) {
      tokensMin = strategy.get("Fixed").integer(1, Padding.TOKENS_MAX);
    } else if (!strategy.text().equals("BatchLongest")) {
      throw strategy.wrong("'BatchLongest' or {'Fixed': a length}", KINDS);
    }
    Json multiple = json.get("pad_to_multiple_of");
    return new Padding(
        tokensMin,
        multiple.isNull() ? 1 : Math.max(1, multiple.integer(0, Padding.TOKENS_MAX)),
        side(json.get("direction")),
        json.get("pad_id").integer(0, Integer.MAX_VALUE),
        json.get("pad_type_id").integer(0, Integer.MAX_VALUE),
        json.get("pad_token").text());
  }
}
