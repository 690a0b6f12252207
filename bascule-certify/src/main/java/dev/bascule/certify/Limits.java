package dev.bascule.certify;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What the user allows.
 *
 * @param zeroBits whether every bit must be equal
 * @param klMax the largest mean Kullback-Leibler divergence, in nats a token
 * @param top1Min the smallest share of tokens on which the likeliest next token agrees
 * @param errorMax the largest difference of any output, as a part of its largest number
 */
public record Limits(
    boolean zeroBits, OptionalDouble klMax, OptionalDouble top1Min, OptionalDouble errorMax) {

  /** Whether anything is asked for. */
  public boolean isEmpty() {
    return !zeroBits && klMax.isEmpty() && top1Min.isEmpty() && errorMax.isEmpty();
  }

  /** What of this is broken, in words. */
  List<String> broken(
      List<OutputFigures> outputs, Optional<LanguageFigures> language, List<OpFigures> ops) {
    List<String> broken = new ArrayList<>();
    if (zeroBits) {
      // a difference that later roundings hide is a difference
      ops.stream()
          .filter(op -> OpFigures.isOrigin(op, ops))
          .findFirst()
          .ifPresent(op ->
              broken.add(
                  "zero bits: "
                      + op.place()
                      + " is the first that differs, though what it reads is equal"));
    }
    for (OutputFigures output : outputs) {
      Difference between = output.between();
      if (zeroBits && !between.isNone()) {
        broken.add(
            "zero bits: "
                + between.differing()
                + " of "
                + between.elements()
                + " numbers of output '"
                + output.name()
                + "' differ");
      }
      if (errorMax.isPresent() && !(between.largestShare() <= errorMax.getAsDouble())) {
        broken.add(
            "error: output '"
                + output.name()
                + "' is off by "
                + between.largestShare()
                + " of its largest number, allowed are "
                + errorMax.getAsDouble());
      }
    }
    language.ifPresent(figures -> broken.addAll(broken(figures)));
    return broken;
  }

  private List<String> broken(LanguageFigures figures) {
    List<String> broken = new ArrayList<>();
    if (klMax.isPresent() && !(figures.meanKl() <= klMax.getAsDouble())) {
      broken.add("KL divergence: " + figures.meanKl() + ", allowed are " + klMax.getAsDouble());
    }
    if (top1Min.isPresent() && !(figures.top1() >= top1Min.getAsDouble())) {
      broken.add("top-1 agreement: " + figures.top1() + ", asked for are " + top1Min.getAsDouble());
    }
    return broken;
  }
}
