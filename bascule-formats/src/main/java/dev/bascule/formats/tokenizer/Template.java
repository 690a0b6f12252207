package dev.bascule.formats.tokenizer;

import java.util.List;
import java.util.stream.Stream;

/** What a model wants around one text, and around two. */
record Template(List<Part> single, List<Part> pair) {
  /** A part of the sequence, with the type that its tokens get. */
  sealed interface Part {
    int typeId();
  }

  record First(int typeId) implements Part {}

  record Second(int typeId) implements Part {}

  record Special(List<Token> tokens, int typeId) implements Part {
    Special {
      tokens = List.copyOf(tokens);
    }
  }

  /** Nothing around the texts. */
  static final Template NONE =
      new Template(List.of(new First(0)), List.of(new First(0), new Second(1)));

  Template {
    single = List.copyOf(single);
    pair = List.copyOf(pair);
  }

  /** A start before the first text, an end behind each. */
  static Template bert(Token start, Token end) {
    Part before = new Special(List.of(start), 0);
    Part after = new Special(List.of(end), 0);
    Part last = new Special(List.of(end), 1);
    return new Template(
        List.of(before, new First(0), after),
        List.of(before, new First(0), after, new Second(1), last));
  }

  /** A start before the first text, an end behind each, and two ends between; all of one type. */
  static Template roberta(Token start, Token end) {
    Part before = new Special(List.of(start), 0);
    Part after = new Special(List.of(end), 0);
    Part between = new Special(List.of(end, end), 0);
    return new Template(
        List.of(before, new First(0), after),
        List.of(before, new First(0), between, new Second(0), after));
  }

  /** What may stand around each text: {@code before} and {@code after} it. */
  static Template around(List<Token> before, List<Token> after) {
    if (before.isEmpty() && after.isEmpty()) {
      return NONE;
    }
    Part start = new Special(before, 0);
    Part end = new Special(after, 0);
    return new Template(
        List.of(start, new First(0), end),
        List.of(
            start,
            new First(0),
            end,
            new Special(before, 1),
            new Second(1),
            new Special(after, 1)));
  }

  /** The tokens that are put around texts. */
  List<Token> tokens() {
    return Stream.concat(single.stream(), pair.stream())
        .flatMap(part -> part instanceof Special special ? special.tokens().stream() : Stream.of())
        .toList();
  }

  /** Tokens that are added. */
  static int added(List<Part> parts) {
    return parts.stream()
        .mapToInt(part -> part instanceof Special special ? special.tokens().size() : 0)
        .sum();
  }
}
