package dev.bascule.engine;

/**
 * The device memory that a plan takes to run.
 *
 * @param constantBytes weights and other constants as kernels want them, once for all sessions
 * @param stateBytes states at their largest declared dimensions, once for each store
 * @param arenaBytes working memory at the largest declared dimensions, once for each session
 */
public record Footprint(long constantBytes, long stateBytes, long arenaBytes) {
  /** With one session and its store. */
  public long bytes() {
    return constantBytes + stateBytes + arenaBytes;
  }
}
