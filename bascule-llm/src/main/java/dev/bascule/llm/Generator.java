package dev.bascule.llm;

import dev.bascule.core.DeviceException;
import dev.bascule.formats.tokenizer.TextStream;
import dev.bascule.formats.tokenizer.Tokenizer;
import dev.bascule.llm.sampling.Sampler;
import dev.bascule.llm.sampling.Sampling;
import dev.bascule.llm.sampling.StopStrings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Continues texts. When its device fails in the middle of one, it goes on from the tokens so far
 * with a spare model, on another device: in exact numerics the text is the one that would have
 * come.
 */
public final class Generator implements AutoCloseable {
  /** Hears of a text as it comes. */
  public interface Listener {
    /**
     * A token was chosen from these logits, which are as the model gave them, and are overwritten
     * by the next token's; {@link #token} comes next.
     */
    default void chosen(int id, float[] logits) {}

    /**
     * A token and the text that it completes, which may be empty.
     *
     * @return false to cancel
     */
    boolean token(int id, String text);

    /** Text that was held back until the end. */
    default void rest(String text) {}

    /** The device failed, and another goes on. */
    default void moved(DeviceException failure) {}
  }

  /**
   * A text's continuation.
   *
   * @param ids the new tokens; one that ended the text is not among them
   * @param promptSeconds from the start to the first token
   * @param tokenSeconds from there to the last
   */
  public record Result(
      List<Integer> ids,
      String text,
      StopReason reason,
      double promptSeconds,
      double tokenSeconds) {
    public Result {
      ids = List.copyOf(ids);
    }
  }

  private final Optional<Tokenizer> tokenizer;
  private final Optional<Supplier<LanguageModel>> spare;
  private final LanguageModel model;
  private Optional<LanguageModel> opened = Optional.empty();
  private Sequence sequence;
  private final List<Integer> tokens = new ArrayList<>();
  private final float[] logits;

  private Generator(
      LanguageModel model, Optional<Tokenizer> tokenizer, Optional<Supplier<LanguageModel>> spare) {
    this.model = model;
    this.tokenizer = tokenizer;
    this.spare = spare;
    this.sequence = model.sequence();
    this.logits = new float[model.config().vocabulary()];
  }

  /**
   * Generates with {@code model}, which stays the caller's.
   *
   * @param tokenizer of the text; without one there are ids only
   */
  public static Generator of(LanguageModel model, Optional<Tokenizer> tokenizer) {
    return new Generator(model, tokenizer, Optional.empty());
  }

  /**
   * Generates with {@code model}, and with what {@code spare} opens when that fails; the generator
   * closes the spare.
   */
  public static Generator withSpare(
      LanguageModel model, Optional<Tokenizer> tokenizer, Supplier<LanguageModel> spare) {
    return new Generator(model, tokenizer, Optional.of(spare));
  }

  /** All tokens so far, prompts and answers. */
  public List<Integer> tokens() {
    return List.copyOf(tokens);
  }

  /** Tokens that still fit. */
  public int room() {
    return sequence.room();
  }

  /**
   * Adds a prompt and continues it by up to {@code count} tokens. What was said before stays in the
   * context.
   *
   * @param stops texts that end the answer; they are not part of it
   */
  public Result generate(
      int[] prompt, int count, List<String> stops, Sampling sampling, Listener listener) {
    long start = System.nanoTime();
    add(prompt, listener);
    Sampler sampler = new Sampler(sampling, logits.length);
    tokens.forEach(sampler::accept);
    long first = System.nanoTime();
    Answer answer = new Answer(tokenizer.map(t -> t.stream(true, false)), new StopStrings(stops));
    StopReason reason = StopReason.LENGTH;
    while (answer.ids.size() < count) {
      int id = sampler.choose(logits);
      if (model.config().ends().end().contains(id)) {
        reason = StopReason.END_OF_TEXT;
        break;
      }
      sampler.accept(id);
      listener.chosen(id, logits);
      boolean goesOn = listener.token(id, answer.add(id));
      if (!goesOn || answer.stops.isStopped() || sequence.room() == 0) {
        reason = reason(goesOn, answer);
        break;
      }
      if (answer.ids.size() < count) {
        add(new int[] {id}, listener);
      }
    }
    String rest = answer.finish();
    if (!rest.isEmpty()) {
      listener.rest(rest);
    }
    long end = System.nanoTime();
    return new Result(
        answer.ids, answer.text.toString(), reason, (first - start) * 1e-9, (end - first) * 1e-9);
  }

  /**
   * Continues a whole text: what it has in common with the text so far, from the beginning, is not
   * computed again; what differs is forgotten.
   */
  public Result follow(
      int[] text, int count, List<String> stops, Sampling sampling, Listener listener) {
    int common = 0;
    while (common < Math.min(tokens.size(), text.length - 1)
        && tokens.get(common) == text[common]) {
      common++;
    }
    sequence.truncate(common);
    tokens.subList(common, tokens.size()).clear();
    return generate(
        Arrays.copyOfRange(text, common, text.length), count, stops, sampling, listener);
  }

  private static StopReason reason(boolean goesOn, Answer answer) {
    if (!goesOn) {
      return StopReason.CANCELLED;
    }
    return answer.stops.isStopped() ? StopReason.STOP_STRING : StopReason.CONTEXT;
  }

  private void add(int[] more, Listener listener) {
    try {
      sequence.add(more, logits);
      remember(more);
    } catch (DeviceException e) {
      if (spare.isEmpty() || opened.isPresent()) {
        throw e;
      }
      listener.moved(e);
      LanguageModel other = spare.get().get();
      opened = Optional.of(other);
      sequence.close();
      sequence = other.sequence();
      remember(more);
      sequence.add(tokens.stream().mapToInt(Integer::intValue).toArray(), logits);
    }
  }

  private void remember(int[] more) {
    for (int id : more) {
      tokens.add(id);
    }
  }

  @Override
  public void close() {
    sequence.close();
    opened.ifPresent(LanguageModel::close);
  }

  /** Text under way. */
  private static final class Answer {
    final List<Integer> ids = new ArrayList<>();
    final StringBuilder text = new StringBuilder();
    final StopStrings stops;
    private final Optional<TextStream> stream;

    Answer(Optional<TextStream> stream, StopStrings stops) {
      this.stream = stream;
      this.stops = stops;
    }

    /** The text that may be shown now. */
    String add(int id) {
      ids.add(id);
      return keep(stops.add(stream.map(s -> s.add(id)).orElse("")));
    }

    String finish() {
      return keep(stops.add(stream.map(TextStream::finish).orElse("")) + stops.finish());
    }

    private String keep(String shown) {
      text.append(shown);
      return shown;
    }
  }
}
