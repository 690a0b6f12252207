package dev.bascule.cpu;

/** How a linear layer's launch computes: work that threads share in any order. */
interface LinearPath {
  /** Makes tokens {@code low} to {@code high} ready for the products. */
  void prepare(int worker, long low, long high);

  /** Pieces that the rows of a weight (of one expert) are cut into. */
  long units(int weight);

  /** Bytes of weights in a unit. */
  long unitBytes(int weight);

  /** Results of units {@code low} to {@code high} for some tokens. */
  void multiply(int worker, int weight, long expert, long first, long tokens, long low, long high);
}
