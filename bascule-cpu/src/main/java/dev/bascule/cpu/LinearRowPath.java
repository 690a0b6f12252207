package dev.bascule.cpu;

import dev.bascule.core.graph.Linear;
import dev.bascule.core.quant.WeightType;
import dev.bascule.cpu.linear.RowLoops;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** Portable loops over rows as they are stored; a unit is a few rows. */
final class LinearRowPath implements LinearPath {
  private static final int UNIT_ROWS = 8;

  /** A weight and its results, each from its first element on. */
  record Weight(MemorySegment memory, MemorySegment result) {}

  private final LinearShape shape;
  private final List<Weight> weights;
  private final MemorySegment x;
  private final RowLoops[][] loops;
  private final boolean[] rounds;
  private final RowLoops.Rounded rounded;

  LinearRowPath(
      LinearShape shape,
      Linear.Activations activations,
      List<Weight> weights,
      MemorySegment x,
      int threads) {
    this.shape = shape;
    this.weights = List.copyOf(weights);
    this.x = x;
    this.loops = new RowLoops[threads][shape.weights()];
    this.rounds = new boolean[shape.weights()];
    boolean anyRounds = false;
    for (int i = 0; i < shape.weights(); i++) {
      WeightType type = shape.types().get(i);
      rounds[i] = RowLoops.rounds(type, activations);
      anyRounds |= rounds[i];
      for (int thread = 0; thread < threads; thread++) {
        loops[thread][i] = new RowLoops(type, rounds[i], shape.k());
      }
    }
    this.rounded = RowLoops.Rounded.allocate(anyRounds ? shape.tokens() : 0, shape.k());
  }

  @Override
  public void prepare(int worker, long low, long high) {
    if (rounded.scales().length > 0) {
      rounded.round(x, shape.k(), low, high);
    }
  }

  @Override
  public long units(int weight) {
    return Math.ceilDiv(shape.rows()[weight], UNIT_ROWS);
  }

  @Override
  public long unitBytes(int weight) {
    return UNIT_ROWS * shape.types().get(weight).rowBytes(shape.k());
  }

  @Override
  public void multiply(
      int worker, int weight, long expert, long first, long tokens, long low, long high) {
    long rows = shape.rows()[weight];
    long rowBytes = shape.types().get(weight).rowBytes(shape.k());
    RowLoops loop = loops[worker][weight];
    Weight of = weights.get(weight);
    for (long row = low * UNIT_ROWS; row < Math.min(high * UNIT_ROWS, rows); row++) {
      loop.load(of.memory, (expert * rows + row) * rowBytes);
      for (long token = first; token < first + tokens; token++) {
        float sum = rounds[weight] ? loop.dot(rounded, token) : loop.dot(x, token);
        of.result.set(ValueLayout.JAVA_FLOAT_UNALIGNED, (token * rows + row) * Float.BYTES, sum);
      }
    }
  }
}
