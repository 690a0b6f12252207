package dev.bascule.formats.importer;

import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.graph.Elementwise;
import dev.bascule.core.graph.Functions;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Value;
import dev.bascule.formats.importer.Operators.Table;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** Losses of class scores [batch, classes, places...] against labels [batch, places...]. */
final class LossOperators {
  private LossOperators() {}

  static void addTo(Table table) {
    table.row(
        "NegativeLogLikelihoodLoss",
        12,
        node -> likelihood(node, node.input(0), node.input(1), node.optional(2)));
    table.rows("SoftmaxCrossEntropyLoss", 12, LossOperators::crossEntropy);
  }

  private static List<Value> crossEntropy(NodeContext node) {
    Value logs = Functions.logSoftmax(node.input(0), 1);
    return List.of(likelihood(node, logs, node.input(1), node.optional(2)), logs);
  }

  private static Value likelihood(
      NodeContext node, Value logs, Value given, Optional<Value> classWeights) {
    Value labels = Ops.unsqueeze(Ops.cast(given, DType.I64), 1); // [batch, 1, places...]
    Value hit = Ops.eq(Ops.iota(logs.shape(), 1), labels);
    Value weights = picked(hit, classWeights.map(w -> perClass(w, logs)).orElse(Ops.like(logs, 1)));
    if (node.has("ignore_index")) {
      Value ignored = Ops.squeeze(labels, 1);
      Value counts =
          Ops.apply(
              Elementwise.NE, ignored, Ops.like(ignored, (double) node.integer("ignore_index", 0)));
      weights = Ops.select(counts, weights, Ops.like(weights, 0));
    }
    Value losses = Ops.neg(Ops.mul(picked(hit, logs), weights));
    return switch (node.text("reduction", "mean")) {
      case "none" -> losses;
      case "sum" -> Ops.sumAll(losses);
      case "mean" -> Ops.div(Ops.sumAll(losses), Ops.sumAll(weights));
      default -> throw node.wrong("reduction none, sum or mean", node.text("reduction", ""));
    };
  }

  private static Value perClass(Value weights, Value logs) {
    List<Dim> dims = new ArrayList<>(Collections.nCopies(logs.shape().rank(), Dim.ONE));
    dims.set(1, logs.shape().dim(1));
    return Ops.broadcast(Ops.reshape(weights, new Shape(dims)), logs.shape());
  }

  /** The one element along the classes that is hit. */
  private static Value picked(Value hit, Value values) {
    return Ops.sum(Ops.select(hit, values, Ops.like(values, 0)), List.of(1), false);
  }
}
