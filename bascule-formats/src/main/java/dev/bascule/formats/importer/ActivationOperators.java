package dev.bascule.formats.importer;

import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.graph.Elementwise;
import dev.bascule.core.graph.Functions;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Value;
import dev.bascule.formats.importer.Operators.Table;
import java.util.ArrayList;
import java.util.List;

/** Activation functions, element by element. */
final class ActivationOperators {
  private ActivationOperators() {}

  static void addTo(Table table) {
    table.row("Tanh", 6, node -> Ops.tanh(node.input(0)));
    table.row("Sigmoid", 6, node -> Functions.sigmoid(node.input(0)));
    table.row("Softplus", 1, node -> Functions.softplus(node.input(0)));
    table.row("Relu", 6, node -> Ops.max(node.input(0), Ops.like(node.input(0), 0)));
    table.row(
        "LeakyRelu", 6, node -> leaky(node.input(0), scalar(node, node.number("alpha", 0.01))));
    table.row("PRelu", 6, ActivationOperators::prelu);
    table.row("ThresholdedRelu", 10, ActivationOperators::thresholdedRelu);
    table.row("Elu", 6, node -> elu(node.input(0), node.number("alpha", 1)));
    table.row("Celu", 12, node -> celu(node.input(0), node.number("alpha", 1)));
    table.row("Selu", 6, ActivationOperators::selu);
    table.row(
        "Gelu",
        20,
        node ->
            node.text("approximate", "none").equals("tanh")
                ? Functions.geluTanh(node.input(0))
                : Functions.gelu(node.input(0)));
    table.row(
        "HardSigmoid",
        6,
        node -> hardSigmoid(node.input(0), node.number("alpha", 0.2), node.number("beta", 0.5)));
    table.row(
        "HardSwish", 14, node -> Ops.mul(node.input(0), hardSigmoid(node.input(0), 1 / 6.0, 0.5)));
    table.row("Mish", 18, node -> Functions.mish(node.input(0)));
    table.row("Swish", 24, ActivationOperators::swish);
    table.row(
        "Softsign",
        1,
        node -> {
          Value x = node.input(0);
          return Ops.div(x, Ops.add(Ops.like(x, 1), Ops.apply(Elementwise.ABS, x)));
        });
    table.row("Shrink", 9, ActivationOperators::shrink);
  }

  private static Value scalar(NodeContext node, double value) {
    return Ops.scalar(node.input(0).dtype(), value);
  }

  private static Value isNegative(Value x) {
    return Ops.lt(x, Ops.like(x, 0));
  }

  private static Value leaky(Value x, Value slope) {
    return Ops.select(isNegative(x), Ops.mul(x, slope), x);
  }

  /** Until opset 7 a slope of many elements is one for each channel, which is axis 1. */
  private static Value prelu(NodeContext node) {
    Value x = node.input(0);
    Value slope = node.input(1);
    int behind = x.shape().rank() - 2;
    if (node.opset() >= 7 || slope.shape().rank() != 1 || behind < 1) {
      return leaky(x, slope);
    }
    List<Dim> dims = new ArrayList<>(slope.shape().dims());
    for (int axis = 0; axis < behind; axis++) {
      dims.add(Dim.ONE);
    }
    return leaky(x, Ops.reshape(slope, new Shape(dims)));
  }

  private static Value thresholdedRelu(NodeContext node) {
    Value x = node.input(0);
    Value passes = Ops.lt(Ops.like(x, node.number("alpha", 1)), x);
    return Ops.select(passes, x, Ops.like(x, 0));
  }

  private static Value elu(Value x, double alpha) {
    Value low = Ops.mul(Ops.like(x, alpha), Ops.apply(Elementwise.EXPM1, x));
    return Ops.select(isNegative(x), low, x);
  }

  private static Value celu(Value x, double alpha) {
    Value low = Ops.apply(Elementwise.EXPM1, Ops.div(x, Ops.like(x, alpha)));
    return Ops.select(isNegative(x), Ops.mul(Ops.like(x, alpha), low), x);
  }

  /** Defaults: the fixed point of Klambauer et al., Self-Normalizing Neural Networks, 2017. */
  private static Value selu(NodeContext node) {
    Value x = node.input(0);
    Value gamma = Ops.like(x, node.number("gamma", 1.0507010221481323));
    return Ops.mul(gamma, elu(x, node.number("alpha", 1.6732631921768188)));
  }

  private static Value hardSigmoid(Value x, double alpha, double beta) {
    Value line = Ops.add(Ops.mul(x, Ops.like(x, alpha)), Ops.like(x, beta));
    return Ops.max(Ops.like(x, 0), Ops.min(Ops.like(x, 1), line));
  }

  private static Value swish(NodeContext node) {
    Value x = node.input(0);
    double alpha = node.number("alpha", 1);
    return alpha == 1
        ? Functions.silu(x)
        : Ops.mul(x, Functions.sigmoid(Ops.mul(x, Ops.like(x, alpha))));
  }

  private static Value shrink(NodeContext node) {
    Value x = node.input(0);
    double edge = node.number("lambd", 0.5);
    Value bias = Ops.like(x, node.number("bias", 0));
    Value above = Ops.select(Ops.lt(Ops.like(x, edge), x), Ops.sub(x, bias), Ops.like(x, 0));
    return Ops.select(Ops.lt(x, Ops.like(x, -edge)), Ops.add(x, bias), above);
  }
}
