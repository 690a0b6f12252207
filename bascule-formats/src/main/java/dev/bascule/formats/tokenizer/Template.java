package dev.bascule.formats.tokenizer;

import java.util.List;

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

  /** Tokens that are added. */
  static int added(List<Part> parts) {
    return parts.stream()
        .mapToInt(part -> part instanceof Special special ? special.tokens().size() : 0)
        .sum();
  }
}
