package dev.bascule.llm.template;

import dev.bascule.formats.tokenizer.TokenList;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How a model wants a conversation written: a template in the part of Jinja that the templates of
 * published models use, rendered as Python's jinja2 does with Hugging Face's settings ({@code
 * trim_blocks}, {@code lstrip_blocks}, its {@code tojson}, {@code raise_exception} and {@code
 * strftime_now}). Templates come out of files and are not trusted: one that takes too much ends
 * with an error. Immutable: threads may share one.
 *
 * <p>What is rendered has the tokens in it that begin and part messages, so it is encoded with
 * {@link dev.bascule.formats.tokenizer.Tokenizer#encodeBare}, which adds none.
 */
public final class ChatTemplate {
  private static final int CHARS_MAX = 1 << 20;

  private final List<Statement> statements;
  private final Problems problems;
  private final Map<String, Object> defaults;

  private ChatTemplate(
      List<Statement> statements, Problems problems, Map<String, Object> defaults) {
    this.statements = statements;
    this.problems = problems;
    this.defaults = defaults;
  }

  /**
   * The template of a model, a GGUF file or a folder, if it has one.
   *
   * @param tokens the model's, some of which templates write
   * @throws dev.bascule.formats.FormatException if it is no template of this kind
   */
  public static Optional<ChatTemplate> of(Path model, TokenList tokens) {
    return TemplateSource.find(model)
        .map(found ->
            new ChatTemplate(found.statements, found.problems, TemplateSource.variables(tokens)));
  }

  /**
   * Reads a template.
   *
   * @param name what messages call it
   * @throws dev.bascule.formats.FormatException if it is no template of this kind
   */
  public static ChatTemplate parse(String source, Object name) {
    Problems problems = new Problems(name);
    if (source.length() > CHARS_MAX) {
      throw problems.at(1, "at most " + CHARS_MAX + " characters", source.length() + "");
    }
    return new ChatTemplate(new TemplateParser(source, problems).parse(), problems, Map.of());
  }

  /**
   * Writes a conversation whose messages have a role and a content, and asks for the answer.
   *
   * @throws dev.bascule.formats.FormatException if the template refuses them or is wrong
   */
  public String prompt(List<? extends Map<String, ?>> messages) {
    return render(Map.of("messages", messages, "add_generation_prompt", true));
  }

  /**
   * Writes a conversation.
   *
   * @param variables what the template knows: {@code messages} (a list of maps with {@code role}
   *     and {@code content}), and as it wants {@code tools}, {@code add_generation_prompt}, {@code
   *     bos_token}, {@code enable_thinking} and more; texts, numbers, truths, null, lists and maps
   * @throws dev.bascule.formats.FormatException if the template refuses them or is wrong
   */
  public String render(Map<String, ? extends @Nullable Object> variables) {
    return render(variables, LocalDateTime.now(ZoneId.systemDefault()));
  }

  /**
   * The same at another time than now: some templates tell the model the date.
   *
   * @throws dev.bascule.formats.FormatException if the template refuses the variables or is wrong
   */
  public String render(Map<String, ? extends @Nullable Object> variables, LocalDateTime now) {
    Budget budget = new Budget();
    Interpreter interpreter = new Interpreter(budget);
    try {
      Scope globals = Scope.outermost();
      Functions.define(globals, now, budget);
      defaults.forEach(globals::set);
      variables.forEach((name, value) -> globals.set(name, Values.from(value)));
      return interpreter.render(statements, globals.inner());
    } catch (TemplateProblem e) {
      throw problems.at(interpreter.line(), e.expected(), e.got());
    }
  }
}
