package dev.bascule.formats.tokenizer;

import dev.bascule.formats.json.Json;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads Hugging Face's tokenizer.json: each part of the pipeline, or an error that names the part.
 */
final class TokenizerFile {
  private static final String KINDS = "this version does not read such a tokenizer";

  /** More than any vocabulary has; a table up to here is still small. */
  private static final int IDS_MAX = 1 << 20;

  private TokenizerFile() {}

  static Tokenizer read(Path path) {
    return of(Json.read(path));
  }

  static Tokenizer of(Json json) {
    Json modelJson = json.get("model");
    Vocabulary vocabulary = ModelJson.vocabulary(modelJson);
    TokenModel model = ModelJson.model(modelJson, vocabulary);
    Normalizer normalizer = PipelineJson.normalizer(json.get("normalizer"));
    List<AddedTokens.Rule> raw = new ArrayList<>();
    List<AddedTokens.Rule> normalized = new ArrayList<>();
    for (Json token : json.get("added_tokens").optional().map(Json::elements).orElse(List.of())) {
      boolean special = token.get("special").truthOr(false);
      if (token.get("normalized").truthOr(!special)) {
        String text = normalizer.normalize(token.get("content").text());
        normalized.add(rule(token, vocabulary, text, special));
      } else {
        raw.add(rule(token, vocabulary, token.get("content").text(), special));
      }
    }
    Template template = template(json.get("post_processor"));
    return new Tokenizer(
        new Tokenizer.Pipeline(
            new AddedTokens(raw),
            new AddedTokens(normalized),
            normalizer,
            PipelineJson.preTokenizer(json.get("pre_tokenizer")),
            model,
            PipelineJson.decoder(json.get("decoder")),
            template),
        tokenList(vocabulary, raw, normalized, template),
        json.get("truncation").optional().map(TokenizerFile::truncation),
        json.get("padding").optional().map(TokenizerFile::padding));
  }

  private static TokenList tokenList(
      Vocabulary vocabulary,
      List<AddedTokens.Rule> raw,
      List<AddedTokens.Rule> normalized,
      Template template) {
    BitSet added = new BitSet();
    BitSet special = new BitSet();
    List<Token> tokens = new ArrayList<>(template.tokens());
    for (List<AddedTokens.Rule> rules : List.of(raw, normalized)) {
      for (AddedTokens.Rule rule : rules) {
        tokens.add(rule.token());
        added.set(rule.token().id());
        special.set(rule.token().id(), rule.special());
      }
    }
    return new TokenList(vocabulary.with(tokens), added, special, TokenList.Roles.NONE);
  }

  private static AddedTokens.Rule rule(
      Json json, Vocabulary vocabulary, String text, boolean special) {
    String content = json.get("content").text();
    int id = id(json.get("id"));
    int inVocabulary = vocabulary.id(content);
    if (inVocabulary >= 0 && id != inVocabulary) {
      throw json.get("id").wrong("the vocabulary's id " + inVocabulary, "correct one of them");
    }
    return new AddedTokens.Rule(
        new Token(id, content),
        text,
        json.get("single_word").truthOr(false),
        json.get("lstrip").truthOr(false),
        json.get("rstrip").truthOr(false),
        special);
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
      case "BertProcessing" -> Template.bert(token(json.get("cls")), token(json.get("sep")));
      case "RobertaProcessing" -> Template.roberta(token(json.get("cls")), token(json.get("sep")));
      case "ByteLevel" -> Template.NONE; // offsets, which are not kept
      case "Sequence" -> lastTemplate(json.get("processors"));
      default ->
          throw type.wrong(
              "'TemplateProcessing', 'BertProcessing', 'RobertaProcessing', 'ByteLevel' or 'Sequence'",
              KINDS);
    };
  }

  /** The one of several that says anything. */
  private static Template lastTemplate(Json processors) {
    Template result = Template.NONE;
    for (Json processor : processors.elements()) {
      Template template = template(processor);
      if (!template.equals(Template.NONE)) {
        if (!result.equals(Template.NONE)) {
          throw processor.wrong("one template", KINDS);
        }
        result = template;
      }
    }
    return result;
  }

  /** An id that may become part of a table. */
  private static int id(Json json) {
    return json.integer(0, IDS_MAX);
  }

  private static Token token(Json pair) {
    List<Json> elements = pair.elements();
    if (elements.size() != 2) {
      throw pair.wrong("a token and its id", KINDS);
    }
    return new Token(id(elements.get(1)), elements.get(0).text());
  }

  private static List<Token> tokens(Json special) {
    List<Json> ids = special.get("ids").elements();
    List<Json> texts = special.get("tokens").elements();
    if (ids.size() != texts.size()) {
      throw special.get("tokens").wrong("as many tokens as ids", KINDS);
    }
    List<Token> tokens = new ArrayList<>();
    for (int i = 0; i < ids.size(); i++) {
      tokens.add(new Token(id(ids.get(i)), texts.get(i).text()));
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
