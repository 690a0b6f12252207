package dev.bascule.plan.placement;

import dev.bascule.plan.Figure;
import dev.bascule.plan.catalogue.Catalogue;
import dev.bascule.plan.catalogue.Chip;
import dev.bascule.plan.performance.Format;
import dev.bascule.plan.performance.Hardware;
import dev.bascule.plan.performance.Hardware.End;
import dev.bascule.plan.performance.Layout;
import dev.bascule.plan.performance.MemoryFit;
import dev.bascule.plan.performance.Speed;
import dev.bascule.plan.performance.Work;
import dev.bascule.plan.placement.Option.Pool;
import dev.bascule.plan.placement.Option.Role;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.DoubleUnaryOperator;
import java.util.function.Function;

/**
 * Tries every layout of a work on a chip. For one chip the best way to answer does not depend on
 * what reads the prompts, so pools for prompts and answers are searched alone and joined after.
 */
public final class Search {
  private static final int[] TENSOR = {1, 2, 4, 8, 16};
  private static final int[] EXPERT = {
    1, 2, 4, 8, 16, 24, 32, 48, 64, 72, 96, 128, 144, 160, 192, 256, 320, 384
  };
  private static final int[] PIPELINE = {1, 2, 4, 8};
  private static final int[] CHUNKS = {512, 1024, 2048, 4096, 8192, Speed.CHUNK_TOKENS};

  /** More copies than this may carry the load of one pool, and their sum is rounded up. */
  private static final int COPIES_MAX = 100_000;

  private final Catalogue catalogue;
  private final Speed speed;
  private final Cost cost;
  private final Targets targets;

  public Search(Catalogue catalogue, Speed speed, Cost cost, Targets targets) {
    this.catalogue = catalogue;
    this.speed = speed;
    this.cost = cost;
    this.targets = targets;
  }

  public Targets targets() {
    return targets;
  }

  /** The same search with another time per token. */
  public Search withSecondsPerToken(double seconds) {
    return new Search(
        catalogue,
        speed,
        cost,
        new Targets(
            seconds, targets.secondsToFirst(), targets.tokensPerSecond(), targets.chipsMax()));
  }

  /** What a chip multiplies the weights in: as asked, or the nearest that it has. */
  public static Work suited(Work work, Chip chip, Optional<Format> asked) {
    if (asked.isPresent()) {
      return work.withWeights(asked.get());
    }
    boolean floats = chip.figure(dev.bascule.plan.catalogue.Quantity.FP8_TFLOPS).isPresent();
    boolean integers = chip.figure(dev.bascule.plan.catalogue.Quantity.INT8_TOPS).isPresent();
    return work.withWeights(floats ? Format.FP8 : integers ? Format.INT8 : Format.BF16);
  }

  /** Every layout in which the weights and one sequence fit. */
  public List<Layout> layouts(Hardware hardware, Work work) {
    List<Layout> fitting = new ArrayList<>();
    for (int pipeline : PIPELINE) {
      for (int tensor : TENSOR) {
        for (int expert : work.model().experts().isPresent() ? EXPERT : new int[] {1}) {
          Layout layout = new Layout(tensor, expert, pipeline);
          if (isSound(hardware, work, layout) && MemoryFit.of(hardware, work, layout).fits()) {
            fitting.add(layout);
          }
        }
      }
      if (!fitting.isEmpty()) {
        break; // stages only where nothing fits without
      }
    }
    return fitting;
  }

  private boolean isSound(Hardware hardware, Work work, Layout layout) {
    boolean experts = work.model().experts().isPresent();
    int group = Math.max(layout.tensor(), layout.expert());
    return layout.chips() <= targets.chipsMax()
        && layout.tensor() <= hardware.linkChips()
        && layout.tensor() <= work.model().heads()
        && (!experts || layout.expert() % layout.tensor() == 0)
        && layout.expert() <= work.model().experts().map(e -> e.routed()).orElse(1) * 2
        && hardware.joins(layout.tensor())
        && hardware.joins(group)
        && hardware.joins(layout.chips());
  }

  /** A layout with what it reaches; {@code score} is what the search makes large. */
  private record Try(Layout layout, double batch, double tokens, double score) {
    /** A larger copy must earn its size: 3 % for each doubling. */
    double worth() {
      return score * (1 - 0.03 * Math.log(layout.chips()) / Math.log(2));
    }
  }

  private static Optional<Try> best(List<Try> tries) {
    Try best = null;
    for (Try one : tries) {
      if (best == null || one.worth() > best.worth()) {
        best = one;
      }
    }
    return Optional.ofNullable(best);
  }

  /** One pool that reads and answers; empty where no layout meets the targets. */
  public Optional<Option> together(Chip chip, Work work) {
    Hardware hardware = speed.hardware(chip, End.VALUE);
    List<Try> tries = new ArrayList<>();
    for (Layout layout : layouts(hardware, work)) {
      double first = firstSeconds(hardware, work, layout);
      double most = MemoryFit.of(hardware, work, layout).sequencesMax(layout);
      double batch = batchTogether(hardware, work, layout, most);
      if (batch > 0 && first <= targets.secondsToFirst().orElse(Double.MAX_VALUE)) {
        tries.add(new Try(layout, batch, 0, speed.serveRate(hardware, work, layout, batch)));
      }
    }
    return best(tries).map(found -> together(chip, hardware, work, found));
  }

  /** Why {@link #together} found nothing, for people. */
  public String whyNot(Chip chip, Work work) {
    Hardware hardware = speed.hardware(chip, End.VALUE);
    List<Layout> layouts = layouts(hardware, work);
    if (layouts.isEmpty()) {
      return "does not fit: "
          + Figure.digits(work.model().parameters() * work.weights().bytes() / 1e9)
          + " GB of "
          + work.weights().text()
          + " weights, chips of "
          + Figure.digits(hardware.memoryBytes() / 1e9)
          + " GB, at most "
          + targets.chipsMax()
          + " of them";
    }
    double fastest = Double.MAX_VALUE;
    double first = Double.MAX_VALUE;
    for (Layout layout : layouts) {
      double batch = 1.0 / layout.chips();
      fastest = Math.min(fastest, batch / speed.serveRate(hardware, work, layout, batch));
      first = Math.min(first, firstSeconds(hardware, work, layout));
    }
    return "too slow: at best "
        + Figure.digits(fastest * 1000)
        + " ms per token and "
        + Figure.digits(first)
        + " s to the first";
  }

  /** The largest batch whose time per token, prompts of others in between, meets the target. */
  private double batchTogether(Hardware hardware, Work work, Layout layout, double most) {
    double low = 1.0 / layout.chips();
    double prompts = speed.promptSeconds(hardware, work, layout);
    DoubleUnaryOperator perToken =
        batch -> batch / speed.serveRate(hardware, work, layout, batch, prompts);
    if (most < low || perToken.applyAsDouble(low) > targets.secondsPerToken()) {
      return 0;
    }
    double high = most;
    if (perToken.applyAsDouble(high) <= targets.secondsPerToken()) {
      return high;
    }
    for (int i = 0; i < 24; i++) {
      double middle = Math.sqrt(low * high);
      if (perToken.applyAsDouble(middle) <= targets.secondsPerToken()) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private Option together(Chip chip, Hardware hardware, Work work, Try found) {
    Layout layout = found.layout();
    Figure rate =
        speed.range(
            chip.family(),
            "serve",
            speed.serveRate(speed.hardware(chip, End.LOW), work, layout, found.batch()),
            found.score(),
            speed.serveRate(speed.hardware(chip, End.HIGH), work, layout, found.batch()));
    int copies = copies(rate.value() * layout.chips());
    Figure perToken = Figure.of(found.batch()).over(rate);
    double first = firstSeconds(hardware, work, layout);
    double spread = speed.spread(chip.family(), "prefill");
    return new Option(
        List.of(new Pool(Role.BOTH, chip, layout, work.weights(), found.batch(), copies)),
        rate,
        perToken,
        new Figure(first / spread, first, first * spread),
        0,
        cost.usdPerHour(chip, catalogue).map(usd -> cost.usdPerMillion(usd, rate)),
        cost.watts(chip, catalogue).map(watts -> watts.times((double) copies * layout.chips())),
        cost.purchaseUsd(chip).map(usd -> usd.times((double) copies * layout.chips())),
        cost.missing(chip, catalogue));
  }

  private int copies(double ratePerCopy) {
    double wanted = targets.tokensPerSecond().orElse(0);
    return (int) Math.clamp(Math.ceil(wanted / ratePerCopy), 1, COPIES_MAX);
  }

  /** Seconds until the first token of a prompt that need not wait. */
  public double firstSeconds(Hardware hardware, Work work, Layout layout) {
    double computed = Math.max(1, work.input() * (1 - work.prefixHits()));
    double left = computed / layout.tensor();
    double seconds = 0;
    while (left > 0) {
      double chunk = Math.min(left, Speed.CHUNK_TOKENS);
      seconds += speed.prefillSeconds(hardware, work, layout, chunk);
      left -= chunk;
    }
    return seconds;
  }

  /** A pool that does one phase: its rate for each chip, and how long a token or a prompt takes. */
  public record Half(
      Chip chip, Work work, Layout layout, double batch, Figure rate, double seconds) {}

  /** The best pool for prompts: rate in prompt tokens. */
  public Optional<Half> prompts(Chip chip, Work work) {
    Hardware hardware = speed.hardware(chip, End.VALUE);
    List<Try> tries = new ArrayList<>();
    for (Layout layout : layouts(hardware, work)) {
      for (int chunk : CHUNKS) {
        double seconds =
            Math.max(
                speed.prefillSeconds(hardware, work, layout, chunk),
                firstSeconds(hardware, work, layout));
        if (seconds <= targets.secondsToFirst().orElse(Double.MAX_VALUE)) {
          double rate = speed.prefillRate(hardware, work, layout, chunk);
          tries.add(new Try(layout, 0, chunk, rate));
        }
      }
    }
    return best(tries)
        .map(found -> {
          Layout layout = found.layout();
          Figure rate =
              speed.range(
                  chip.family(),
                  "prefill",
                  speed.prefillRate(speed.hardware(chip, End.LOW), work, layout, found.tokens()),
                  found.score(),
                  speed.prefillRate(speed.hardware(chip, End.HIGH), work, layout, found.tokens()));
          double seconds =
              Math.max(
                  speed.prefillSeconds(hardware, work, layout, found.tokens()),
                  firstSeconds(hardware, work, layout));
          return new Half(chip, work, layout, 0, rate, seconds);
        });
  }

  /** The best pool for answers: rate in answer tokens. */
  public Optional<Half> answers(Chip chip, Work work) {
    Hardware hardware = speed.hardware(chip, End.VALUE);
    List<Try> tries = new ArrayList<>();
    for (Layout layout : layouts(hardware, work)) {
      speed
          .batchFor(hardware, work, layout, targets.secondsPerToken())
          .ifPresent(batch ->
              tries.add(
                  new Try(layout, batch, 0, speed.decodeRate(hardware, work, layout, batch))));
    }
    return best(tries)
        .map(found -> {
          Layout layout = found.layout();
          double batch = found.batch();
          Figure rate =
              speed.range(
                  chip.family(),
                  "decode",
                  speed.decodeRate(speed.hardware(chip, End.LOW), work, layout, batch),
                  found.score(),
                  speed.decodeRate(speed.hardware(chip, End.HIGH), work, layout, batch));
          return new Half(
              chip,
              work,
              layout,
              batch,
              rate,
              speed.secondsPerToken(hardware, work, layout, batch));
        });
  }

  /** The {@code most} halves that give the most for their cost; those of unknown cost come last. */
  public List<Half> leading(List<Half> halves, int most) {
    return halves.stream()
        .sorted(
            Comparator.<Half>comparingDouble(half ->
                    cost.usdPerHour(half.chip(), catalogue)
                        .map(usd -> usd.value() / half.rate().value())
                        .orElse(Double.MAX_VALUE))
                .thenComparingDouble(half -> -half.rate().value()))
        .limit(most)
        .toList();
  }

  /**
   * One pool for prompts and one for answers, in the proportion that keeps both busy; empty where
   * moving the cache between them is too slow or they cannot be joined.
   */
  public Optional<Option> apart(Half prompts, Half answers) {
    Work work = answers.work();
    Hardware from = speed.hardware(prompts.chip(), End.VALUE);
    Hardware to = speed.hardware(answers.chip(), End.VALUE);
    if (from.networkRate().isEmpty() || to.networkRate().isEmpty()) {
      return Optional.empty();
    }
    double network = Math.min(from.networkRate().getAsDouble(), to.networkRate().getAsDouble());
    double cacheBytes =
        (double) work.model().kvNumbersPerToken() * work.cache().bytes() * work.input();
    double move = cacheBytes / network;
    double first = prompts.seconds() + move + answers.seconds();
    double answerRate = answers.rate().value();
    boolean keepsUp = answerRate / work.output() * cacheBytes < 0.5 * network;
    if (work.output() == 0
        || !keepsUp
        || first > targets.secondsToFirst().orElse(Double.MAX_VALUE)) {
      return Optional.empty();
    }
    double promptTokens = work.input() * (1 - work.prefixHits()) / work.output();
    Pool answering =
        new Pool(
            Role.ANSWERS,
            answers.chip(),
            answers.layout(),
            work.weights(),
            answers.batch(),
            copies(answerRate * answers.layout().chips()));
    Pool reading = reading(prompts, answerRate * answering.chips() * promptTokens);
    int chips = reading.chips() + answering.chips();
    if (chips > Math.max(targets.chipsMax(), 1) && targets.tokensPerSecond().isEmpty()) {
      return Optional.empty();
    }
    Figure rate = answers.rate().times((double) answering.chips() / chips);
    return Optional.of(
        new Option(
            List.of(reading, answering),
            rate,
            Figure.of(answers.batch()).over(answers.rate()),
            Figure.of(first),
            move,
            usdApart(prompts, answers, promptTokens),
            sum(reading, answering, chip -> cost.watts(chip, catalogue)),
            sum(reading, answering, cost::purchaseUsd),
            gap(prompts.chip(), answers.chip())));
  }

  /**
   * As many chips of one as of the other, of different vendors; empty where whole copies of both
   * need more chips than there may be.
   */
  public Optional<Option> mixed(Option one, Option other) {
    Pool a = one.pools().getFirst();
    Pool b = other.pools().getFirst();
    int common = leastCommonMultiple(a.layout().chips(), b.layout().chips());
    if (a.chip().vendor().equals(b.chip().vendor()) || 2 * common > targets.chipsMax()) {
      return Optional.empty();
    }
    double both = one.rate().value() + other.rate().value();
    int each = common * copies(common * both);
    double share = one.rate().value() / both;
    boolean slower = one.secondsPerToken().value() > other.secondsPerToken().value();
    boolean later = one.secondsToFirst().value() > other.secondsToFirst().value();
    return Optional.of(
        new Option(
            List.of(
                a.withCopies(each / a.layout().chips()), b.withCopies(each / b.layout().chips())),
            one.rate().plus(other.rate()).times(0.5),
            slower ? one.secondsPerToken() : other.secondsPerToken(),
            later ? one.secondsToFirst() : other.secondsToFirst(),
            0,
            one.usdPerMillion()
                .flatMap(usd ->
                    other.usdPerMillion().map(its -> usd.times(share).plus(its.times(1 - share)))),
            sum(a, b, each, chip -> cost.watts(chip, catalogue)),
            sum(a, b, each, cost::purchaseUsd),
            gap(a.chip(), b.chip())));
  }

  private static int leastCommonMultiple(int a, int b) {
    int x = a;
    int y = b;
    while (y != 0) {
      int rest = x % y;
      x = y;
      y = rest;
    }
    return a / x * b;
  }

  private static Optional<Figure> sum(
      Pool one, Pool other, int each, Function<Chip, Optional<Figure>> ofEach) {
    return sum(
        one.withCopies(each / one.layout().chips()),
        other.withCopies(each / other.layout().chips()),
        ofEach);
  }

  /** As many copies as read so many prompt tokens per second. */
  private static Pool reading(Half prompts, double load) {
    double each = prompts.rate().value() * prompts.layout().chips();
    int copies = (int) Math.clamp(Math.ceil(load / each), 1, COPIES_MAX);
    return new Pool(
        Role.PROMPTS, prompts.chip(), prompts.layout(), prompts.work().weights(), 0, copies);
  }

  /** What all chips of two pools come to; empty where it is not known of one. */
  private static Optional<Figure> sum(
      Pool one, Pool other, Function<Chip, Optional<Figure>> ofEach) {
    return ofEach
        .apply(one.chip())
        .flatMap(a ->
            ofEach.apply(other.chip()).map(b -> a.times(one.chips()).plus(b.times(other.chips()))));
  }

  private Optional<Figure> usdApart(Half prompts, Half answers, double promptTokens) {
    Optional<Figure> reading =
        cost.usdPerHour(prompts.chip(), catalogue)
            .map(usd -> cost.usdPerMillion(usd, prompts.rate()).times(promptTokens));
    Optional<Figure> answering =
        cost.usdPerHour(answers.chip(), catalogue)
            .map(usd -> cost.usdPerMillion(usd, answers.rate()));
    return reading.flatMap(r -> answering.map(r::plus));
  }

  private String gap(Chip one, Chip other) {
    String first = cost.missing(one, catalogue);
    String second = one.equals(other) ? "" : cost.missing(other, catalogue);
    return first.isEmpty() || second.isEmpty() ? first + second : first + "; " + second;
  }
}
