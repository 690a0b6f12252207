package dev.bascule.cli;

import dev.bascule.plan.Figure;
import dev.bascule.plan.catalogue.Catalogue;
import dev.bascule.plan.performance.Format;
import dev.bascule.plan.performance.Work;
import dev.bascule.plan.placement.Cost;
import dev.bascule.plan.placement.Targets;
import java.util.Optional;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What is asked: a model, tokens, targets, and what power and time cost. */
final class PlanWorkload {
  @Parameters(
      paramLabel = "MODEL",
      description = "a name of 'plan models', a model folder, a config.json or a GGUF file")
  private String model = "";

  @Option(
      names = "--in",
      paramLabel = "N",
      defaultValue = "2048",
      description = "tokens of a prompt (${DEFAULT-VALUE})")
  private int input;

  @Option(
      names = "--out",
      paramLabel = "N",
      defaultValue = "1024",
      description = "tokens of an answer (${DEFAULT-VALUE})")
  private int output;

  @Option(
      names = "--weights",
      paramLabel = "F",
      description = "bf16, fp8, int8, fp4 or int4 (default: 8 bits where the chip has them)")
  private @Nullable String weights;

  @Option(
      names = "--kv",
      paramLabel = "F",
      defaultValue = "bf16",
      description = "format of the cache (${DEFAULT-VALUE})")
  private String cache = "bf16";

  @Option(
      names = "--prefix-hits",
      paramLabel = "SHARE",
      description = "prompt tokens that the cache has already, such as 0.5")
  private double prefixHits;

  @Option(
      names = "--draft",
      paramLabel = "N",
      description = "tokens guessed ahead in a step (speculative decoding, MTP)")
  private int drafted;

  @Option(
      names = "--accept",
      paramLabel = "SHARE",
      defaultValue = "0.7",
      description = "chance that a guess is right (${DEFAULT-VALUE})")
  private double accepted;

  @Option(
      names = "--tpot",
      paramLabel = "MS",
      defaultValue = "50",
      description = "longest time per token (${DEFAULT-VALUE} ms)")
  private double tpotMillis;

  @Option(
      names = "--ttft",
      paramLabel = "MS",
      description = "longest time to the first token, without a queue")
  private @Nullable Double ttftMillis;

  @Option(
      names = "--rate",
      paramLabel = "N",
      description = "answer tokens per second in all (default: one copy)")
  private @Nullable Double rate;

  @Option(
      names = "--max-chips",
      paramLabel = "N",
      defaultValue = "512",
      description = "chips of one copy, at most (${DEFAULT-VALUE})")
  private int chipsMax;

  @Option(
      names = "--utilisation",
      paramLabel = "SHARE",
      description = "busy share of the hours (0.6, 0.4..0.8)")
  private @Nullable Double utilisation;

  @Option(names = "--years", paramLabel = "N", description = "years of service (4, 3..6)")
  private @Nullable Double years;

  @Option(names = "--kwh", paramLabel = "USD", description = "price of a kWh (0.08, 0.05..0.12)")
  private @Nullable Double usdPerKwh;

  Work work(Catalogue catalogue) {
    return new Work(
        catalogue.model(model),
        weightsAsked().orElse(Format.BF16),
        Format.of(cache),
        Format.BF16,
        input,
        output,
        prefixHits,
        drafted,
        drafted > 0 ? accepted : 0);
  }

  Optional<Format> weightsAsked() {
    return Optional.ofNullable(weights).map(Format::of);
  }

  Targets targets() {
    return targets(chipsMax);
  }

  Targets targets(int most) {
    return new Targets(
        tpotMillis / 1000,
        ttftMillis == null ? OptionalDouble.empty() : OptionalDouble.of(ttftMillis / 1000),
        rate == null ? OptionalDouble.empty() : OptionalDouble.of(rate),
        most);
  }

  Cost cost() {
    Cost cost = Cost.usual();
    cost =
        utilisation == null ? cost : cost.withUtilisation(positive("--utilisation", utilisation));
    cost = years == null ? cost : cost.withYears(positive("--years", years));
    return usdPerKwh == null ? cost : cost.withUsdPerKwh(positive("--kwh", usdPerKwh));
  }

  private static Figure positive(String option, double value) {
    if (!(value > 0)) {
      throw new RequestException(option + " must be above 0, not " + value);
    }
    return Figure.of(value);
  }
}
