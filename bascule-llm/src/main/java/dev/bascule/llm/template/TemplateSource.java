package dev.bascule.llm.template;

import dev.bascule.formats.gguf.GgufEntry;
import dev.bascule.formats.gguf.GgufFile;
import dev.bascule.formats.huggingface.ChatTemplateText;
import dev.bascule.formats.tokenizer.TokenList;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Where a model keeps its chat template. */
final class TemplateSource {
  private static final String KEY = "tokenizer.chat_template";

  private TemplateSource() {}

  static Optional<ChatTemplate> find(Path model) {
    return Files.isDirectory(model)
        ? ChatTemplateText.of(model).map(found -> ChatTemplate.parse(found.text(), found.place()))
        : inFile(model);
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
