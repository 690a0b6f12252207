package dev.bascule.llm;

import dev.bascule.core.DeviceException;
import dev.bascule.core.device.Device;
import dev.bascule.core.device.DeviceOptions;
import dev.bascule.core.device.Driver;
import dev.bascule.formats.tokenizer.Tokenizer;
import dev.bascule.llm.sampling.Sampling;
import dev.bascule.llm.template.ChatTemplate;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.function.Predicate;

/**
 * A language model in a few lines: its weights on the processor, its tokenizer and its chat
 * template. Any number of threads may ask at once; each answer has a cache of its own. What is
 * needed beyond this is a {@link LanguageModel} and a {@link Generator}.
 */
public final class Bascule implements AutoCloseable {
  /**
   * How an answer is made.
   *
   * @param tokensMax tokens of an answer at most
   * @param stops texts that end it; they are not part of it
   */
  public record Request(int tokensMax, List<String> stops, Sampling sampling) {
    private static final int TOKENS_USUAL = 512;

    public Request {
      stops = List.copyOf(stops);
    }

    /** Up to 512 tokens, always the likeliest. */
    public static Request usual() {
      return new Request(TOKENS_USUAL, List.of(), Sampling.GREEDY);
    }

    public Request withTokensMax(int tokens) {
      return new Request(tokens, stops, sampling);
    }

    public Request withStops(String... texts) {
      return new Request(tokensMax, List.of(texts), sampling);
    }

    public Request with(Sampling other) {
      return new Request(tokensMax, stops, other);
    }
  }

  private final Path path;
  private final Device device;
  private final LanguageModel model;
  private final Tokenizer tokenizer;

  private Bascule(Path path, Device device, LanguageModel model, Tokenizer tokenizer) {
    this.path = path;
    this.device = device;
    this.model = model;
    this.tokenizer = tokenizer;
  }

  /**
   * Opens a GGUF file or a Hugging Face folder on the processor, with room for 4096 tokens.
   *
   * @throws dev.bascule.formats.FormatException if it is broken or of an architecture that is not
   *     known
   */
  public static Bascule open(Path path) {
    return open(path, LanguageModel.Settings.usual());
  }

  /** Opens a model with more or less room, or numbers of another kind. */
  public static Bascule open(Path path, LanguageModel.Settings settings) {
    Tokenizer tokenizer = Tokenizer.open(path).with(Optional.empty(), Optional.empty());
    Device device = processor();
    try {
      return new Bascule(path, device, LanguageModel.open(path, device, settings), tokenizer);
    } catch (RuntimeException e) {
      device.close();
      throw e;
    }
  }

  private static Device processor() {
    return ServiceLoader.load(Driver.class).stream()
        .map(ServiceLoader.Provider::get)
        .filter(driver -> driver.name().equals("cpu"))
        .findFirst()
        .orElseThrow(() ->
            new DeviceException(
                "no driver 'cpu' is there; put bascule-cpu on the module or class path"))
        .discover(DeviceOptions.DEFAULT)
        .devices()
        .getFirst();
  }

  /**
   * Continues {@code prompt}.
   *
   * @param shown hears of the text as it comes, never of a part of a character; false cancels
   */
  public Generator.Result generate(String prompt, Request request, Predicate<String> shown) {
    return answer(tokenizer.encode(prompt).ids(), request, shown);
  }

  /**
   * Answers the last of {@code messages}, each of which has a role and a content.
   *
   * @throws UnsupportedOperationException if the model has no chat template
   */
  public Generator.Result chat(
      List<? extends Map<String, ?>> messages, Request request, Predicate<String> shown) {
    ChatTemplate template =
        ChatTemplate.of(path, tokenizer.tokens())
            .orElseThrow(() ->
                new UnsupportedOperationException(
                    path + " has no chat template; generate continues texts"));
    return answer(tokenizer.encodeBare(template.prompt(messages)).ids(), request, shown);
  }

  private Generator.Result answer(int[] prompt, Request request, Predicate<String> shown) {
    Generator.Listener listener =
        new Generator.Listener() {
          @Override
          public boolean token(int id, String text) {
            return shown.test(text);
          }

          @Override
          public void rest(String text) {
            boolean ignored = shown.test(text); // nothing comes after it that could be cancelled
          }
        };
    try (Generator generator = Generator.of(model, Optional.of(tokenizer))) {
      return generator.generate(
          prompt, request.tokensMax, request.stops, request.sampling, listener);
    }
  }

  /** What it runs on: for devices of your own, spare devices, logits and ids. */
  public LanguageModel model() {
    return model;
  }

  public Tokenizer tokenizer() {
    return tokenizer;
  }

  @Override
  public void close() {
    model.close();
    device.close();
  }
}
