package dev.bascule.llm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.bascule.llm.sampling.Sampling;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BasculeTest {
  private static Path model() {
    String root = System.getenv("BASCULE_ORACLES");
    Path oracles = root == null ? Path.of("..", "..", "shared", "oracles") : Path.of(root);
    Path model = oracles.resolve("stories260K").resolve("stories260K-F32.gguf");
    assumeTrue(Files.exists(model), () -> model + " is not there; set BASCULE_ORACLES");
    return model;
  }

  @Test
  void aTextIsContinuedAsItComesAndCanBeCancelled() {
    try (Bascule bascule = Bascule.open(model())) {
      StringBuilder shown = new StringBuilder();
      Bascule.Request request = Bascule.Request.usual().withTokensMax(40);
      Generator.Result whole =
          bascule.generate(
              "Once upon a time",
              request,
              text -> {
                shown.append(text);
                return true;
              });
      assertThat(whole.text()).startsWith(", there was a little girl named Lily.");
      assertThat(shown).hasToString(whole.text());
      Generator.Result cancelled =
          bascule.generate("Once upon a time", request, text -> !text.contains("little"));
      assertThat(cancelled.reason()).isEqualTo(StopReason.CANCELLED);
      assertThat(cancelled.text()).isEqualTo(", there was a little");
      Generator.Result stopped =
          bascule.generate(
              "Once upon a time", request.withStops(" girl").with(Sampling.at(0, 1)), text -> true);
      assertThat(stopped.text()).isEqualTo(", there was a little");
    }
  }

  @Test
  void aModelWithoutATemplateSaysSoWhenItIsAsked() {
    try (Bascule bascule = Bascule.open(model())) {
      assertThatThrownBy(() ->
              bascule.chat(
                  List.of(Map.of("role", "user", "content", "hello")),
                  Bascule.Request.usual(),
                  text -> true))
          .hasMessageContaining("has no chat template");
    }
  }

  /** The indented lines after "From Java" are put into a method and compiled. */
  @Test
  void theReadmesExampleCompiles(@TempDir Path folder) throws IOException {
    List<String> readme = Files.readAllLines(Path.of("..", "README.md"));
    int start = 0;
    while (!readme.get(start).startsWith("From Java")) {
      start++;
    }
    String example =
        readme.stream()
            .skip(start + 2L)
            .takeWhile(line -> line.isEmpty() || line.startsWith("    "))
            .collect(Collectors.joining("\n"));
    assertThat(example).contains("Bascule.open(");
    String imports =
        example
            .lines()
            .map(String::strip)
            .filter(line -> line.startsWith("import "))
            .collect(Collectors.joining("\n"));
    String body =
        example
            .lines()
            .filter(line -> !line.strip().startsWith("import "))
            .collect(Collectors.joining("\n"));
    Path source =
        Files.writeString(
            folder.resolve("Example.java"),
            imports + "\nclass Example { void run() throws Exception {\n" + body + "\n} }\n");
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter said = new StringWriter();
    boolean compiles =
        compiler
            .getTask(
                said,
                null,
                null,
                List.of(
                    "-d",
                    folder.toString(),
                    "-cp",
                    System.getProperty("java.class.path"),
                    "-proc:none"),
                null,
                compiler.getStandardFileManager(null, null, null).getJavaFileObjects(source))
            .call();
    assertThat(compiles).as(said.toString()).isTrue();
  }
}
