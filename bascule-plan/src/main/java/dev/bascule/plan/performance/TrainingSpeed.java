package dev.bascule.plan.performance;

import dev.bascule.plan.Figure;
import dev.bascule.plan.PlanException;
import dev.bascule.plan.catalogue.Catalogue;
import dev.bascule.plan.catalogue.Chip;
import dev.bascule.plan.catalogue.Measurement;
import dev.bascule.plan.catalogue.Measurement.Phase;
import dev.bascule.plan.catalogue.ModelShape;
import dev.bascule.plan.catalogue.Quantity;
import java.util.ArrayList;
import java.util.List;

/**
 * A training step: three times the operations of a forward pass (forward, and backward for inputs
 * and for weights) at the sustained rate, times one fitted share that stands for communication,
 * pipeline bubbles, recomputation and unequal experts.
 */
public final class TrainingSpeed {
  /** Weights, gradients and two moments, at 2 + 2 + 4 + 4 bytes, and the 4 of a master copy. */
  private static final double STATE_BYTES_PER_PARAMETER = 16;

  /**
   * Dense models lose less: above 50 % of the peak by the only published bound (Pangu Ultra 135B),
   * where experts reach 30 % of the same chips.
   */
  private static final double DENSE_GAIN = 5.0 / 3;

  private TrainingSpeed() {}

  /** A measured run, and the rate that the sustained matrix rate alone would give. */
  record Row(Measurement measurement, double measured, double ideal) {
    String system() {
      return measurement.chip();
    }
  }

  static List<Row> rows(Catalogue catalogue, Sustained sustained) {
    List<Row> rows = new ArrayList<>();
    for (Measurement measurement : catalogue.measurements()) {
      measurement
          .conditions()
          .filter(conditions -> conditions.phase() == Phase.TRAINING)
          .ifPresent(conditions -> {
            Hardware hardware =
                Hardware.of(catalogue.chip(measurement.chip()), sustained, Hardware.End.VALUE);
            ModelShape model = catalogue.model(measurement.model());
            double ideal =
                idealRate(hardware, model, Format.of(conditions.weights()), conditions.input());
            rows.add(new Row(measurement, conditions.value(), ideal));
          });
    }
    return rows;
  }

  /** The share of the ideal rate that the rows reach: their geometric mean. */
  static double fit(List<Row> rows) {
    return Math.exp(
        rows.stream()
            .mapToDouble(row -> Math.log(row.measured() / row.ideal()))
            .average()
            .orElse(Math.log(0.3)));
  }

  /** Tokens per second and chip, were nothing in the way of the matrix products. */
  static double idealRate(Hardware hardware, ModelShape model, Format weights, int sequence) {
    double products = 2.0 * (model.activeParameters() - inputEmbedding(model));
    double attention = model.attentionOperations(sequence / 2.0, false);
    return 1
        / (3 * (products / hardware.rate(weights.computeBits()) + attention / hardware.bf16Rate()));
  }

  private static long inputEmbedding(ModelShape model) {
    return model.tiedEmbeddings() ? 0 : model.embeddingParameters();
  }

  /**
   * A run.
   *
   * @param utilisation operations of the model over the BF16 peak (MFU, attention counted causally)
   */
  public record Estimate(
      Figure tokensPerSecond,
      Figure days,
      double utilisation,
      double stateBytesPerChip,
      double capacityBytes,
      boolean fits) {}

  /**
   * {@code tokens} through {@code model} on {@code chips} chips, state sharded over all of them.
   */
  public static Estimate estimate(
      Speed speed,
      Chip chip,
      int chips,
      ModelShape model,
      Format weights,
      int sequence,
      double tokens) {
    if (chips < 1 || tokens <= 0 || sequence < 1) {
      throw new PlanException(
          "training needs chips, tokens and a sequence above 0, got "
              + chips
              + ", "
              + Figure.digits(tokens)
              + " and "
              + sequence);
    }
    Hardware hardware = speed.hardware(chip, Hardware.End.VALUE);
    double share = speed.efficiency().training() * (model.experts().isPresent() ? 1 : DENSE_GAIN);
    double each = idealRate(hardware, model, weights, sequence) * share;
    double low =
        idealRate(speed.hardware(chip, Hardware.End.LOW), model, weights, sequence) * share;
    double high =
        idealRate(speed.hardware(chip, Hardware.End.HIGH), model, weights, sequence) * share;
    Figure rate = speed.range(chip.family(), "training", low, each, high).times(chips);
    double operations =
        6.0 * (model.activeParameters() - inputEmbedding(model))
            + 3 * model.attentionOperations(sequence / 2.0, false);
    double peak = chip.need(Quantity.BF16_TFLOPS, "training").value() * 1e12;
    double state = model.parameters() * STATE_BYTES_PER_PARAMETER / chips;
    double room = hardware.memoryBytes() * (1 - MemoryFit.RESERVE);
    return new Estimate(
        rate,
        Figure.of(tokens / 86400).over(rate),
        each * operations / peak,
        state,
        hardware.memoryBytes(),
        state < room);
  }
}
