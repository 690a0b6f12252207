package dev.bascule.cli;

import dev.bascule.formats.tokenizer.TextStream;
import dev.bascule.formats.tokenizer.Tokenizer;
import dev.bascule.llm.sampling.LogProbability;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A token of an answer, how likely the model found it, and what it found likeliest.
 *
 * @param likeliest the likeliest first
 */
record ChosenToken(Candidate chosen, List<Candidate> likeliest) {
  /**
   * A token that could come.
   *
   * @param text empty where there is no tokenizer
   */
  record Candidate(LogProbability token, Optional<String> text) {
    private static Candidate of(LogProbability token, Optional<Tokenizer> tokenizer) {
      return new Candidate(token, tokenizer.map(known -> text(known, token.id())));
    }

    /** Its own text; parts of a character are shown as such. */
    private static String text(Tokenizer tokenizer, int id) {
      TextStream stream = tokenizer.stream(true, true);
      return stream.add(id) + stream.finish();
    }

    private String name() {
      return text.map(Text::quote).orElse(String.valueOf(token.id()));
    }

    private Map<String, Object> json() {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("id", token.id());
      text.ifPresent(known -> json.put("text", known));
      json.put("logprob", token.logProbability());
      return json;
    }
  }

  static ChosenToken of(int id, float[] logits, int count, Optional<Tokenizer> tokenizer) {
    return new ChosenToken(
        Candidate.of(LogProbability.of(logits, id), tokenizer),
        LogProbability.likeliest(logits, count).stream()
            .map(token -> Candidate.of(token, tokenizer))
            .toList());
  }

  /** For people: id, log-probability, text; then the likeliest. */
  String line() {
    String own =
        Text.format(
            "%7d %9.4f  %-16s", chosen.token().id(), chosen.token().logProbability(), named());
    String others =
        likeliest.stream()
            .map(other -> other.name() + Text.format(" %.4f", other.token().logProbability()))
            .collect(Collectors.joining(", "));
    return (own + "  " + others).stripTrailing();
  }

  private String named() {
    return chosen.text().map(Text::quote).orElse("");
  }

  Map<String, Object> json() {
    Map<String, Object> json = chosen.json();
    json.put("top", likeliest.stream().map(Candidate::json).toList());
    return json;
  }
}
