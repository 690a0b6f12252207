package dev.bascule.llm.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.bascule.formats.FormatException;
import dev.bascule.formats.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * What Python's jinja2 renders ({@code golden.json}, written by {@code golden.py}), to the
 * character. Qwen3's template is its own; the others are written anew and do what those of the
 * models do.
 */
class TemplateGoldenTest {
  static final LocalDateTime NOW = LocalDateTime.of(2026, 3, 9, 8, 5, 7);

  static String resource(String name) throws IOException {
    try (InputStream in = TemplateGoldenTest.class.getResourceAsStream("/templates/" + name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static Json json(String text, String name) {
    return Json.parse(text.getBytes(StandardCharsets.UTF_8), name);
  }

  static Map<String, Object> variables(Json json) {
    Map<String, Object> variables = new LinkedHashMap<>();
    json.members().forEach((name, value) -> variables.put(name, value.plain()));
    return variables;
  }

  /**
   * A folder with templates and the answers of jinja2 may be named, such as one of real templates.
   */
  @TestFactory
  Stream<DynamicTest> templatesRenderAsJinjaDoes() throws IOException {
    String folder = System.getProperty("bascule.templates");
    Json cases = json(resource("cases.json"), "cases.json");
    String text =
        folder == null ? resource("golden.json") : Files.readString(Path.of(folder, "golden.json"));
    Json golden = json(text, "golden.json").get("templates");
    return golden.members().entrySet().stream()
        .flatMap(template ->
            template.getValue().members().entrySet().stream()
                .map(answer ->
                    dynamicTest(
                        template.getKey() + ": " + answer.getKey(),
                        () -> {
                          String name = template.getKey();
                          String source =
                              folder == null
                                  ? resource(name)
                                  : Files.readString(Path.of(folder, name));
                          assertRenders(source, cases.get(answer.getKey()), answer.getValue());
                        })));
  }

  @TestFactory
  Stream<DynamicTest> expressionsMeanWhatTheyMeanInJinja() throws IOException {
    Json variables = json(resource("snippets.json"), "snippets.json").get("variables");
    List<Json> snippets = json(resource("golden.json"), "golden.json").get("snippets").elements();
    assertThat(snippets).hasSizeGreaterThan(80);
    return snippets.stream()
        .map(snippet -> {
          String source = snippet.get("source").text();
          return dynamicTest(source, () -> assertRenders(source, variables, snippet.get("result")));
        });
  }

  private static void assertRenders(String source, Json variables, Json answer) {
    if (answer.isObject()) {
      assertThatThrownBy(() -> ChatTemplate.parse(source, "test").render(variables(variables), NOW))
          .isInstanceOf(FormatException.class)
          .hasMessageStartingWith("test, line ");
    } else {
      String rendered = ChatTemplate.parse(source, "test").render(variables(variables), NOW);
      assertThat(rendered).isEqualTo(answer.text());
    }
  }
}
