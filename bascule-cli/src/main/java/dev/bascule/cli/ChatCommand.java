package dev.bascule.cli;

import dev.bascule.formats.tokenizer.Tokenizer;
import dev.bascule.llm.ContextFullException;
import dev.bascule.llm.Generator;
import dev.bascule.llm.LanguageModel;
import dev.bascule.llm.StopReason;
import dev.bascule.llm.template.ChatTemplate;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bascule chat}: a conversation, a line of standard input at a time. */
@Command(
    name = "chat",
    description = {
      "Talks with a model, a line of standard input at a time.",
      "Ctrl-C stops the answer; the end of the input, or /exit, ends the conversation."
    },
    sortOptions = false)
final class ChatCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "MODEL", description = "a GGUF file or a model's folder")
  private Path model = Path.of("");

  @Option(names = "--system", paramLabel = "TEXT", description = "what the model is told first")
  private @Nullable String system;

  @Mixin private GenerationOptions options = new GenerationOptions();

  private final Main main;
  private final Console console;
  private final AtomicBoolean stopped = new AtomicBoolean();

  ChatCommand(Main main, Console console) {
    this.main = main;
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    options.idle().ifPresent(console::say);
    Tokenizer tokenizer = Tokenizer.open(model).with(Optional.empty(), Optional.empty());
    ChatTemplate template =
        ChatTemplate.of(model, tokenizer.tokens())
            .orElseThrow(() ->
                new RequestException(
                    "chat: "
                        + model
                        + " has no chat template, so it is not known how to talk to it; bascule"
                        + " generate continues texts"));
    try (OpeningDevice device = new OpeningDevice(main);
        LanguageModel opened = LanguageModel.open(model, device, options.settings());
        Generator generator = Generator.of(opened, Optional.of(tokenizer))) {
      if (main.explain()) {
        console.err().println(opened.explain());
      }
      Interrupts.handle(() -> stopped.set(true));
      converse(generator, tokenizer, template);
    }
    console.out().flush();
    return ExitCodes.DONE;
  }

  private void converse(Generator generator, Tokenizer tokenizer, ChatTemplate template)
      throws IOException {
    List<Map<String, String>> messages = new ArrayList<>();
    if (system != null) {
      messages.add(Map.of("role", "system", "content", system));
    }
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(console.in(), StandardCharsets.UTF_8));
    while (true) {
      console.err().print("> ");
      console.err().flush();
      String line = lines.readLine();
      if (line == null || line.strip().equals("/exit")) {
        return;
      }
      if (!line.isBlank()) {
        messages.add(Map.of("role", "user", "content", line));
        try {
          String answer = answer(messages, generator, tokenizer, template);
          messages.add(Map.of("role", "assistant", "content", answer));
        } catch (ContextFullException e) {
          messages.removeLast();
          console.say(
              "the message does not fit any more; a larger --context has room for more, /exit ends");
        }
      }
    }
  }

  private String answer(
      List<Map<String, String>> messages,
      Generator generator,
      Tokenizer tokenizer,
      ChatTemplate template) {
    int[] text = tokenizer.encodeBare(template.prompt(messages)).ids();
    stopped.set(false);
    Generator.Result result =
        generator.follow(
            text, options.maxTokens(), options.stops(), options.sampling(), new Shown());
    console.out().println();
    console.out().flush();
    if (result.reason() == StopReason.CONTEXT) {
      console.say("the context is full; a larger --context has room for more");
    }
    console.say(GenerateCommand.speed(text.length, result));
    return result.text();
  }

  /** Prints as text comes, until Ctrl-C. */
  private final class Shown implements Generator.Listener {
    @Override
    public boolean token(int id, String text) {
      rest(text);
      return !stopped.get();
    }

    @Override
    public void rest(String text) {
      console.out().print(text);
      console.out().flush();
    }
  }
}
