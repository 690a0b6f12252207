package dev.bascule.plan.placement;

import dev.bascule.plan.Figure;
import dev.bascule.plan.catalogue.Chip;
import dev.bascule.plan.performance.Format;
import dev.bascule.plan.performance.Layout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * A way to run a workload: one pool of chips that does both phases, or one for prompts and one for
 * answers.
 *
 * @param rate answer tokens per second of each chip, the chips that read prompts counted
 * @param secondsPerToken of an answer, as a user sees it
 * @param secondsToFirst without a queue
 * @param moveSeconds of moving a prompt's cache between pools; 0 with one pool
 * @param usdPerMillion for a million answer tokens, prompts included; empty where a price lacks
 * @param watts of all chips at the plug, servers and cooling among them
 * @param purchaseUsd of all chips and their share of servers
 * @param costGap what a cost lacks; empty where there is one
 */
public record Option(
    List<Pool> pools,
    Figure rate,
    Figure secondsPerToken,
    Figure secondsToFirst,
    double moveSeconds,
    Optional<Figure> usdPerMillion,
    Optional<Figure> watts,
    Optional<Figure> purchaseUsd,
    String costGap) {
  public Option {
    pools = List.copyOf(pools);
  }

  /** What a pool does. */
  public enum Role {
    BOTH("prompts and answers"),
    PROMPTS("prompts"),
    ANSWERS("answers");

    private final String text;

    Role(String text) {
      this.text = text;
    }

    public String text() {
      return text;
    }
  }

  /**
   * So many copies of a model on one kind of chip.
   *
   * @param batch sequences on each chip
   */
  public record Pool(
      Role role, Chip chip, Layout layout, Format weights, double batch, int copies) {
    public int chips() {
      return copies * layout.chips();
    }

    Pool withCopies(int others) {
      return new Pool(role, chip, layout, weights, batch, others);
    }

    public String text() {
      return chips() + " x " + chip.name() + ", " + layout.text() + ", " + weights.text();
    }
  }

  public int chips() {
    return pools.stream().mapToInt(Pool::chips).sum();
  }

  /** Chips of the pools that {@code wanted} takes. */
  int chips(Predicate<Pool> wanted) {
    return pools.stream().filter(wanted).mapToInt(Pool::chips).sum();
  }

  /** Answer tokens per second of the whole. */
  public Figure total() {
    return rate.times(chips());
  }

  public Set<Chip> kinds() {
    Set<Chip> kinds = new LinkedHashSet<>();
    pools.forEach(pool -> kinds.add(pool.chip()));
    return kinds;
  }

  public boolean isSplit() {
    return pools.getFirst().role() != Role.BOTH;
  }

  public String text() {
    StringBuilder text = new StringBuilder();
    for (Pool pool : pools) {
      text.append(text.isEmpty() ? "" : " + ")
          .append(pool.text())
          .append(pool.role() == Role.BOTH ? "" : " for " + pool.role().text());
    }
    return text.toString();
  }

  /** For a program; rates in tokens per second, times in seconds. */
  public Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    List<Object> parts = new ArrayList<>();
    for (Pool pool : pools) {
      Map<String, Object> part = new LinkedHashMap<>();
      part.put("role", pool.role().text());
      part.put("chip", pool.chip().name());
      part.put("chips", pool.chips());
      part.put("copies", pool.copies());
      part.put("tensor", pool.layout().tensor());
      part.put("expert", pool.layout().expert());
      part.put("pipeline", pool.layout().pipeline());
      part.put("weights", pool.weights().text());
      part.put("batch_per_chip", pool.batch());
      parts.add(part);
    }
    json.put("text", text());
    json.put("pools", parts);
    json.put("rate_per_chip", rate.json());
    json.put("rate", total().json());
    json.put("seconds_per_token", secondsPerToken.json());
    json.put("seconds_to_first", secondsToFirst.json());
    json.put("seconds_to_move_cache", moveSeconds);
    usdPerMillion.ifPresent(usd -> json.put("usd_per_million_tokens", usd.json()));
    watts.ifPresent(w -> json.put("watts", w.json()));
    purchaseUsd.ifPresent(usd -> json.put("purchase_usd", usd.json()));
    json.put("cost_gap", costGap);
    return json;
  }
}
