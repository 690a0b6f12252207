package dev.bascule.formats.tokenizer;

import java.util.BitSet;
import java.util.List;
import java.util.OptionalInt;

/** The tokens of a vocabulary: texts and ids, and which of them have a part to play. */
public final class TokenList {
  /**
   * The tokens that steer a model.
   *
   * @param begin stands before a text
   * @param end the tokens after which a model is done, the usual one first
   */
  public record Roles(OptionalInt begin, List<Integer> end, OptionalInt unknown) {
    /** Nothing is known. */
    public static final Roles NONE = new Roles(OptionalInt.empty(), List.of(), OptionalInt.empty());

    public Roles {
      end = List.copyOf(end);
    }
  }

  private final Vocabulary vocabulary;
  private final BitSet added;
  private final BitSet special;
  private final Roles roles;

  TokenList(Vocabulary vocabulary, BitSet added, BitSet special, Roles roles) {
    this.vocabulary = vocabulary;
    this.added = (BitSet) added.clone();
    this.special = (BitSet) special.clone();
    this.roles = roles;
  }

  TokenList with(Roles others) {
    return new TokenList(vocabulary, added, special, others);
  }

  /** One more than the largest id. */
  public int size() {
    return vocabulary.size();
  }

  /** The id of a token by its text as the vocabulary writes it. */
  public OptionalInt id(String text) {
    return vocabulary.find(text);
  }

  /** A token as the vocabulary writes it; nothing for an id that no token has. */
  public String text(int id) {
    return vocabulary.text(id);
  }

  /** Whether the token steers the model and is no text. */
  public boolean isSpecial(int id) {
    return id >= 0 && special.get(id);
  }

  /** Whether a model is done after this token. */
  public boolean isEnd(int id) {
    return roles.end().contains(id);
  }

  /** Whether the token's text is to be taken as it stands. */
  boolean isAdded(int id) {
    return id >= 0 && added.get(id);
  }

  /** What the tokens are for, as far as the file says. */
  public Roles roles() {
    return roles;
  }
}
