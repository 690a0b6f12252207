package dev.bascule.conformance;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.Symbol;
import dev.bascule.core.Tensor;
import dev.bascule.core.graph.Constant;
import dev.bascule.core.graph.Linear;
import dev.bascule.core.graph.Linear.Activations;
import dev.bascule.core.graph.Value;
import dev.bascule.core.quant.QuantType;
import dev.bascule.core.quant.UnpackedBlock;
import dev.bascule.core.quant.WeightType;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;

/** Linear layers over every type of weight: alone, several at once, and grouped by expert. */
final class LinearCases {
  private static final List<WeightType> MIXED =
      List.of(
          new WeightType.Blocks(QuantType.Q4_K),
          new WeightType.Blocks(QuantType.Q8_0),
          new WeightType.Floats(DType.F16));

  private LinearCases() {}

  static List<Case> all() {
    List<Case> cases = new ArrayList<>();
    for (DType dtype : List.of(DType.F32, DType.F16, DType.BF16)) {
      cases.add(layers(new WeightType.Floats(dtype), 37, false));
      cases.add(experts(new WeightType.Floats(dtype), 37, false));
    }
    for (QuantType quant : QuantType.values()) {
      WeightType type = new WeightType.Blocks(quant);
      boolean common = quant == QuantType.Q8_0 || quant == QuantType.Q4_K;
      cases.add(layers(type, 256, common));
      cases.add(experts(type, 256, quant == QuantType.Q4_0));
    }
    cases.add(together());
    return cases;
  }

  /** One plan for several numbers of tokens, with both kinds of activations. */
  private static Case layers(WeightType type, long k, boolean brief) {
    var draft = new Case.Draft("linear/" + type, DType.F32);
    Symbol m = new Symbol("m", 0, 64);
    Value x = draft.input("x", DType.F32, Shape.of(Dim.of(m), Dim.of(k)), Values.Spread.MODERATE);
    Value weight = weight(type, 1, k, 19);
    draft.output("Linear int8", Linear.of(x, weight, type, Activations.INT8));
    draft.output("Linear f32", Linear.of(x, weight, type, Activations.F32));
    return draft
        .brief(brief)
        .run(Bindings.NONE.with(m, 1), Bindings.NONE.with(m, 0), Bindings.NONE.with(m, 15));
  }

  private static Case experts(WeightType type, long k, boolean brief) {
    var draft = new Case.Draft("linear/experts/" + type, DType.F32);
    Value x = draft.input("x", DType.F32, Shape.of(7, k), Values.Spread.MODERATE);
    Value offsets = Constant.of(Tensor.of(new long[] {0, 0, 3, 3, 7}, 5));
    List<Value> results =
        Linear.grouped(
            x, List.of(weight(type, 2, k, 4, 18)), List.of(type), Activations.INT8, offsets);
    draft.output("Linear grouped", results.getFirst());
    return draft.brief(brief).run();
  }

  /** Weights of several types over one input. */
  private static Case together() {
    long k = 256;
    var draft = new Case.Draft("linear/together", DType.F32);
    Value x = draft.input("x", DType.F32, Shape.of(5, k), Values.Spread.MODERATE);
    List<Value> weights = new ArrayList<>();
    for (int i = 0; i < MIXED.size(); i++) {
      weights.add(weight(MIXED.get(i), 3 + i, k, 9 + 7 * i));
    }
    List<Value> results = Linear.of(x, weights, MIXED, Activations.INT8);
    for (int i = 0; i < results.size(); i++) {
      draft.output("Linear of several " + i, results.get(i));
    }
    return draft.brief(false).run();
  }

  /** A constant [rows, k], whose scales are finite. */
  private static Value weight(WeightType type, long seed, long k, long... rows) {
    long[] extents = Arrays.copyOf(rows, rows.length + 1);
    extents[rows.length] = type.storedElements(k);
    if (type instanceof WeightType.Blocks blocks) {
      Tensor tensor = Tensor.zeros(DType.U8, extents);
      Random random = new Random(seed);
      for (long at = 0; at < tensor.elements(); at += blocks.type().blockBytes()) {
        finiteBlock(blocks.type(), random, tensor.bytes(), at);
      }
      return Constant.of(tensor);
    }
    var random = new SplittableRandom(seed);
    return Constant.of(
        Inputs.draw(type.stored(), extents, Values.Spread.MODERATE, Bindings.NONE, random));
  }

  private static void finiteBlock(QuantType type, Random random, MemorySegment to, long at) {
    UnpackedBlock block = new UnpackedBlock();
    byte[] bytes = new byte[type.blockBytes()];
    boolean finite;
    do {
      random.nextBytes(bytes);
      MemorySegment.copy(MemorySegment.ofArray(bytes), 0, to, at, bytes.length);
      type.unpack(to, at, block);
      finite = true;
      for (int g = 0; g < type.blockElements() / type.groupElements(); g++) {
        finite &= Float.isFinite(block.scale(g)) && Float.isFinite(block.offset(g));
      }
    } while (!finite);
  }
}
