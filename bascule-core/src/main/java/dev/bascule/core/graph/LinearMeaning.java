package dev.bascule.core.graph;

import dev.bascule.core.DType;
import dev.bascule.core.DataException;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.ShapeException;
import dev.bascule.core.Tensor;
import dev.bascule.core.kernel.SmallFloats;
import dev.bascule.core.quant.QuantType;
import dev.bascule.core.quant.UnpackedBlock;
import dev.bascule.core.quant.WeightType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What {@link Linear} means: once as loops over rows, once in primitives. */
final class LinearMeaning {
  private static final int BLOCK = Linear.ACTIVATION_BLOCK;
  private static final float LEVELS = 127;

  private LinearMeaning() {}

  // --- as loops

  /** A row of x as whole numbers and scales. */
  private record Rounded(int[] numbers, float[] scales) {
    static Rounded of(float[] x, int row, int k) {
      int[] numbers = new int[k];
      float[] scales = new float[k / BLOCK];
      for (int block = 0; block < scales.length; block++) {
        int from = row * k + block * BLOCK;
        float most = 0;
        for (int i = from; i < from + BLOCK; i++) {
          most = Math.max(most, Math.abs(x[i]));
        }
        scales[block] = most / LEVELS;
        float inverse = most == 0 ? 0 : LEVELS / most;
        for (int i = 0; i < BLOCK; i++) {
          float level = (float) Math.rint(x[from + i] * inverse);
          numbers[block * BLOCK + i] = (int) Math.min(Math.max(level, -LEVELS), LEVELS);
        }
      }
      return new Rounded(numbers, scales);
    }
  }

  /** A row of a quantised weight taken apart. */
  private record Row(int[] numbers, float[] scales, float[] offsets) {
    static Row of(QuantType type, MemorySegment blocks, long at, int k) {
      int groups = k / type.groupElements();
      Row row = new Row(new int[k], new float[groups], new float[groups]);
      UnpackedBlock block = new UnpackedBlock();
      int perBlock = type.blockElements() / type.groupElements();
      for (int b = 0; b < k / type.blockElements(); b++) {
        type.unpack(blocks, at + (long) b * type.blockBytes(), block);
        for (int i = 0; i < type.blockElements(); i++) {
          row.numbers[b * type.blockElements() + i] = block.number(i);
        }
        for (int g = 0; g < perBlock; g++) {
          row.scales[b * perBlock + g] = block.scale(g);
          row.offsets[b * perBlock + g] = type.hasOffsets() ? block.offset(g) : 0;
        }
      }
      return row;
    }
  }

  static Tensor evaluate(Linear op, List<Tensor> operands, int index, long[] extents) {
    Tensor x = operands.getFirst();
    Tensor weight = operands.get(index + 1);
    WeightType type = op.weights().get(index);
    int m = Math.toIntExact(x.extent(0));
    int k = Math.toIntExact(x.extent(1));
    int n = Math.toIntExact(extents[1]);
    float[] values = x.floats();
    float[] out = new float[m * n];
    Rounded[] rounded = new Rounded[m];
    boolean rounds =
        type instanceof WeightType.Blocks && op.activations() == Linear.Activations.INT8;
    for (int i = 0; rounds && i < m; i++) {
      rounded[i] = Rounded.of(values, i, k);
    }
    long[] offsets = op.grouped() ? operands.getLast().longs() : new long[] {0, m};
    requireOffsets(offsets, m);
    long rowBytes = type.rowBytes(k);
    for (int expert = 0; expert + 1 < offsets.length; expert++) {
      for (int j = 0; j < n && offsets[expert] < offsets[expert + 1]; j++) {
        long at = ((long) expert * n + j) * rowBytes;
        Row row =
            rounds
                ? Row.of(((WeightType.Blocks) type).type(), weight.bytes(), at, k)
                : new Row(new int[0], decode(type, weight.bytes(), at, k), new float[0]);
        for (int i = (int) offsets[expert]; i < offsets[expert + 1]; i++) {
          out[i * n + j] =
              rounds
                  ? dot(((WeightType.Blocks) type).type(), rounded[i], row)
                  : dot(values, i * k, row.scales);
        }
      }
    }
    return Tensor.of(out, extents);
  }

  private static void requireOffsets(long[] offsets, int rows) {
    boolean ascending = offsets[0] == 0 && offsets[offsets.length - 1] == rows;
    for (int i = 1; i < offsets.length; i++) {
      ascending &= offsets[i - 1] <= offsets[i];
    }
    if (!ascending) {
      throw new DataException(
          "Linear: offsets must ascend from 0 to " + rows + ", got " + Arrays.toString(offsets));
    }
  }

  /** A row of floats, or of blocks, in f32. */
  private static float[] decode(WeightType type, MemorySegment bytes, long at, int k) {
    float[] row = new float[k];
    switch (type) {
      case WeightType.Blocks blocks -> blocks.type().decode(bytes, at, row, 0, k);
      case WeightType.Floats floats -> {
        for (int i = 0; i < k; i++) {
          row[i] =
              switch (floats.dtype()) {
                case F32 -> bytes.get(ValueLayout.JAVA_FLOAT_UNALIGNED, at + 4L * i);
                case F16 ->
                    Float.float16ToFloat(bytes.get(ValueLayout.JAVA_SHORT_UNALIGNED, at + 2L * i));
                default ->
                    SmallFloats.bf16ToFloat(
                        bytes.get(ValueLayout.JAVA_SHORT_UNALIGNED, at + 2L * i));
              };
        }
      }
    }
    return row;
  }

  private static float dot(float[] x, int from, float[] weight) {
    float sum = 0;
    for (int i = 0; i < weight.length; i++) {
      sum = Math.fma(x[from + i], weight[i], sum);
    }
    return sum;
  }

  private static float dot(QuantType type, Rounded x, Row weight) {
    float sum = 0;
    int size = type.groupElements();
    for (int g = 0; g < weight.scales.length; g++) {
      int products = 0;
      int total = 0;
      for (int i = g * size; i < (g + 1) * size; i++) {
        products += x.numbers[i] * weight.numbers[i];
        total += x.numbers[i];
      }
      float d = x.scales[g * size / BLOCK];
      sum = Math.fma(products, weight.scales[g] * d, sum);
      if (type.hasOffsets()) {
        sum = Math.fma(total, weight.offsets[g] * d, sum);
      }
    }
    return sum;
  }

  // --- in primitives

  static Value decompose(Linear op, Node node, int index) {
    Value x = node.operand(0);
    Value weight = node.operand(index + 1);
    return switch (op.weights().get(index)) {
      case WeightType.Floats floats -> products(op, node, Ops.cast(weight, DType.F32));
      case WeightType.Blocks blocks -> {
        Parts parts = Parts.of(blocks.type(), weight, x.shape().dim(1).constant());
        yield op.activations() == Linear.Activations.F32
            ? products(op, node, parts.decoded())
            : rounded(op, node, parts);
      }
    };
  }

  /** Sums of products with f32 weights [(experts,) n, k]. */
  private static Value products(Linear op, Node node, Value weight) {
    Value x = node.operand(0);
    if (!op.grouped()) {
      return Ops.matmul(x, Ops.transpose(weight));
    }
    Value own = Ops.gather(weight, experts(node), 0); // [m, n, k]
    Value wide = Ops.broadcast(Ops.unsqueeze(x, 1), own.shape());
    Shape result = new Shape(own.shape().dims().subList(0, 2));
    return Node.value(new Dot(), wide, own, Ops.zeros(DType.F32, result));
  }

  /** The expert of each row: as many offsets, after the first, as are at most the row's number. */
  private static Value experts(Node node) {
    Value offsets = node.operands().getLast();
    Dim rows = node.operand(0).shape().dim(0);
    Dim count = offsets.shape().dim(0).minus(Dim.ONE);
    Shape all = Shape.of(rows, count);
    Value ends = Ops.broadcast(Ops.sliceAxis(offsets, 0, Dim.ONE, count), all);
    Value passed = Ops.cast(Ops.le(ends, Ops.iota(all, 0)), DType.I64);
    return Ops.sum(passed, List.of(1), false);
  }

  private static Value rounded(Linear op, Node node, Parts parts) {
    Value x = node.operand(0);
    Dim m = x.shape().dim(0);
    long k = x.shape().dim(1).constant();
    int size = parts.type.groupElements();
    Dim groups = Dim.of(k / size);
    Value blocks = Ops.reshape(x, Shape.of(m, Dim.of(k / BLOCK), Dim.of(BLOCK)));
    Value most = Ops.reduce(Reduce.Kind.MAX, Ops.apply(Elementwise.ABS, blocks), List.of(2), true);
    Value scale = Ops.div(most, Ops.like(most, LEVELS));
    Value inverse =
        Ops.select(
            Ops.eq(most, Ops.like(most, 0)),
            Ops.like(most, 0),
            Ops.div(Ops.like(most, LEVELS), most));
    Value scaled = Ops.mul(blocks, Ops.broadcast(inverse, blocks.shape()));
    Value level = Ops.apply(Elementwise.ROUND, scaled);
    level = Ops.min(Ops.max(level, Ops.like(level, -LEVELS)), Ops.like(level, LEVELS));
    Value numbers = Ops.cast(level, DType.I32);
    Value grouped = Ops.reshape(numbers, Shape.of(m, groups, Dim.of(size)));
    Shape twice = Shape.of(m, Dim.of(k / BLOCK), Dim.of(BLOCK / size));
    Value scales = Ops.reshape(Ops.broadcast(scale, twice), Shape.of(m, groups));
    Value own = perRow(op, node, parts.numbers); // [m, n, groups, size]
    Dim n = own.shape().dim(1);
    Shape sums = Shape.of(m, n, groups);
    Value products =
        Ops.sum(
            Ops.mul(
                Ops.broadcast(Ops.unsqueeze(grouped, 1), own.shape()), Ops.cast(own, DType.I32)),
            List.of(3),
            false);
    Value wideScales = Ops.broadcast(Ops.unsqueeze(scales, 1), sums);
    Value left = Ops.cast(products, DType.F32);
    Value right = Ops.mul(perRow(op, node, parts.scales), wideScales);
    if (parts.type.hasOffsets()) {
      Value totals = Ops.cast(Ops.sum(grouped, List.of(2), false), DType.F32);
      left = interleaved(left, Ops.broadcast(Ops.unsqueeze(totals, 1), sums));
      right = interleaved(right, Ops.mul(perRow(op, node, parts.offsets), wideScales));
    }
    return Node.value(new Dot(), left, right, Ops.zeros(DType.F32, Shape.of(m, n)));
  }

  /** a0, b0, a1, b1 ... along the last axis. */
  private static Value interleaved(Value a, Value b) {
    int rank = a.shape().rank();
    List<Dim> dims = new ArrayList<>(a.shape().dims());
    dims.set(rank - 1, dims.get(rank - 1).times(Dim.of(2)));
    Value pairs = Ops.concat(List.of(Ops.unsqueeze(a, rank), Ops.unsqueeze(b, rank)), rank);
    return Ops.reshape(pairs, new Shape(dims));
  }

  /** A part of the weights [(experts,) n, ...] for each row of x: [m, n, ...]. */
  private static Value perRow(Linear op, Node node, Value part) {
    if (op.grouped()) {
      return Ops.gather(part, experts(node), 0);
    }
    List<Dim> dims = new ArrayList<>(part.shape().dims());
    dims.addFirst(node.operand(0).shape().dim(0));
    return Ops.broadcast(part, new Shape(dims));
  }

  /** A quantised weight as constants that primitives can read. */
  private record Parts(QuantType type, Value numbers, Value scales, Value offsets) {
    static Parts of(QuantType type, Value weight, long k) {
      if (!(weight.node().op() instanceof Constant constant)) {
        throw new ShapeException(
            "Linear: a quantised weight that is computed has no meaning in primitives; hand it in as"
                + " a constant, or run on a device with a kernel for "
                + type);
      }
      Tensor blocks = constant.tensor();
      long[] rows = Arrays.copyOf(blocks.extents(), blocks.rank() - 1);
      int size = type.groupElements();
      long groups = k / size;
      Tensor numbers = Tensor.zeros(DType.I8, with(rows, groups, size));
      Tensor scales = Tensor.zeros(DType.F32, with(rows, groups));
      Tensor offsets = Tensor.zeros(DType.F32, with(rows, groups));
      UnpackedBlock block = new UnpackedBlock();
      int perBlock = type.blockElements() / size;
      for (long b = 0; b < blocks.elements() / type.blockBytes(); b++) {
        type.unpack(blocks.bytes(), b * type.blockBytes(), block);
        for (int i = 0; i < type.blockElements(); i++) {
          numbers
              .bytes()
              .set(ValueLayout.JAVA_BYTE, b * type.blockElements() + i, (byte) block.number(i));
        }
        for (int g = 0; g < perBlock; g++) {
          long at = (b * perBlock + g) * Float.BYTES;
          scales.bytes().set(ValueLayout.JAVA_FLOAT_UNALIGNED, at, block.scale(g));
          float offset = type.hasOffsets() ? block.offset(g) : 0;
          offsets.bytes().set(ValueLayout.JAVA_FLOAT_UNALIGNED, at, offset);
        }
      }
      return new Parts(type, Constant.of(numbers), Constant.of(scales), Constant.of(offsets));
    }

    private static long[] with(long[] rows, long... more) {
      long[] all = Arrays.copyOf(rows, rows.length + more.length);
      System.arraycopy(more, 0, all, rows.length, more.length);
      return all;
    }

    /** The weights in f32, [(experts,) n, k]. */
    Value decoded() {
      Value wide = Ops.cast(numbers, DType.F32);
      int axis = numbers.shape().rank() - 1;
      Value values = Ops.mul(wide, Ops.broadcast(Ops.unsqueeze(scales, axis), numbers.shape()));
      if (type.hasOffsets()) {
        values = Ops.add(values, Ops.broadcast(Ops.unsqueeze(offsets, axis), numbers.shape()));
      }
      List<Dim> dims = new ArrayList<>(numbers.shape().dims().subList(0, axis - 1));
      dims.add(numbers.shape().dim(axis - 1).times(numbers.shape().dim(axis)));
      return Ops.reshape(values, new Shape(dims));
    }
  }
}
