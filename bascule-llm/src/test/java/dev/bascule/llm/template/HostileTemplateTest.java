package dev.bascule.llm.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bascule.formats.FormatException;
import dev.bascule.formats.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever a template says, it ends, soon, with a text or a clear error. */
class HostileTemplateTest {
  private static final List<String> TEMPLATES =
      List.of("qwen3.jinja", "deepseek-r1.jinja", "glm-4.jinja", "kimi-k2.jinja", "llama-3.jinja");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{% set x = 'a' * 1000000 %}{% for i in range(1000) %}{{ x }}{% endfor %}",
        "{% set ns = namespace(x='ab') %}{% for i in range(64) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
        "{% set ns = namespace(x='ab') %}{% for i in range(64) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
        "{% set ns = namespace(x=[1]) %}{% for i in range(64) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
        "{% set ns = namespace(x=[1]) %}{% for i in range(49) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}",
        "{% set ns = namespace(x=[1]) %}{% for i in range(49) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x | tojson }}",
        "{% set ns = namespace(x=[1], y=[1]) %}{% for i in range(49) %}{% set ns.x = [ns.x, ns.x] %}{% set ns.y = [ns.y, ns.y] %}{% endfor %}{{ ns.x == ns.y }}",
        "{% set x = [] %}{% set _ = x.append(x) %}{{ x }}",
        "{% set x = [] %}{% set _ = x.append(x) %}{{ x | tojson }}",
        "{% set x = [] %}{% set _ = x.append(x) %}{% set y = [] %}{% set _ = y.append(y) %}{{ x == y }}",
        "{% set ns = namespace(x=[1]) %}{% for i in range(100000) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}",
        "{% for a in range(1000000) %}{% for b in range(1000000) %}{% endfor %}{% endfor %}",
        "{% for a in range(100000000) %}{% endfor %}",
        "{{ 10 ** 100000000 }}",
        "{{ 'a' * 9223372036854775807 }}",
        "{{ [1] * 9223372036854775807 }}",
        "{{ 9223372036854775807 + 1 }}",
        "{{ 1 % 0 }}",
        "{{ 'a'.join('b' * 50000000) }}",
        "{{ ('a' * 10000000).replace('a', 'b' * 1000) }}",
        "{{ ('a\n' * 10000000) | indent(1000) }}",
        "{{ x.y }}",
        "{{ x[",
        "{% if x %}",
        "{% endif %}",
        "{{ 'abc }}",
        "{# never closed",
        "{% unknown %}",
        "{% include 'other' %}",
        "{{ '\\ud800'[5:].x.y }}",
        "{{ ''.__class__.__mro__ }}"
      })
  void aTemplateThatTakesTooMuchOrIsWrongIsRefused(String source) {
    assertThatThrownBy(() -> ChatTemplate.parse(source, "model.gguf").render(Map.of()))
        .isInstanceOf(FormatException.class)
        .hasMessageStartingWith("model.gguf, line ");
  }

  @Test
  void deepNestingIsRefused() {
    for (String[] nest :
        new String[][] {{"(", "1", ")"}, {"[", "", "]"}, {"-", "1", ""}, {"x[", "1", "]"}}) {
      String source = "{{ " + nest[0].repeat(10_000) + nest[1] + nest[2].repeat(10_000) + " }}";
      assertThatThrownBy(() -> ChatTemplate.parse(source, "t"))
          .hasMessageContaining("expressions at most 60 deep");
    }
    String blocks = "{% if 1 %}".repeat(10_000);
    assertThatThrownBy(() -> ChatTemplate.parse(blocks, "t"))
        .hasMessageContaining("blocks at most 60 deep");
    String nots = "{{ " + "not ".repeat(100_000) + "1 }}";
    assertThatThrownBy(() -> ChatTemplate.parse(nots, "t").render(Map.of()))
        .isInstanceOf(FormatException.class);
    String sum = "{{ 1" + " + 1".repeat(100_000) + " }}";
    assertThatThrownBy(() -> ChatTemplate.parse(sum, "t").render(Map.of()))
        .isInstanceOf(FormatException.class);
  }

  @Test
  void refusalsOfTheTemplateAreTold() {
    assertThatThrownBy(() ->
            ChatTemplate.parse("\n{{ raise_exception('Roles must alternate') }}", "t")
                .render(Map.of()))
        .hasMessageContaining("t, line 2")
        .hasMessageContaining("its refusal: 'Roles must alternate'");
  }

  @Test
  void whatIsGivenToATemplateStaysAsItIs() {
    Map<String, Object> variables = Map.of("messages", new ArrayList<>(List.of("a")));
    assertThatThrownBy(
            () -> ChatTemplate.parse("{{ messages.append('b') }}", "t").render(variables))
        .hasMessageContaining("a list that the template made");
  }

  private static String mutated(RandomGenerator random) throws IOException {
    String[] bits = {
      "{%",
      "%}",
      "{{",
      "}}",
      "-",
      "endif",
      "endfor",
      "if",
      "for",
      "in",
      "set",
      "loop",
      "[",
      "]",
      "(",
      ")",
      "|",
      ".",
      "''",
      "messages",
      "tojson",
      "not",
      "is",
      "defined",
      "namespace",
      "1",
      "-1",
      "~",
      "**",
      ",",
      "=",
      "==",
      ":",
      "{#",
      "raw",
      "macro",
      "\n",
      "range(99)"
    };
    StringBuilder source =
        new StringBuilder(TemplateGoldenTest.resource(TEMPLATES.get(random.nextInt(5))));
    int changes = 1 + random.nextInt(6);
    for (int i = 0; i < changes && !source.isEmpty(); i++) {
      int at = random.nextInt(source.length());
      int end = Math.min(source.length(), at + 1 + random.nextInt(20));
      switch (random.nextInt(4)) {
        case 0 -> source.delete(at, end);
        case 1 -> source.insert(at, bits[random.nextInt(bits.length)]);
        case 2 -> source.insert(random.nextInt(source.length()), source.substring(at, end));
        default -> source.replace(at, end, bits[random.nextInt(bits.length)]);
      }
    }
    return source.toString();
  }

  private static int fuzz(long seed, int cases) throws IOException {
    System.out.println("fuzz seed " + seed + ", " + cases + " cases");
    Json json =
        Json.parse(
            TemplateGoldenTest.resource("cases.json").getBytes(StandardCharsets.UTF_8), "cases");
    List<Map<String, Object>> variables =
        json.members().values().stream().map(TemplateGoldenTest::variables).toList();
    int refused = 0;
    for (int i = 0; i < cases; i++) {
      RandomGenerator random =
          RandomGeneratorFactory.of("L64X128MixRandom").create(seed * 1_000_003 + i);
      String source = mutated(random);
      try {
        ChatTemplate.parse(source, "fuzzed")
            .render(variables.get(random.nextInt(variables.size())), TemplateGoldenTest.NOW);
      } catch (FormatException e) {
        refused++;
        assertThat(e).hasMessageStartingWith("fuzzed, line ");
      } catch (RuntimeException | Error e) {
        throw new AssertionError("case " + i + " of seed " + seed + ":\n" + source, e);
      }
    }
    return refused;
  }

  @Test
  void brokenTemplatesAreRefusedAndNothingElseHappens() throws IOException {
    assertThat(fuzz(1, 3000)).isBetween(1200, 2999);
  }

  /** A longer run: arguments are a seed and a number of cases. */
  public static void main(String[] arguments) throws IOException {
    System.out.println(fuzz(Long.parseLong(arguments[0]), Integer.parseInt(arguments[1])));
  }
}
