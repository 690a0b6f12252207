package dev.bascule.plan.performance;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Fits the efficiencies to measured rows: least squares of the logarithms with a soft-L1 loss (one
 * row far off pulls no more than linearly), each parameter held near a prior that physics or common
 * practice gives, families held near none (ridge). Levenberg-Marquardt with reweighting; always
 * from the same start, so the result is the same everywhere.
 */
final class Fit {
  /** A row's own scatter between engines and versions. */
  private static final double SCATTER = 0.12;

  /** How far a family is expected to be from all. */
  private static final double FAMILY_SCATTER = 0.2;

  private static final int ROUNDS = 60;
  private static final double STEP = 1e-5;

  /**
   * Priors in the order of {@link Efficiency#NAMES} without training: the value, and the scatter of
   * its logarithm.
   */
  private static final double[][] PRIORS = {
    {0.85, 0.1}, // of the sustained matrix rate, in large batches
    {0.7, 0.3}, // in small ones
    {0.8, 0.15}, // of the memory's peak
    {15, 0.4}, // passes over the activations of a layer
    {0.6, 0.3}, // of the link's peak; above 1 where most of it hides
    {40e-6, 0.5}, // a dense layer's launches and waits
    {0.7, 0.3}, // experts: unequal loads, small matrices
    {0.8, 0.4}, // both phases by turns
  };

  private final List<Observation> observations;
  private final List<String> families;
  private final double training;

  private Fit(List<Observation> observations, double training) {
    this.observations = observations;
    this.families =
        List.copyOf(new TreeSet<>(observations.stream().map(Observation::family).toList()));
    this.training = training;
  }

  static Efficiency of(List<Observation> observations, double training) {
    return new Fit(observations, training).solve();
  }

  private Efficiency efficiency(double[] x) {
    List<Double> values = new ArrayList<>();
    for (int i = 0; i < PRIORS.length; i++) {
      values.add(Math.exp(x[i]));
    }
    values.add(training);
    Map<String, double[]> slowness = new TreeMap<>();
    for (int f = 0; f < families.size(); f++) {
      int at = PRIORS.length + 2 * f;
      slowness.put(families.get(f), new double[] {Math.exp(x[at]), Math.exp(x[at + 1])});
    }
    return Efficiency.of(values, slowness, Map.of());
  }

  private double[] start() {
    double[] x = new double[PRIORS.length + 2 * families.size()];
    for (int i = 0; i < PRIORS.length; i++) {
      x[i] = Math.log(PRIORS[i][0]);
    }
    return x;
  }

  /** Rows first, then how far each parameter is from its prior. */
  private double[] residuals(double[] x) {
    Efficiency efficiency = efficiency(x);
    int rows = observations.size();
    double[] residuals = new double[rows + x.length];
    for (int i = 0; i < rows; i++) {
      Observation row = observations.get(i);
      residuals[i] = Math.log(row.predicted(efficiency) / row.measured()) / SCATTER;
    }
    for (int j = 0; j < x.length; j++) {
      residuals[rows + j] =
          j < PRIORS.length
              ? (x[j] - Math.log(PRIORS[j][0])) / PRIORS[j][1]
              : x[j] / FAMILY_SCATTER;
    }
    return residuals;
  }

  private double loss(double[] residuals) {
    double loss = 0;
    for (int i = 0; i < residuals.length; i++) {
      double square = residuals[i] * residuals[i];
      loss += i < observations.size() ? 2 * (Math.sqrt(1 + square) - 1) : square;
    }
    return loss;
  }

  private Efficiency solve() {
    double[] x = start();
    double[] residuals = residuals(x);
    double loss = loss(residuals);
    double damping = 1e-2;
    for (int round = 0; round < ROUNDS; round++) {
      double[] step = step(x, residuals, damping);
      double[] next = x.clone();
      for (int j = 0; j < x.length; j++) {
        next[j] += Math.clamp(step[j], -0.5, 0.5);
      }
      double[] nextResiduals = residuals(next);
      double nextLoss = loss(nextResiduals);
      if (nextLoss < loss) {
        boolean done = loss - nextLoss < 1e-9 * loss;
        x = next;
        residuals = nextResiduals;
        loss = nextLoss;
        damping = Math.max(damping / 4, 1e-8);
        if (done) {
          break;
        }
      } else {
        damping *= 6;
      }
    }
    return efficiency(x);
  }

  /** The step of the damped, reweighted normal equations. */
  private double[] step(double[] x, double[] residuals, double damping) {
    int n = x.length;
    double[][] jacobian = new double[n][];
    for (int j = 0; j < n; j++) {
      double[] moved = x.clone();
      moved[j] += STEP;
      jacobian[j] = residuals(moved);
      for (int i = 0; i < residuals.length; i++) {
        jacobian[j][i] = (jacobian[j][i] - residuals[i]) / STEP;
      }
    }
    double[][] matrix = new double[n][n + 1];
    for (int i = 0; i < residuals.length; i++) {
      double weight = i < observations.size() ? 1 / Math.sqrt(1 + residuals[i] * residuals[i]) : 1;
      for (int a = 0; a < n; a++) {
        double scaled = weight * jacobian[a][i];
        for (int b = 0; b < n; b++) {
          matrix[a][b] += scaled * jacobian[b][i];
        }
        matrix[a][n] -= scaled * residuals[i];
      }
    }
    for (int a = 0; a < n; a++) {
      matrix[a][a] *= 1 + damping;
    }
    return solve(matrix);
  }

  /** Gauss-Jordan with pivots; the ridge keeps the matrix regular. */
  private static double[] solve(double[][] matrix) {
    int n = matrix.length;
    for (int column = 0; column < n; column++) {
      int pivot = column;
      for (int row = column + 1; row < n; row++) {
        if (Math.abs(matrix[row][column]) > Math.abs(matrix[pivot][column])) {
          pivot = row;
        }
      }
      double[] swapped = matrix[pivot];
      matrix[pivot] = matrix[column];
      matrix[column] = swapped;
      for (int row = 0; row < n; row++) {
        if (row != column) {
          double factor = matrix[row][column] / swapped[column];
          for (int k = column; k <= n; k++) {
            matrix[row][k] -= factor * swapped[k];
          }
        }
      }
    }
    double[] solution = new double[n];
    Arrays.setAll(solution, i -> matrix[i][n] / matrix[i][i]);
    return solution;
  }
}
