package dev.bascule.formats.importer;

import dev.bascule.core.graph.Value;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * ONNX's operators, one row each: its domain and name, the operator set version from which on the
 * row holds (until the next row of the same name), and how a node becomes ops. Source:
 * https://onnx.ai/onnx/operators/
 */
final class Operators {
  static final int OPSET_MIN = 1;
  static final int OPSET_MAX = 25;

  /** Makes the outputs of a node; as many as the operator has, or fewer from the end. */
  interface Rewrite {
    List<Value> rewrite(NodeContext node);
  }

  /** A rewrite with one output. */
  interface Single {
    Value rewrite(NodeContext node);
  }

  /** Collects rows. */
  static final class Table {
    private final Map<String, NavigableMap<Long, Rewrite>> rows = new HashMap<>();

    void rows(String name, long since, Rewrite rewrite) {
      if (this.rows.computeIfAbsent(name, ignored -> new TreeMap<>()).put(since, rewrite) != null) {
        throw new IllegalStateException("two rows for " + name + " since " + since);
      }
    }

    void row(String name, long since, Single rewrite) {
      rows(name, since, node -> List.of(rewrite.rewrite(node)));
    }
  }

  private static final Operators STANDARD = standard();

  private final Map<String, NavigableMap<Long, Rewrite>> rows;

  private Operators(Map<String, NavigableMap<Long, Rewrite>> rows) {
    this.rows = Map.copyOf(rows);
  }

  /** The operators of ONNX's own domain. */
  static Operators onnx() {
    return STANDARD;
  }

  private static Operators standard() {
    Table table = new Table();
    ArithmeticOperators.addTo(table);
    ActivationOperators.addTo(table);
    ReductionOperators.addTo(table);
    MovementOperators.addTo(table);
    IndexOperators.addTo(table);
    ShapeOperators.addTo(table);
    NormalizationOperators.addTo(table);
    MatrixOperators.addTo(table);
    EinsumOperator.addTo(table);
    LossOperators.addTo(table);
    return new Operators(table.rows);
  }

  Optional<Rewrite> find(String name, long opset) {
    return Optional.ofNullable(rows.get(name))
        .map(versions -> versions.floorEntry(opset))
        .map(Map.Entry::getValue);
  }

  Set<String> names() {
    return new TreeSet<>(rows.keySet());
  }
}
