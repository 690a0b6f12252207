package dev.bascule.llm.template;

import dev.bascule.formats.FormatException;
import dev.bascule.formats.MappedFile;
import dev.bascule.formats.gguf.GgufEntry;
import dev.bascule.formats.gguf.GgufFile;
import dev.bascule.formats.json.Json;
import dev.bascule.formats.tokenizer.TokenList;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Where a model keeps its chat template. */
final class TemplateSource {
  private static final String FILE = "chat_template.jinja";
  private static final String SETTINGS = "tokenizer_config.json";
  private static final String KEY = "tokenizer.chat_template";
  private static final int BYTES_MAX = 4 << 20;

  private TemplateSource() {}

  static Optional<ChatTemplate> find(Path model) {
    return Files.isDirectory(model) ? inFolder(model) : inFile(model);
  }

  private static Optional<ChatTemplate> inFile(Path model) {
    if (!GgufFile.isOne(model)) {
      return Optional.empty();
    }
    try (GgufFile file = GgufFile.open(model)) {
      return file.metadata()
          .find(KEY)
          .map(GgufEntry::text)
          .map(text -> ChatTemplate.parse(text, model + ", " + KEY));
    }
  }

  private static Optional<ChatTemplate> inFolder(Path folder) {
    if (Files.isRegularFile(folder.resolve(FILE))) {
      return Optional.of(ChatTemplate.parse(text(folder.resolve(FILE)), folder.resolve(FILE)));
    }
    if (!Files.isRegularFile(folder.resolve(SETTINGS))) {
      return Optional.empty();
    }
    Optional<Json> template = Json.read(folder.resolve(SETTINGS)).get("chat_template").optional();
    return template
        .map(json -> json.isArray() ? named(json) : json)
        .map(json -> ChatTemplate.parse(json.text(), json.location()));
  }

  /** Of several with names, the one that is the default. */
  private static Json named(Json several) {
    List<Json> elements = several.elements();
    return elements.stream()
        .filter(element -> element.get("name").text().equals("default"))
        .findFirst()
        .or(() -> elements.stream().findFirst())
        .orElseThrow(() -> several.wrong("a template", "name one 'default'"))
        .get("template");
  }

  private static String text(Path path) {
    try (MappedFile file = MappedFile.open(path)) {
      if (file.size() > BYTES_MAX) {
        throw new FormatException(
            path, "", "at most " + BYTES_MAX + " bytes", file.size() + "", "check the file");
      }
      byte[] bytes = new byte[(int) file.size()];
      file.read(0, MemorySegment.ofArray(bytes));
      return new String(bytes, StandardCharsets.UTF_8);
    }
  }

  /** The tokens that templates write by name. */
  static Map<String, Object> variables(TokenList tokens) {
    Map<String, Object> variables = new LinkedHashMap<>();
    tokens.roles().begin().ifPresent(id -> variables.put("bos_token", tokens.text(id)));
    tokens.roles().end().stream()
        .findFirst()
        .ifPresent(id -> variables.put("eos_token", tokens.text(id)));
    tokens.roles().unknown().ifPresent(id -> variables.put("unk_token", tokens.text(id)));
    return variables;
  }
}
