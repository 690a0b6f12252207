package dev.bascule.plan.performance;

import dev.bascule.plan.catalogue.Catalogue;
import dev.bascule.plan.catalogue.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What real systems get of the roofline: eight shares that all chips have in common, a deviation
 * for each family and phase, and how far predictions for systems that the fit had not seen were
 * off.
 *
 * @param link how much of the traffic between chips costs no time beside its own (above 1: the rest
 *     hides behind computing)
 * @param serving both phases by turns on one chip against each alone
 * @param training matrix products of a training step with experts
 * @param families slowness of prefill and decode beside the common shares; 1 is none
 */
public record Efficiency(
    double prefillCompute,
    double decodeCompute,
    double memory,
    double vector,
    double link,
    double launchSeconds,
    double experts,
    double serving,
    double training,
    Map<String, double[]> families,
    Map<String, Spread> spreads) {
  static final String FILE = "efficiency.csv";
  private static final Set<String> COLUMNS =
      Set.of("name", "value", "prefill", "decode", "median", "wide", "rows");

  public Efficiency {
    families = new TreeMap<>(families);
    spreads = new TreeMap<>(spreads);
  }

  /** The two phases of inference. */
  public enum Phase {
    PREFILL,
    DECODE
  }

  /**
   * Errors on systems left out of the fit, as |ln(predicted/measured)|.
   *
   * @param wide four of five rows are nearer
   */
  public record Spread(double median, double wide, int rows) {}

  public double compute(Phase phase) {
    return switch (phase) {
      case PREFILL -> prefillCompute;
      case DECODE -> decodeCompute;
    };
  }

  public double slowness(String family, Phase phase) {
    double[] own = families.get(family);
    return own == null ? 1 : own[phase.ordinal()];
  }

  public boolean knows(String family) {
    return families.containsKey(family);
  }

  /** The fit that Bascule ships; {@code plan accuracy --write} makes it anew. */
  public static Efficiency shipped() {
    return parse(FILE, Catalogue.resource(FILE));
  }

  static Efficiency parse(String file, String text) {
    Map<String, Double> shares = new TreeMap<>();
    Map<String, double[]> families = new TreeMap<>();
    Map<String, Spread> spreads = new TreeMap<>();
    for (Table.Row row : Table.read(file, text, COLUMNS, Set.of("name")).rows()) {
      String name = row.need("name");
      if (name.startsWith("family ")) {
        families.put(name.substring(7), new double[] {row.number("prefill"), row.number("decode")});
      } else if (name.startsWith("error ")) {
        spreads.put(
            name.substring(6),
            new Spread(row.number("median"), row.number("wide"), (int) row.number("rows")));
      } else {
        shares.put(name, row.number("value"));
      }
    }
    List<Double> values = new ArrayList<>();
    for (String name : NAMES) {
      Double value = shares.get(name);
      if (value == null) {
        throw new dev.bascule.plan.PlanException(
            file + ": expected a row '" + name + "', got none; run plan accuracy --write");
      }
      values.add(value);
    }
    return of(values, families, spreads);
  }

  static final List<String> NAMES =
      List.of(
          "prefill compute",
          "decode compute",
          "memory",
          "vector passes",
          "link",
          "launch seconds",
          "experts",
          "serving",
          "training");

  static Efficiency of(
      List<Double> values, Map<String, double[]> families, Map<String, Spread> spreads) {
    return new Efficiency(
        values.get(0),
        values.get(1),
        values.get(2),
        values.get(3),
        values.get(4),
        values.get(5),
        values.get(6),
        values.get(7),
        values.get(8),
        families,
        spreads);
  }

  List<Double> values() {
    return List.of(
        prefillCompute,
        decodeCompute,
        memory,
        vector,
        link,
        launchSeconds,
        experts,
        serving,
        training);
  }

  /** The file that {@link #shipped} reads. */
  public String toCsv() {
    StringBuilder csv = new StringBuilder("name,value,prefill,decode,median,wide,rows\n");
    for (int i = 0; i < NAMES.size(); i++) {
      csv.append(NAMES.get(i)).append(',').append(plain(values().get(i))).append(",,,,,\n");
    }
    families.forEach((family, slow) ->
        csv.append("family ")
            .append(family)
            .append(",,")
            .append(plain(slow[0]))
            .append(',')
            .append(plain(slow[1]))
            .append(",,,\n"));
    spreads.forEach((phase, spread) ->
        csv.append("error ")
            .append(phase)
            .append(",,,,")
            .append(plain(spread.median()))
            .append(',')
            .append(plain(spread.wide()))
            .append(',')
            .append(spread.rows())
            .append('\n'));
    return csv.toString();
  }

  private static String plain(double value) {
    return String.format(Locale.ROOT, "%.8f", value);
  }
}
