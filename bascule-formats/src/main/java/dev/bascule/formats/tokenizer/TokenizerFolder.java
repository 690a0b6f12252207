package dev.bascule.formats.tokenizer;

import dev.bascule.formats.FormatException;
import dev.bascule.formats.json.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * The files of a tokenizer in a model's folder: {@code tokenizer.json}, or {@code tiktoken.model}
 * in older ones, and beside it what says which tokens begin and end a text.
 */
record TokenizerFolder(Path folder) {
  private static final String FILE = "tokenizer.json";
  private static final String RANKS = "tiktoken.model";

  Tokenizer read() {
    Optional<Json> config = json("tokenizer_config.json");
    Tokenizer tokenizer;
    if (file(FILE).isPresent()) {
      tokenizer = Tokenizer.load(folder.resolve(FILE));
    } else if (file(RANKS).isPresent()) {
      tokenizer = TiktokenFile.read(folder.resolve(RANKS), config);
    } else {
      throw new FormatException(
          folder,
          "",
          FILE + " or " + RANKS,
          Files.isDirectory(folder) ? "neither in it" : "no folder",
          "download the model's tokenizer, too");
    }
    return tokenizer.with(roles(tokenizer.tokens(), config));
  }

  private Optional<Path> file(String name) {
    return Optional.of(folder.resolve(name)).filter(Files::isRegularFile);
  }

  private Optional<Json> json(String name) {
    return file(name).map(Json::read);
  }

  private TokenList.Roles roles(TokenList tokens, Optional<Json> config) {
    Set<Integer> ends = new LinkedHashSet<>();
    named(tokens, config, "eos_token").ifPresent(ends::add);
    for (String name : List.of("config.json", "generation_config.json")) {
      json(name).ifPresent(json -> addEnds(json.get("eos_token_id"), tokens, ends));
    }
    return new TokenList.Roles(
        named(tokens, config, "bos_token"), List.copyOf(ends), named(tokens, config, "unk_token"));
  }

  private static void addEnds(Json json, TokenList tokens, Set<Integer> ends) {
    if (!json.isNull()) {
      List<Json> elements = json.isArray() ? json.elements() : List.of(json);
      for (Json element : elements) {
        int id = element.integer(0, Integer.MAX_VALUE);
        if (id < tokens.size()) {
          ends.add(id);
        }
      }
    }
  }

  /** A token by its text, or as an object with its text as the content. */
  private static OptionalInt named(TokenList tokens, Optional<Json> config, String name) {
    Optional<Json> token = config.flatMap(json -> json.get(name).optional());
    return token
        .map(json -> json.isObject() ? json.get("content") : json)
        .map(json -> tokens.id(json.text()))
        .orElse(OptionalInt.empty());
  }
}
