package dev.bascule.cli;

import dev.bascule.core.DType;
import dev.bascule.core.DeviceException;
import dev.bascule.core.device.Device;
import dev.bascule.formats.FormatException;
import dev.bascule.formats.npy.Npy;
import dev.bascule.formats.npy.NpyArray;
import dev.bascule.formats.tokenizer.Tokenizer;
import dev.bascule.llm.Generator;
import dev.bascule.llm.LanguageModel;
import dev.bascule.llm.Sequence;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bascule generate}: the continuation of a text, or of token ids. */
@Command(
    name = "generate",
    description = "Continues a text, or token ids, with a language model.",
    sortOptions = false)
final class GenerateCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "MODEL", description = "a GGUF file or a model's folder")
  private Path model = Path.of("");

  @Option(names = "--prompt", paramLabel = "TEXT", description = "the text to continue")
  private @Nullable String prompt;

  @Option(
      names = "--prompt-ids",
      paramLabel = "IDS",
      split = ",",
      description = "token ids to continue, parted by commas, instead of a text")
  private int @Nullable [] promptIds;

  @Option(names = "--print-ids", description = "print the new token ids in one line, not the text")
  private boolean printIds;

  @Option(
      names = "--logits",
      paramLabel = "FILE.npy",
      description = "write the logits after the prompt, f32")
  private @Nullable Path logits;

  @Option(
      names = "--then",
      paramLabel = "DEVICE",
      description = "where to go on if the device fails in the middle")
  private @Nullable String then;

  @Option(
      names = "--logprobs",
      paramLabel = "N",
      description = {
        "print each new token with its log-probability and the N likeliest tokens;",
        "they are the model's own, before temperature and penalties"
      })
  private @Nullable Integer logProbabilities;

  @Mixin private GenerationOptions options = new GenerationOptions();

  private final Main main;
  private final Console console;

  GenerateCommand(Main main, Console console) {
    this.main = main;
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    if ((prompt == null) == (promptIds == null)) {
      throw new RequestException("generate: give --prompt or --prompt-ids, one of them");
    }
    if (logProbabilities != null && (logProbabilities < 0 || printIds)) {
      throw new RequestException(
          logProbabilities < 0
              ? "--logprobs must be 0 or more, not " + logProbabilities
              : "generate: --print-ids and --logprobs print in ways of their own; give one of them");
    }
    options.idle().ifPresent(console::say);
    // a large vocabulary takes as long to read as the weights take to pack
    Ahead<Optional<Tokenizer>> reading = new Ahead<>("tokenizer", this::tokenizer);
    try (OpeningDevice device = new OpeningDevice(main);
        Spare spare = new Spare(Optional.ofNullable(then));
        LanguageModel opened = LanguageModel.open(model, device, options.settings())) {
      Optional<Tokenizer> tokenizer = reading.get();
      int[] ids = ids(tokenizer);
      requireInVocabulary(ids, opened.config().vocabulary());
      requireRoom(ids.length, opened.settings().context());
      if (main.explain()) {
        console.err().println(opened.explain());
      }
      if (logits != null) {
        writeLogits(opened, ids, logits);
      }
      generate(opened, tokenizer, ids, spare);
      if (main.explain()) {
        ResidentMemory.peakBytes()
            .ifPresent(
                bytes -> console.say("resident memory: " + Text.megabytes(bytes) + " at most"));
      }
    }
    console.out().flush();
    return ExitCodes.DONE;
  }

  private void generate(
      LanguageModel opened, Optional<Tokenizer> tokenizer, int[] ids, Spare spare) {
    List<ChosenToken> chosen = new ArrayList<>();
    try (Generator generator = generator(opened, tokenizer, spare)) {
      Generator.Result result =
          generator.generate(
              ids,
              options.maxTokens(),
              options.stops(),
              options.sampling(),
              new Shown(tokenizer, chosen));
      if (main.json()) {
        Map<String, Object> json = json(ids, result);
        if (logProbabilities != null) {
          json.put("tokens", chosen.stream().map(ChosenToken::json).toList());
        }
        console.out().println(JsonText.of(json));
      } else if (printIds) {
        console.out().println(line(result.ids()));
      } else {
        if (logProbabilities == null) {
          console.out().println();
        }
        console.say(speed(ids.length, result));
      }
    }
  }

  private Generator generator(LanguageModel opened, Optional<Tokenizer> tokenizer, Spare spare) {
    return spare
        .device()
        .map(other ->
            Generator.withSpare(
                opened, tokenizer, () -> LanguageModel.open(model, other, options.settings())))
        .orElseGet(() -> Generator.of(opened, tokenizer));
  }

  /** The device that goes on if the first one fails: opened before, so that its name holds. */
  private final class Spare implements AutoCloseable {
    private final Optional<Device> device;

    Spare(Optional<String> name) {
      this.device = name.map(other -> Devices.open(other, main.deviceOptions()));
    }

    Optional<Device> device() {
      return device;
    }

    @Override
    public void close() {
      device.ifPresent(Device::close);
    }
  }

  /** Prints text as it comes, or tokens with their log-probabilities; or keeps them. */
  private final class Shown implements Generator.Listener {
    private final Optional<Tokenizer> tokenizer;
    private final List<ChosenToken> chosen;

    Shown(Optional<Tokenizer> tokenizer, List<ChosenToken> chosen) {
      this.tokenizer = tokenizer;
      this.chosen = chosen;
    }

    @Override
    public void chosen(int id, float[] given) {
      if (logProbabilities == null) {
        return;
      }
      ChosenToken token = ChosenToken.of(id, given, logProbabilities, tokenizer);
      chosen.add(token);
      if (!main.json()) {
        console.out().println(token.line());
        console.out().flush();
      }
    }

    @Override
    public boolean token(int id, String text) {
      rest(text);
      return !console.out().checkError(); // nobody reads on
    }

    @Override
    public void rest(String text) {
      if (!printIds && !main.json() && logProbabilities == null) {
        console.out().print(text);
        console.out().flush();
      }
    }

    @Override
    public void moved(DeviceException failure) {
      console.say("the device failed (" + failure.getMessage() + "); " + then + " goes on");
    }
  }

  static String speed(int promptTokens, Generator.Result result) {
    int steps = Math.max(0, result.ids().size() - 1);
    return String.format(
        Locale.ROOT,
        "%d tokens read in %.2f s (%.1f a second), %d written (%.1f a second); ended by %s",
        promptTokens,
        result.promptSeconds(),
        promptTokens / result.promptSeconds(),
        result.ids().size(),
        steps / Math.max(1e-9, result.tokenSeconds()),
        result.reason().toString().toLowerCase(Locale.ROOT).replace('_', ' '));
  }

  private static String line(List<Integer> ids) {
    return ids.stream().map(String::valueOf).collect(Collectors.joining(" "));
  }

  private static Map<String, Object> json(int[] ids, Generator.Result result) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("prompt_ids", Arrays.stream(ids).boxed().toList());
    json.put("ids", result.ids());
    json.put("text", result.text());
    json.put("ended_by", result.reason().toString().toLowerCase(Locale.ROOT));
    json.put("prompt_seconds", result.promptSeconds());
    json.put("token_seconds", result.tokenSeconds());
    return json;
  }

  private static void writeLogits(LanguageModel opened, int[] ids, Path file) throws IOException {
    try (Sequence sequence = opened.sequence()) {
      float[] values = sequence.add(ids);
      Npy.write(
          file,
          new NpyArray(DType.F32, List.of((long) values.length), MemorySegment.ofArray(values)));
    }
  }

  private int[] ids(Optional<Tokenizer> tokenizer) {
    String text = prompt;
    int[] given = promptIds;
    if (text == null && given != null) {
      return given;
    }
    if (text == null || tokenizer.isEmpty()) {
      throw new RequestException(
          "generate: " + model + " has no tokenizer; give --prompt-ids instead of --prompt");
    }
    int[] ids = tokenizer.get().encode(text).ids();
    if (ids.length == 0) {
      throw new RequestException("generate: the prompt has no tokens; give a longer one");
    }
    return ids;
  }

  private static void requireRoom(int tokens, int context) {
    if (tokens > context) {
      throw new RequestException(
          "generate: the prompt has "
              + Text.count(tokens, "token")
              + ", and the context has room for "
              + context
              + "; give a larger --context or a shorter prompt");
    }
  }

  private static void requireInVocabulary(int[] ids, int vocabulary) {
    for (int id : ids) {
      if (id < 0 || id >= vocabulary) {
        throw new RequestException(
            "generate: token "
                + id
                + " is not one of the model's "
                + vocabulary
                + ", 0 to "
                + (vocabulary - 1));
      }
    }
  }

  /** A model's tokenizer; only a model that is asked in ids may lack one. */
  private Optional<Tokenizer> tokenizer() {
    try {
      return Optional.of(Tokenizer.open(model).with(Optional.empty(), Optional.empty()));
    } catch (FormatException e) {
      if (promptIds == null) {
        throw e;
      }
      return Optional.empty();
    }
  }
}
