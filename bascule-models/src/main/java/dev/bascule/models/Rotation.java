package dev.bascule.models;

import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.Tensor;
import dev.bascule.core.graph.Constant;
import dev.bascule.core.graph.Elementwise;
import dev.bascule.core.graph.Functions;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Value;
import java.util.List;

/**
 * The rotary embedding at the positions of a run: cosines and sines [n, 1, dimensions / 2],
 * computed once for all layers.
 */
record Rotation(int dimensions, Value cosines, Value sines) {
  static Rotation of(Rope rope, Value positions) {
    float[] frequencies = rope.frequencies();
    Value turns = Constant.of("rope.frequencies", Tensor.of(frequencies, frequencies.length));
    Shape shape = Shape.of(positions.shape().dim(0), Dim.ONE, Dim.of(frequencies.length));
    Value position = Ops.reshape(positions, Shape.of(shape.dim(0), Dim.ONE, Dim.ONE));
    Value angles = Ops.mul(Ops.cast(position, DType.F32), Ops.broadcast(turns, shape));
    return new Rotation(
        rope.dimensions(),
        Layer.named("rope.cosines", scaled(Elementwise.COS, angles, rope.amplitude())),
        Layer.named("rope.sines", scaled(Elementwise.SIN, angles, rope.amplitude())));
  }

  private static Value scaled(Elementwise function, Value angles, double amplitude) {
    Value values = Ops.apply(function, angles);
    return amplitude == 1 ? values : Ops.mul(values, Ops.like(values, amplitude));
  }

  /** Turns the first elements of each head of x [n, heads, d]; the others stay as they are. */
  Value turn(String label, Value x) {
    Dim turned = Dim.of(dimensions);
    Dim all = x.shape().dim(2);
    if (all.equals(turned)) {
      return Layer.named(label, Functions.rope(x, cosines, sines));
    }
    Value first = Functions.rope(Ops.sliceAxis(x, 2, Dim.ZERO, turned), cosines, sines);
    Value rest = Ops.sliceAxis(x, 2, turned, all.minus(turned));
    return Layer.named(label, Ops.concat(List.of(first, rest), 2));
  }
}
