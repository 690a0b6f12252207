package dev.bascule.formats.huggingface;

import dev.bascule.formats.FormatException;
import dev.bascule.formats.InputFile;
import dev.bascule.formats.json.Json;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The chat template in a model's folder.
 *
 * @param place where it stands, for messages
 */
public record ChatTemplateText(String text, Object place) {
  private static final String FILE = "chat_template.jinja";
  private static final String SETTINGS = "tokenizer_config.json";
  private static final int BYTES_MAX = 4 << 20;

  /** From a file of its own, or else from the tokenizer's settings. */
  public static Optional<ChatTemplateText> of(Path folder) {
    Path file = folder.resolve(FILE);
    if (Files.isRegularFile(file)) {
      return Optional.of(new ChatTemplateText(read(file), file));
    }
    if (!Files.isRegularFile(folder.resolve(SETTINGS))) {
      return Optional.empty();
    }
    Optional<Json> template = Json.read(folder.resolve(SETTINGS)).get("chat_template").optional();
    return template
        .map(json -> json.isArray() ? named(json) : json)
        .map(json -> new ChatTemplateText(json.text(), json.location()));
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

  private static String read(Path path) {
    try (InputFile file = InputFile.open(path)) {
      if (file.size() > BYTES_MAX) {
        throw new FormatException(
            path, "", "at most " + BYTES_MAX + " bytes", file.size() + "", "check the file");
      }
      byte[] bytes = new byte[(int) file.size()];
      file.read(0, MemorySegment.ofArray(bytes));
      return new String(bytes, StandardCharsets.UTF_8);
    }
  }
}
