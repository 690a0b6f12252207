package dev.bascule.formats.tokenizer;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntPredicate;

/** Splits a text into the pieces over whose borders no token reaches. */
sealed interface PreTokenizer {
  /** Leaves the text in one piece. */
  static PreTokenizer none() {
    return new Chain(List.of());
  }

  /**
   * Hands over the pieces, none of them empty.
   *
   * @param starts whether the text stands at the start of what the user gave
   */
  void split(String text, boolean starts, Consumer<String> pieces);

  /** One after another, each on the pieces of the one before. */
  record Chain(List<PreTokenizer> steps) implements PreTokenizer {
    public Chain {
      steps = List.copyOf(steps);
    }

    @Override
    public void split(String text, boolean starts, Consumer<String> pieces) {
      split(0, text, starts, pieces);
    }

    private void split(int step, String text, boolean starts, Consumer<String> pieces) {
      if (text.isEmpty()) {
        return;
      }
      if (step == steps.size()) {
        pieces.accept(text);
        return;
      }
      boolean[] first = {starts};
      steps
          .get(step)
          .split(
              text,
              starts,
              piece -> {
                split(step + 1, piece, first[0], pieces);
                first[0] = false;
              });
    }
  }

  /** What becomes of that which matches. */
  enum Behavior {
    REMOVED,
    ISOLATED,
    MERGED_WITH_PREVIOUS,
    MERGED_WITH_NEXT,
    CONTIGUOUS
  }

  /** Splits where a pattern matches. */
  record Split(SplitPattern pattern, Behavior behavior, boolean inverted) implements PreTokenizer {
    @Override
    public void split(String text, boolean starts, Consumer<String> pieces) {
      Cutter cutter = new Cutter(text, behavior, pieces);
      pattern.spans(text, (start, end, matches) -> cutter.span(start, end, matches != inverted));
      cutter.finish();
    }
  }

  /** Splits at single characters of a class. */
  record Characterwise(IntPredicate matches, Behavior behavior) implements PreTokenizer {
    @Override
    public void split(String text, boolean starts, Consumer<String> pieces) {
      Cutter cutter = new Cutter(text, behavior, pieces);
      int from = 0;
      for (int at = 0; at < text.length(); ) {
        int c = text.codePointAt(at);
        int next = at + Character.charCount(c);
        if (matches.test(c)) {
          if (from < at) {
            cutter.span(from, at, false);
          }
          cutter.span(at, next, true);
          from = next;
        }
        at = next;
      }
      if (from < text.length()) {
        cutter.span(from, text.length(), false);
      }
      cutter.finish();
    }
  }

  /** BERT's: at white space, which goes away, and around punctuation, which stays. */
  static PreTokenizer bert() {
    return new Chain(
        List.of(
            new Characterwise(Characters::isWhitespace, Behavior.REMOVED),
            new Characterwise(Characters::isPunctuation, Behavior.ISOLATED)));
  }

  /** Writes text as bytes in GPT-2's alphabet. */
  record Bytes(boolean addsSpace) implements PreTokenizer {
    @Override
    public void split(String text, boolean starts, Consumer<String> pieces) {
      pieces.accept(ByteAlphabet.write(addsSpace && !text.startsWith(" ") ? " " + text : text));
    }
  }

  /** Puts a space before a text that has none, as GPT-2's settings may ask. */
  record Space() implements PreTokenizer {
    @Override
    public void split(String text, boolean starts, Consumer<String> pieces) {
      pieces.accept(text.startsWith(" ") ? text : " " + text);
    }
  }

  /** Where SentencePiece's mark is put before a text that has none. */
  enum Prefix {
    ALWAYS,
    FIRST,
    NEVER
  }

  /** SentencePiece's: spaces become marks, and words start at marks. */
  record Metaspace(String mark, Prefix prefix, boolean splits) implements PreTokenizer {
    @Override
    public void split(String text, boolean starts, Consumer<String> pieces) {
      String marked = text.replace(" ", mark);
      boolean prefixed = prefix == Prefix.ALWAYS || (prefix == Prefix.FIRST && starts);
      if (prefixed && !marked.startsWith(mark)) {
        marked = mark + marked;
      }
      if (splits && !mark.isEmpty()) {
        int start = 0;
        for (int at = marked.indexOf(mark, 1); at >= 0; at = marked.indexOf(mark, at + 1)) {
          pieces.accept(marked.substring(start, at));
          start = at;
        }
        pieces.accept(marked.substring(start));
      } else {
        pieces.accept(marked);
      }
    }
  }

  /** Puts spans together as a behaviour says. */
  final class Cutter {
    private final String text;
    private final Behavior behavior;
    private final Consumer<String> pieces;
    private int start;
    private int end;
    private boolean held;

    Cutter(String text, Behavior behavior, Consumer<String> pieces) {
      this.text = text;
      this.behavior = behavior;
      this.pieces = pieces;
    }

    void span(int from, int to, boolean matches) {
      boolean joins =
          switch (behavior) {
            case REMOVED, ISOLATED -> false;
            // what matches joins a text before it, and ends the piece
            case MERGED_WITH_PREVIOUS -> matches && !held;
            // what matches begins a piece, which the text behind it joins
            case MERGED_WITH_NEXT -> !matches && held;
            case CONTIGUOUS -> matches == held;
          };
      if (!joins || start == end) {
        finish();
        start = from;
      }
      if (behavior == Behavior.REMOVED && matches) {
        start = to;
      }
      end = to;
      held = matches;
    }

    void finish() {
      if (start < end) {
        pieces.accept(text.substring(start, end));
      }
      start = end;
    }
  }

  /** The pieces in a list: for tests. */
  default List<String> pieces(String text) {
    List<String> pieces = new ArrayList<>();
    split(text, true, pieces::add);
    return pieces;
  }
}
