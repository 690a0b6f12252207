package dev.bascule.plan.policy;

import dev.bascule.plan.Figure;
import dev.bascule.plan.catalogue.Chip;
import dev.bascule.plan.catalogue.Quantity;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What rules judge: a chip for a workload at a place.
 *
 * @param labels of the workload, such as government or training
 * @param place the country where the chip stands; empty where it was not said
 * @param headquarters the country of the owner's headquarters
 * @param chips how many are asked for
 * @param vendorShare the share of all chips (with those there are) that this vendor will have
 */
public record Subject(
    Chip chip,
    List<String> labels,
    String place,
    String headquarters,
    int chips,
    double vendorShare) {
  public Subject {
    labels = List.copyOf(labels);
  }

  /** Every variable of the language, and what it means. */
  public static final Map<String, String> VARIABLES = variables();

  private static Map<String, String> variables() {
    Map<String, String> all = new LinkedHashMap<>();
    all.put("chip", "text: the chip's name in the catalogue");
    all.put("vendor", "text: its vendor");
    all.put("origin", "text: the vendor's country");
    all.put("family", "text: its family");
    all.put("datacenter", "truth: designed or marketed for data centres");
    all.put("tpp", "number: total processing performance, from the chip's row");
    all.put("pd", "number: performance density, tpp for each mm2 of logic die");
    all.put("dram", "number: memory bandwidth in GB/s");
    all.put("io", "number: link bandwidth in GB/s, both directions");
    all.put("memory", "number: memory in GB");
    all.put("tdp", "number: W");
    all.put("price", "number: USD");
    all.put("labels", "list of texts: the workload's labels (--label)");
    all.put("place", "text: where the chip stands (--place)");
    all.put("hq", "text: where the owner has its headquarters (--hq)");
    all.put("chips", "number: how many chips are asked for");
    all.put("share", "number 0 to 1: this vendor's share of all chips, with --fleet");
    return java.util.Collections.unmodifiableMap(all);
  }

  /** The values of the variables; a figure that the catalogue lacks is not among them. */
  public Map<String, Object> values() {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("chip", chip.name());
    values.put("vendor", chip.vendor());
    values.put("origin", chip.origin());
    values.put("family", chip.family());
    values.put("datacenter", chip.forDataCentres());
    values.put("labels", labels);
    values.put("place", place);
    values.put("hq", headquarters);
    values.put("chips", (double) chips);
    values.put("share", vendorShare);
    put(values, "tpp", chip.totalProcessingPerformance());
    put(values, "pd", chip.performanceDensity());
    put(values, "dram", chip.figure(Quantity.MEMORY_GBPS));
    put(values, "io", io());
    put(values, "memory", chip.figure(Quantity.MEMORY_GB));
    put(values, "tdp", chip.figure(Quantity.TDP_W));
    put(values, "price", chip.figure(Quantity.PRICE_USD));
    return values;
  }

  /** A card without a link has none to count. */
  private Optional<Figure> io() {
    return chip.link().startsWith("none")
        ? Optional.of(Figure.of(0))
        : chip.figure(Quantity.LINK_GBPS);
  }

  private static void put(Map<String, Object> values, String name, Optional<Figure> figure) {
    figure.ifPresent(f -> values.put(name, f.value()));
  }
}
