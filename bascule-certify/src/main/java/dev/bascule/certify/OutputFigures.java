package dev.bascule.certify;

import java.util.Optional;

/**
 * What became of one output.
 *
 * @param between the first run and the second
 * @param firstError the first run's distance from f64, on the sample
 * @param secondError the second run's
 */
public record OutputFigures(
    String name,
    Difference between,
    Optional<Difference> firstError,
    Optional<Difference> secondError) {}
