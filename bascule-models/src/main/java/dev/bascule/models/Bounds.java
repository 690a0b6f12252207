package dev.bascule.models;

/**
 * What no decoder exceeds, whatever its file says: several times the largest that is known, and so
 * small that sizes of weights stay within 63 bits and tables within little memory.
 */
final class Bounds {
  static final int LAYERS = 1 << 14;
  static final int HEADS = 1 << 14;
  static final int HEAD_DIM = 1 << 12;

  /** Of latent vectors. */
  static final int RANK = 1 << 14;

  /** Of hidden states and feed-forward layers. */
  static final int WIDTH = 1 << 20;

  static final int EXPERTS = 1 << 14;
  static final int SHARED_EXPERTS = 1 << 10;
  static final int VOCABULARY = 1 << 24;
  static final int CONTEXT = 1 << 30;

  static final double EPSILON = 1;

  /** The base of rotary frequencies: its logarithm is divided by. */
  static final double THETA_MIN = 2;

  static final double THETA_MAX = 1e30;
  static final double FACTOR_MIN = 1e-3;
  static final double FACTOR_MAX = 1e6;

  private Bounds() {}
}
