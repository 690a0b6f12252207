package dev.bascule.models;

/**
 * The order of the rows of a weight that gives queries or keys: graphs turn the halves of a head
 * against each other, and many files have neighbours for that. A permutation of rows that queries
 * and keys share changes no score but by the order of its sum.
 *
 * @param headRows rows of one head; 0 where a file's order is that of graphs
 * @param first the first row of a head that is turned
 * @param turned rows of a head that are turned
 */
record RowOrder(int headRows, int first, int turned) {
  private static final RowOrder SAME = new RowOrder(0, 0, 0);

  static RowOrder of(DecoderConfig config, Role role, Family.Pairs pairs) {
    if (pairs == Family.Pairs.HALVES) {
      return SAME;
    }
    int turned = config.rope().dimensions();
    int plain = config.latent().map(DecoderConfig.Latent::plainDim).orElse(0);
    return switch (role) {
      case QUERY, QUERY_UP -> new RowOrder(config.headDim(), plain, turned);
      case KEY -> new RowOrder(config.headDim(), 0, turned);
      case LATENT -> {
        int rank = config.latent().orElseThrow().rank();
        yield new RowOrder(rank + turned, rank, turned);
      }
      default -> SAME;
    };
  }

  boolean isFileOrder() {
    return headRows == 0;
  }

  /** The row of the file that is row {@code row} of the graph's weight. */
  long inFile(long row) {
    if (isFileOrder()) {
      return row;
    }
    long head = row / headRows;
    long i = row % headRows - first;
    if (i < 0 || i >= turned) {
      return row;
    }
    int half = turned / 2;
    return head * headRows + first + (i < half ? 2 * i : 2 * (i - half) + 1);
  }

  /** The row of the graph's weight that is row {@code row} of the file. */
  long inGraph(long row) {
    if (isFileOrder()) {
      return row;
    }
    long head = row / headRows;
    long i = row % headRows - first;
    if (i < 0 || i >= turned) {
      return row;
    }
    return head * headRows + first + i / 2 + i % 2 * (turned / 2);
  }
}
