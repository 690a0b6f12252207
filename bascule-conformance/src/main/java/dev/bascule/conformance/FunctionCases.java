package dev.bascule.conformance;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.Symbol;
import dev.bascule.core.graph.Functions;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** The functions - softmax, norms, activations, losses - as the engine inlines and fuses them. */
final class FunctionCases {
  private static final Map<String, UnaryOperator<Value>> ACTIVATIONS =
      Map.of(
          "Gelu", Functions::gelu,
          "GeluTanh", Functions::geluTanh,
          "Sigmoid", Functions::sigmoid,
          "Silu", Functions::silu,
          "Relu", Functions::relu,
          "Softplus", Functions::softplus,
          "Mish", Functions::mish);

  private FunctionCases() {}

  static List<Case> all() {
    List<Case> cases = new ArrayList<>();
    for (DType dtype : DType.values()) {
      if (dtype.isFloat()) {
        boolean f32 = dtype == DType.F32;
        cases.add(activations(dtype, f32));
        cases.add(rows(dtype, f32 || dtype == DType.F16));
        cases.add(otherAxes(dtype, f32));
        cases.add(lossesAndPositions(dtype, f32));
      }
    }
    cases.add(randomBits());
    return cases;
  }

  private static Case activations(DType dtype, boolean brief) {
    var draft = new Case.Draft("functions/activations/" + dtype, dtype);
    Symbol n = new Symbol("n", 0, 1000);
    Value x = draft.input("x", dtype, Shape.of(Dim.of(n)), Values.Spread.ANY);
    ACTIVATIONS.forEach((name, function) -> draft.output(name, function.apply(x)));
    return draft.brief(brief).run(Bindings.NONE.with(n, 999), Bindings.NONE.with(n, 0));
  }

  /** One plan for several row counts and row lengths. */
  private static Case rows(DType dtype, boolean brief) {
    var draft = new Case.Draft("functions/rows/" + dtype, dtype);
    Symbol rows = new Symbol("rows", 0, 40);
    Symbol n = new Symbol("n", 1, 384);
    Shape shape = Shape.of(Dim.of(rows), Dim.of(n));
    Value x = draft.input("x", dtype, shape, Values.Spread.MODERATE);
    Value odd = draft.input("odd", dtype, shape, Values.Spread.SPIKED);
    Value scale = draft.input("scale", dtype, Shape.of(Dim.of(n)), Values.Spread.MODERATE);
    Value shift = draft.input("shift", dtype, Shape.of(Dim.of(n)), Values.Spread.MODERATE);
    draft.output("Softmax", Functions.softmax(x, -1));
    draft.output("Softmax special", Functions.softmax(odd, -1));
    draft.output("LogSoftmax", Functions.logSoftmax(x, -1));
    draft.output("LayerNorm", Functions.layerNorm(x, scale, shift, 1e-5));
    draft.output("RmsNorm", Functions.rmsNorm(x, scale, 1e-6));
    List<Bindings> runs = new ArrayList<>();
    for (long[] size : new long[][] {{3, 33}, {1, 1}, {0, 5}, {40, 384}, {5, 32}}) {
      runs.add(Bindings.NONE.with(rows, size[0]).with(n, size[1]));
    }
    return draft.brief(brief).run(runs);
  }

  private static Case otherAxes(DType dtype, boolean brief) {
    var draft = new Case.Draft("functions/axes/" + dtype, dtype);
    Value x = draft.input("x", dtype, Shape.of(3, 9, 14), Values.Spread.MODERATE);
    Value scale = draft.input("scale", dtype, Shape.of(9, 14), Values.Spread.MODERATE);
    draft.output("Softmax 1", Functions.softmax(x, 1));
    draft.output("Softmax 0", Functions.softmax(x, 0));
    draft.output("LogSoftmax 1", Functions.logSoftmax(x, 1));
    draft.output("LayerNorm 2", Functions.layerNorm(x, scale, scale, 1e-3));
    return draft.brief(brief).run();
  }

  private static Case lossesAndPositions(DType dtype, boolean brief) {
    var draft = new Case.Draft("functions/losses/" + dtype, dtype);
    Value logits = draft.input("logits", dtype, Shape.of(11, 50), Values.Spread.MODERATE);
    Value labels = draft.input("labels", DType.I64, Shape.of(11), new Values.Below(Dim.of(50)));
    draft.output("CrossEntropy", Functions.crossEntropy(logits, labels));
    Value x = draft.input("x", dtype, Shape.of(2, 3, 7, 16), Values.Spread.MODERATE);
    Value cosines = draft.input("cos", dtype, Shape.of(7, 8), Values.Spread.MODERATE);
    Value sines = draft.input("sin", dtype, Shape.of(7, 8), Values.Spread.MODERATE);
    draft.output("Rope", Functions.rope(x, cosines, sines));
    return draft.brief(brief).run();
  }

  /** Random words, whose count need not be a multiple of the four that a block has. */
  private static Case randomBits() {
    var draft = new Case.Draft("functions/random/u32", DType.U32);
    Symbol n = new Symbol("n", 0, 1000);
    Value key = draft.input("key", DType.U32, Shape.of(2), Values.Spread.ANY);
    Value counter = draft.input("counter", DType.U32, Shape.of(4), Values.Spread.ANY);
    Value x = draft.input("x", DType.U32, Shape.of(Dim.of(n)), Values.Spread.ANY);
    draft.output("RandomBits", Functions.randomBits(key, counter, Shape.of(Dim.of(n))));
    draft.output("RandomBits added", Ops.add(x, Functions.randomBits(key, counter, x.shape())));
    draft.output("RandomBits matrix", Functions.randomBits(key, counter, Shape.of(3, 7)));
    return draft
        .brief(true)
        .run(Bindings.NONE.with(n, 5), Bindings.NONE.with(n, 0), Bindings.NONE.with(n, 1000));
  }
}
