package dev.bascule.formats.tokenizer;

/**
 * Takes the merges of a file, first one first, and finds the two parts of each and what they become
 * by their bytes: no merge costs an object.
 */
final class MergeReader {
  private final TextTable texts;
  private final boolean makesSymbols;
  private final MergeTable table;
  private int rank;
  private int last = -1;

  /**
   * Reads merges of these symbols.
   *
   * @param makesSymbols whether what is no symbol yet becomes one
   */
  MergeReader(Symbols symbols, boolean makesSymbols, int merges) {
    this.texts = symbols.texts();
    this.makesSymbols = makesSymbols;
    this.table = new MergeTable(merges);
  }

  /** Where the first space of these bytes is, or {@code to}. */
  static int space(byte[] utf8, int from, int to) {
    int at = from;
    while (at < to && utf8[at] != ' ') {
      at++;
    }
    return at;
  }

  /** Takes the next merge, two parts around a space; false if there are no such symbols. */
  boolean add(byte[] utf8, int from, int to, int space) {
    return add(utf8, from, space, utf8, space + 1, to);
  }

  /** Takes the next merge; false if there are no such symbols. */
  boolean add(byte[] left, int from, int to, byte[] right, int rightFrom, int rightTo) {
    long hash = texts.hash(left, from, to);
    int first = texts.find(hash, left, from, to);
    if (first < 0 && makesSymbols) {
      first = made(texts.append(left, from, to));
    }
    long rightHash = texts.hash(right, rightFrom, rightTo);
    int second = texts.find(rightHash, right, rightFrom, rightTo);
    if (second < 0 && makesSymbols) {
      second = made(texts.append(right, rightFrom, rightTo));
    }
    // training numbered tokens as it merged them: most become the token behind the last
    int result = last + 1;
    if (!texts.isJoined(result, left, from, to, right, rightFrom, rightTo)) {
      long joinedHash = texts.hash(hash, right, rightFrom, rightTo);
      result = texts.findJoined(joinedHash, left, from, to, right, rightFrom, rightTo);
    }
    if (result < 0 && makesSymbols) {
      result = made(texts.append(left, from, to, right, rightFrom, rightTo));
    }
    if (first < 0 || second < 0 || result < 0) {
      return false;
    }
    last = result;
    table.put(first, second, MergeTable.merge(rank++, result));
    return true;
  }

  private int made(int symbol) {
    texts.index(symbol);
    return symbol;
  }

  Merges merges() {
    return new Merges.Listed(table);
  }
}
