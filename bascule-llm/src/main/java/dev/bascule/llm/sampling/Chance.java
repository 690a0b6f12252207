package dev.bascule.llm.sampling;

/**
 * Random numbers without a state: Philox-4x32-10, the generator of Bascule's graphs, under a key
 * and a counter. Source: Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3, SC 2011.
 */
final class Chance {
  private static final int ROUNDS = 10;
  private static final long WORD = 0xFFFF_FFFFL;

  private Chance() {}

  /** A number from [0, 1) with 53 random bits, by the seed and the position alone. */
  static double uniform(long seed, long position) {
    int[] block = block(seed, position, 0);
    long bits = (block[0] & WORD) << 32 | block[1] & WORD;
    return (bits >>> 11) * 0x1p-53;
  }

  /** Four words for a key of two words and a counter of four. */
  static int[] block(long key, long counterLow, long counterHigh) {
    long c0 = counterLow & WORD;
    long c1 = counterLow >>> 32;
    long c2 = counterHigh & WORD;
    long c3 = counterHigh >>> 32;
    long k0 = key & WORD;
    long k1 = key >>> 32;
    for (int round = 0; round < ROUNDS; round++) {
      long first = 0xD251_1F53L * c0;
      long second = 0xCD9E_8D57L * c2;
      long next0 = (second >>> 32 ^ c1 ^ k0) & WORD;
      long next2 = (first >>> 32 ^ c3 ^ k1) & WORD;
      c1 = second & WORD;
      c3 = first & WORD;
      c0 = next0;
      c2 = next2;
      k0 = k0 + 0x9E37_79B9L & WORD;
      k1 = k1 + 0xBB67_AE85L & WORD;
    }
    return new int[] {(int) c0, (int) c1, (int) c2, (int) c3};
  }
}
