package dev.bascule.certify;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How far the numbers of a second run lie from those of a first: of one model on two devices, or of
 * two models on one.
 *
 * @param bascule the version that made it
 * @param created when, as ISO 8601
 * @param request what was asked for, as JSON: enough to ask for it again
 * @param inputHash SHA-256 over all inputs
 * @param models the first run's and the second's, as JSON
 * @param devices the first run's and the second's
 * @param ops every labelled value, in the order of computation
 * @param firstDifference the first op whose value differs though what it is computed from is equal
 * @param firstAboveRounding the first op that makes a difference larger than roundings do
 */
public record Certificate(
    String bascule,
    String created,
    Map<String, Object> request,
    String inputHash,
    List<Map<String, Object>> models,
    List<Platform> devices,
    List<OutputFigures> outputs,
    Optional<LanguageFigures> language,
    Optional<Histogram> histogram,
    List<OpFigures> ops,
    Optional<OpFigures> firstDifference,
    Optional<OpFigures> firstAboveRounding,
    List<Repetition> repetitions,
    Limits limits,
    List<String> broken) {

  /**
   * A device that ran.
   *
   * @param name as the user wrote it
   * @param description as the device says
   * @param kernels those chosen, and why, one a line
   */
  public record Platform(String name, String description, String numerics, List<String> kernels) {
    public Platform {
      kernels = List.copyOf(kernels);
    }
  }

  public Certificate {
    request = Collections.unmodifiableMap(new LinkedHashMap<>(request));
    models = List.copyOf(models);
    devices = List.copyOf(devices);
    outputs = List.copyOf(outputs);
    ops = List.copyOf(ops);
    repetitions = List.copyOf(repetitions);
    broken = List.copyOf(broken);
  }

  /** Whether no limit is broken. */
  public boolean isPassed() {
    return broken.isEmpty();
  }

  /** Whether every bit of every output is equal, and of every value on the way. */
  public boolean isEqual() {
    return outputs.stream().allMatch(output -> output.between().isNone())
        && ops.stream().allMatch(op -> op.between().isNone());
  }
}
