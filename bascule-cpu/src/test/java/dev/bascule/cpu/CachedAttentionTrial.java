package dev.bascule.cpu;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.Tensor;
import dev.bascule.core.device.Buffer;
import dev.bascule.core.device.Launch;
import dev.bascule.core.device.Launchable;
import dev.bascule.core.device.LibraryCall;
import dev.bascule.core.device.LibraryKernel;
import dev.bascule.core.device.Slice;
import dev.bascule.core.device.Stream;
import dev.bascule.core.device.View;
import dev.bascule.core.graph.CachedAttention;
import dev.bascule.core.graph.Constant;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Reference;
import dev.bascule.core.graph.Value;
import dev.bascule.core.kernel.SmallFloats;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/**
 * An attention over a cache that lies head by head, as decoders have it, and its operands: what it
 * means, and what the device makes of it.
 */
record CachedAttentionTrial(CachedAttention op, Sizes sizes, List<Tensor> operands) {

  /** Queries, heads, heads of the cache, elements of keys and of values, and the cache. */
  record Sizes(
      int queries,
      int heads,
      int kvHeads,
      int width,
      int channels,
      int capacity,
      int length,
      DType cache) {
    /** Of 32 elements where those are whole, or one of all. */
    int blocks(int elements) {
      return elements % 32 == 0 ? elements / 32 : 1;
    }
  }

  /** With random contents; beyond the length the cache holds NaN, which nobody may see. */
  static CachedAttentionTrial of(CachedAttention op, Sizes s, Random random) {
    Tensor q = Tensor.zeros(DType.F32, s.queries, s.heads, s.width);
    for (long i = 0; i < q.elements(); i++) {
      q.bytes().setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i, (float) random.nextGaussian());
    }
    Tensor length = Tensor.of(new long[] {s.length}, 1);
    List<Tensor> operands =
        new ArrayList<>(
            List.of(
                q,
                cache(s, s.cache, s.width, random),
                cache(s, s.cache, s.channels, random),
                length));
    if (s.cache == DType.I8) {
      operands.add(cache(s, DType.F16, s.blocks(s.width), random));
      operands.add(cache(s, DType.F16, s.blocks(s.channels), random));
    }
    return new CachedAttentionTrial(op, s, operands);
  }

  /** [heads, capacity, elements]. */
  private static Tensor cache(Sizes s, DType dtype, int elements, Random random) {
    Tensor tensor = Tensor.zeros(dtype, s.kvHeads, s.capacity, elements);
    for (long i = 0; i < tensor.elements(); i++) {
      boolean written = i / elements % s.capacity < s.length;
      put(tensor, i, written ? (float) random.nextGaussian() : Float.NaN);
    }
    return tensor;
  }

  private static void put(Tensor tensor, long i, float value) {
    switch (tensor.dtype()) {
      case F32 -> tensor.bytes().setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i, value);
      case F16 ->
          tensor
              .bytes()
              .setAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, i, Float.floatToFloat16(value));
      case BF16 ->
          tensor
              .bytes()
              .setAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, i, SmallFloats.floatToBf16(value));
      case I8 -> tensor.bytes().set(ValueLayout.JAVA_BYTE, i, (byte) Math.round(40 * value));
      default -> throw new IllegalArgumentException("a cache of " + tensor.dtype());
    }
  }

  private Node node() {
    List<Value> values = new ArrayList<>();
    for (Tensor operand : operands) {
      boolean isCache = !values.isEmpty() && operand.extents().length == 3;
      values.add(isCache ? byPosition(operand) : Constant.of(operand));
    }
    return Node.of("", op, values);
  }

  private static Value byPosition(Tensor cache) {
    return Ops.permute(Constant.of(cache), List.of(1, 0, 2));
  }

  /** [query, head, channel]. */
  float[] reference() {
    return Reference.evaluate(List.of(), List.of(), List.of(node().result()), Bindings.NONE)
        .getFirst()
        .floats();
  }

  LibraryCall call() {
    Sizes s = sizes;
    List<View> views =
        new ArrayList<>(
            List.of(
                dense(DType.F32, s.queries, s.heads, s.width),
                byHead(s.cache, s.width),
                byHead(s.cache, s.channels),
                dense(DType.I64, 1)));
    if (s.cache == DType.I8) {
      views.add(byHead(DType.F16, s.blocks(s.width)));
      views.add(byHead(DType.F16, s.blocks(s.channels)));
    }
    return new LibraryCall(
        "attention",
        op,
        views,
        List.of(dense(DType.F32, s.queries, s.heads, s.channels)),
        Optional.empty());
  }

  private static View dense(DType dtype, long... extents) {
    List<Dim> strides = new ArrayList<>();
    long stride = 1;
    for (int axis = extents.length - 1; axis >= 0; axis--) {
      strides.addFirst(Dim.of(stride));
      stride *= extents[axis];
    }
    return new View(dtype, Shape.of(extents), Dim.ZERO, strides, false);
  }

  private View byHead(DType dtype, int elements) {
    Shape shape = Shape.of(sizes.capacity, sizes.kvHeads, elements);
    List<Dim> strides =
        List.of(Dim.of(elements), Dim.of((long) sizes.capacity * elements), Dim.ONE);
    return new View(dtype, shape, Dim.ZERO, strides, false);
  }

  /** What the device makes of it, with its memory, until closed. */
  Bound on(CpuDevice device) {
    return new Bound(device, this);
  }

  /** On a device. */
  static final class Bound implements AutoCloseable {
    private final List<Buffer> buffers = new ArrayList<>();
    private final Stream stream;
    private final Launchable code;
    private final Launch launch;

    private Bound(CpuDevice device, CachedAttentionTrial trial) {
      LibraryCall call = trial.call();
      LibraryKernel kernel =
          device.library().stream().filter(k -> k.accepts(call)).findFirst().orElseThrow();
      stream = device.stream();
      code = kernel.prepare(call);
      for (Tensor tensor : trial.operands) {
        Buffer buffer = device.allocate(tensor.bytes().byteSize());
        stream.upload(tensor.bytes(), Slice.of(buffer));
        buffers.add(buffer);
      }
      long elements = call.results().getFirst().shape().elements().constant();
      buffers.add(device.allocate(Float.BYTES * elements));
      buffers.add(device.allocate(code.workspaceBytes(Bindings.NONE)));
      launch = code.bind(buffers.stream().map(Slice::of).toList(), Bindings.NONE);
    }

    void run() {
      stream.launch(launch);
      stream.synchronize();
    }

    float[] result() {
      MemorySegment memory = buffers.get(buffers.size() - 2).host().orElseThrow();
      return memory.toArray(ValueLayout.JAVA_FLOAT);
    }

    @Override
    public void close() {
      launch.close();
      code.close();
      stream.close();
      buffers.forEach(Buffer::close);
    }
  }
}
