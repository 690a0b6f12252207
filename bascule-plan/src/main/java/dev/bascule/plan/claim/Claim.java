package dev.bascule.plan.claim;

import dev.bascule.plan.PlanException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A statement in one of the forms that can be held against facts. */
public sealed interface Claim {

  /** One chip reaches a share of another: in general, or on a model. */
  record Ratio(String text, String chip, String other, double share, Optional<String> model)
      implements Claim {}

  /** One chip is as fast as another and cheaper by a share. */
  record Match(String text, String chip, String other, double cheaperBy) implements Claim {}

  /** A chip has a figure. */
  record Peak(String text, String chip, double tflops) implements Claim {}

  /** The words themselves. */
  String text();

  String FORMS =
      "'CHIP inference is 60 % of CHIP', 'CHIP matches CHIP at 40 % lower price', 'MODEL on CHIP reaches 80 % of"
          + " CHIP', 'CHIP: 320 TFLOPS'";

  /** What a text says. */
  static Claim parse(String text) {
    String plain = text.strip().replaceAll("\\s+", " ");
    Matcher ratio = Forms.RATIO.matcher(plain);
    if (ratio.matches()) {
      return new Ratio(
          plain, ratio.group(1), ratio.group(3), percent(ratio.group(2)), Optional.empty());
    }
    Matcher onModel = Forms.MODEL_RATIO.matcher(plain);
    if (onModel.matches()) {
      return new Ratio(
          plain,
          onModel.group(2),
          onModel.group(4),
          percent(onModel.group(3)),
          Optional.of(onModel.group(1)));
    }
    Matcher match = Forms.MATCH.matcher(plain);
    if (match.matches()) {
      return new Match(plain, match.group(1), match.group(2), percent(match.group(3)));
    }
    Matcher peak = Forms.PEAK.matcher(plain);
    if (peak.matches()) {
      return new Peak(plain, peak.group(1), Double.parseDouble(peak.group(2)));
    }
    throw new PlanException(
        "claim: expected one of " + FORMS + ", got " + PlanException.quote(text));
  }

  private static double percent(String number) {
    return Double.parseDouble(number) / 100;
  }

  /** The forms, as patterns. */
  final class Forms {
    private static final String PERCENT = "([\\d.]+) ?(?:%|percent)";
    private static final Pattern RATIO =
        Pattern.compile(
            "(.+?)(?:'s)? inference (?:is|reaches) " + PERCENT + " of (?:an? )?(.+?)",
            Pattern.CASE_INSENSITIVE);
    private static final Pattern MODEL_RATIO =
        Pattern.compile(
            "(.+?) on (?:an? )?(.+?) reaches " + PERCENT + " of (?:an? )?(.+?)",
            Pattern.CASE_INSENSITIVE);
    private static final Pattern MATCH =
        Pattern.compile(
            "(.+?) matches (?:an? )?(.+?) at (?:an? )?" + PERCENT + " lower price",
            Pattern.CASE_INSENSITIVE);
    private static final Pattern PEAK =
        Pattern.compile("(.+?)(?: has| is)?:? ([\\d.]+) TFLOPS", Pattern.CASE_INSENSITIVE);

    private Forms() {}
  }

  /** The answer: what the roofline says, what measurements say, when it is true. */
  record Answer(
      Claim claim,
      Verdict verdict,
      List<String> roofline,
      List<String> measured,
      List<String> conditions,
      List<String> rows) {
    public Answer {
      roofline = List.copyOf(roofline);
      measured = List.copyOf(measured);
      conditions = List.copyOf(conditions);
      rows = List.copyOf(rows);
    }
  }

  /** How a claim stands. */
  enum Verdict {
    HOLDS,
    DEPENDS,
    DOES_NOT_HOLD;

    public String text() {
      return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
  }
}
