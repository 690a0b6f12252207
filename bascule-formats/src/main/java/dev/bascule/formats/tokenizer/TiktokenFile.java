package dev.bascule.formats.tokenizer;

import dev.bascule.formats.FormatException;
import dev.bascule.formats.InputFile;
import dev.bascule.formats.json.Json;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Reads {@code tiktoken.model}, which Kimi K2 has in place of a tokenizer.json: on each line the
 * bytes of a token in base 64 and its number. Any two neighbours that together are a token may
 * merge, the smallest number first.
 */
final class TiktokenFile {
  private static final int BYTES_MAX = 64 << 20;
  private static final int IDS_MAX = 1 << 20;
  private static final String REMEDY = "download it again";

  private TiktokenFile() {}

  static Tokenizer read(Path path, Optional<Json> config) {
    Map<String, Integer> ids = ids(text(path).split("\n"), path);
    Vocabulary vocabulary = Vocabulary.of(ids);
    Symbols symbols = new Symbols(vocabulary);
    int[] ranks = new int[vocabulary.size()];
    for (int id = 0; id < ranks.length; id++) {
      ranks[id] = id;
    }
    Merges merges = new Merges.Scored(symbols.complete().texts(), ranks, vocabulary.bytesMax());
    Fallback fallback = new Fallback(new int[0], OptionalInt.empty(), false);
    List<AddedTokens.Rule> added = added(config);
    SplitPatterns.Row row = SplitPatterns.named("kimi-k2", path);
    return new Tokenizer(
        new Tokenizer.Pipeline(
            new AddedTokens(added),
            new AddedTokens(List.of()),
            Normalizer.none(),
            SplitPatterns.preTokenizer(row, path),
            new Bpe(symbols, merges, fallback, true),
            new Decoder(List.of(), Decoder.Form.BYTE_LEVEL, path),
            Template.NONE),
        tokenList(vocabulary, added),
        Optional.empty(),
        Optional.empty());
  }

  private static String text(Path path) {
    try (InputFile file = InputFile.open(path)) {
      if (file.size() > BYTES_MAX) {
        throw new FormatException(
            path, "", "at most " + BYTES_MAX + " bytes", file.size() + "", "check the file");
      }
      byte[] bytes = new byte[(int) file.size()];
      file.read(0, MemorySegment.ofArray(bytes));
      return new String(bytes, StandardCharsets.ISO_8859_1);
    }
  }

  private static Map<String, Integer> ids(String[] lines, Path path) {
    Map<String, Integer> ids = HashMap.newHashMap(lines.length);
    int end = Math.min(IDS_MAX, Vocabulary.idsEnd(lines.length));
    for (int i = 0; i < lines.length; i++) {
      String line = lines[i].strip();
      if (line.isEmpty()) {
        continue;
      }
      int space = line.indexOf(' ');
      try {
        byte[] bytes = Base64.getDecoder().decode(line.substring(0, Math.max(0, space)));
        int id = Integer.parseInt(line, space + 1, line.length(), 10);
        if (id < 0 || id >= end || bytes.length == 0) {
          throw new IllegalArgumentException("out of range");
        }
        if (ids.put(ByteAlphabet.write(bytes), id) != null) {
          throw new IllegalArgumentException("again");
        }
      } catch (IllegalArgumentException e) {
        throw new FormatException(
            path,
            "line " + (i + 1),
            "a token in base 64 and its number below " + end + ", each once",
            FormatException.quote(line),
            REMEDY,
            e);
      }
    }
    return ids;
  }

  /** The special tokens are those of tokenizer_config.json, by their ids. */
  private static List<AddedTokens.Rule> added(Optional<Json> config) {
    List<AddedTokens.Rule> rules = new ArrayList<>();
    Optional<Json> decoder = config.flatMap(json -> json.get("added_tokens_decoder").optional());
    decoder
        .map(Json::members)
        .orElse(Map.of())
        .forEach((id, token) -> {
          if (!id.matches("[0-9]{1,7}") || Integer.parseInt(id) >= IDS_MAX) {
            throw token.wrong("an id below " + IDS_MAX + " as its name", REMEDY);
          }
          String content = token.get("content").text();
          rules.add(
              new AddedTokens.Rule(
                  new Token(Integer.parseInt(id), content),
                  content,
                  token.get("single_word").truthOr(false),
                  token.get("lstrip").truthOr(false),
                  token.get("rstrip").truthOr(false),
                  token.get("special").truthOr(true)));
        });
    return rules;
  }

  private static TokenList tokenList(Vocabulary vocabulary, List<AddedTokens.Rule> rules) {
    BitSet added = new BitSet();
    BitSet special = new BitSet();
    for (AddedTokens.Rule rule : rules) {
      added.set(rule.token().id());
      special.set(rule.token().id(), rule.special());
    }
    Vocabulary all = vocabulary.with(rules.stream().map(AddedTokens.Rule::token).toList());
    return new TokenList(all, added, special, TokenList.Roles.NONE);
  }
}
