package dev.bascule.core.graph;

import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.ShapeException;
import dev.bascule.core.TensorType;
import java.util.ArrayList;
import java.util.List;

/**
 * Philox-4x32-10, a counter-based generator: ten rounds turn a key of two words and a counter of
 * four words into four random words. No state, so every element is computed by itself and every
 * device gives the same bits.
 *
 * <p>Source: Salmon, Moraes, Dror and Shaw, Parallel Random Numbers: As Easy as 1, 2, 3, SC 2011.
 * Words are held in i64, so that a product of two words is whole.
 */
final class Philox {
  private static final int ROUNDS = 10;
  private static final long WORD = 0xFFFF_FFFFL;
  private static final long[] MULTIPLIERS = {0xD251_1F53L, 0xCD9E_8D57L};
  // the golden ratio and the square root of 3, less 1: added to the key after each round
  private static final long[] KEY_STEPS = {0x9E37_79B9L, 0xBB67_AE85L};

  private final Shape blocks;

  private Philox(Dim blocks) {
    this.blocks = Shape.of(blocks);
  }

  /**
   * Random words u32 in {@code shape}: element i, in row-major order, is word {@code i % 4} of the
   * block at {@code counter + i / 4}.
   */
  static Value words(Value key, Value counter, Shape shape) {
    require("key", key, 2);
    require("counter", counter, 4);
    Dim elements = shape.elements();
    Dim count = elements.ceilDiv(Dim.of(4));
    Philox philox = new Philox(count);
    List<Value> columns = new ArrayList<>();
    for (Value word : philox.block(philox.words(key), philox.advanced(philox.words(counter)))) {
      columns.add(Ops.unsqueeze(Ops.cast(word, DType.U32), 1));
    }
    Value rows = Ops.concat(columns, 1); // [blocks, 4]
    Value flat = Ops.reshape(rows, Shape.of(count.times(4)));
    return Ops.reshape(Ops.sliceAxis(flat, 0, Dim.ZERO, elements), shape);
  }

  private static void require(String what, Value given, long words) {
    TensorType expected = TensorType.of(DType.U32, words);
    if (!given.type().equals(expected)) {
      throw new ShapeException(
          "RandomBits: the " + what + " must be " + expected + ", not " + given.type());
    }
  }

  /** Each word of a vector, for every block. */
  private List<Value> words(Value vector) {
    Value wide = Ops.cast(vector, DType.I64);
    List<Value> words = new ArrayList<>();
    for (long i = 0; i < vector.shape().dim(0).constant(); i++) {
      Value word = Ops.sliceAxis(wide, 0, Dim.of(i), Dim.ONE);
      words.add(Ops.broadcast(word, blocks));
    }
    return words;
  }

  /** The counter of each block: 128-bit addition of the block's number. */
  private List<Value> advanced(List<Value> counter) {
    Value block = Ops.iota(blocks, 0);
    List<Value> words = new ArrayList<>();
    Value carry = low(block);
    for (int i = 0; i < counter.size(); i++) {
      Value sum = Ops.add(counter.get(i), carry);
      words.add(low(sum));
      carry = i == 0 ? Ops.add(high(block), high(sum)) : high(sum);
    }
    return words;
  }

  private List<Value> block(List<Value> key, List<Value> counter) {
    List<Value> words = counter;
    Value k0 = key.get(0);
    Value k1 = key.get(1);
    for (int round = 0; round < ROUNDS; round++) {
      Value even = Ops.mul(words.get(0), literal(MULTIPLIERS[0]));
      Value odd = Ops.mul(words.get(2), literal(MULTIPLIERS[1]));
      words =
          List.of(
              xor(xor(high(odd), words.get(1)), k0),
              low(odd),
              xor(xor(high(even), words.get(3)), k1),
              low(even));
      k0 = low(Ops.add(k0, literal(KEY_STEPS[0])));
      k1 = low(Ops.add(k1, literal(KEY_STEPS[1])));
    }
    return words;
  }

  private Value literal(long value) {
    return Ops.broadcast(Ops.dimension(Dim.of(value)), blocks);
  }

  private Value low(Value x) {
    return Ops.apply(Elementwise.AND, x, literal(WORD));
  }

  /** The upper word; the shift is arithmetic, so what it brings in is masked. */
  private Value high(Value x) {
    return low(Ops.apply(Elementwise.SHIFT_RIGHT, x, literal(32)));
  }

  private static Value xor(Value a, Value b) {
    return Ops.apply(Elementwise.XOR, a, b);
  }
}
