package dev.bascule.formats.tokenizer;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Tokens that are found in a text before anything else is done to it ({@code [MASK]}): the
 * leftmost, and of these the longest.
 */
final class AddedTokens {
  /**
   * A token and how it is found.
   *
   * @param text what to look for
   * @param wholeWord only where no word goes on before or behind it
   * @param takesLeft with the white space before it
   * @param takesRight with the white space behind it
   * @param special whether it steers the model, so that a text from outside must not contain it
   */
  record Rule(
      Token token,
      String text,
      boolean wholeWord,
      boolean takesLeft,
      boolean takesRight,
      boolean special) {}

  /** Takes a part of a text that has no added token. */
  interface Between {
    /**
     * Takes one part.
     *
     * @param starts whether it stands at the start of the text
     */
    void part(String text, boolean starts);
  }

  /** By the first character, longest first. */
  private final Map<Character, List<Rule>> rules = new HashMap<>();

  AddedTokens(List<Rule> rules) {
    rules.stream()
        .filter(rule -> !rule.text().isEmpty())
        .sorted(Comparator.comparingInt((Rule rule) -> -rule.text().length()))
        .forEach(rule ->
            this.rules.computeIfAbsent(rule.text().charAt(0), c -> new ArrayList<>()).add(rule));
  }

  /** A place where a token was found. */
  private record Match(Rule rule, int start, int end) {}

  /**
   * Hands over, from left to right, what lies between the tokens, and the tokens.
   *
   * @param special whether special tokens are looked for
   */
  void split(String text, boolean special, Between between, Consumer<Token> found) {
    int done = 0;
    for (Match match : matches(text, special)) {
      Rule rule = match.rule();
      if (rule.wholeWord() && touchesWord(text, match)) {
        continue;
      }
      int start =
          rule.takesLeft() ? Math.max(done, spaceStart(text, match.start())) : match.start();
      int end = rule.takesRight() ? spaceEnd(text, match.end()) : match.end();
      if (done < start) {
        between.part(text.substring(done, start), done == 0);
      }
      found.accept(rule.token());
      done = end;
    }
    if (done < text.length()) {
      between.part(text.substring(done), done == 0);
    }
  }

  private List<Match> matches(String text, boolean special) {
    List<Match> matches = new ArrayList<>();
    int at = 0;
    while (at < text.length() && !rules.isEmpty()) {
      Rule rule = at(text, at, special);
      if (rule == null) {
        at++;
      } else {
        matches.add(new Match(rule, at, at + rule.text().length()));
        at += rule.text().length();
      }
    }
    return matches;
  }

  private @Nullable Rule at(String text, int at, boolean special) {
    for (Rule rule : rules.getOrDefault(text.charAt(at), List.of())) {
      if ((special || !rule.special()) && text.startsWith(rule.text(), at)) {
        return rule;
      }
    }
    return null;
  }

  private static boolean touchesWord(String text, Match match) {
    return (match.start() > 0 && Characters.isWord(text.codePointBefore(match.start())))
        || (match.end() < text.length() && Characters.isWord(text.codePointAt(match.end())));
  }

  private static int spaceStart(String text, int end) {
    int start = end;
    while (start > 0 && Characters.isWhitespace(text.charAt(start - 1))) {
      start--;
    }
    return start;
  }

  private static int spaceEnd(String text, int start) {
    int end = start;
    while (end < text.length() && Characters.isWhitespace(text.charAt(end))) {
      end++;
    }
    return end;
  }
}
