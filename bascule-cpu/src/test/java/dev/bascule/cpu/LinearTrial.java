package dev.bascule.cpu;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.Symbol;
import dev.bascule.core.Tensor;
import dev.bascule.core.TensorType;
import dev.bascule.core.device.Buffer;
import dev.bascule.core.device.DeviceOptions;
import dev.bascule.core.device.Encoding;
import dev.bascule.core.device.Launch;
import dev.bascule.core.device.Launchable;
import dev.bascule.core.device.LibraryCall;
import dev.bascule.core.device.LibraryKernel;
import dev.bascule.core.device.Slice;
import dev.bascule.core.device.Stream;
import dev.bascule.core.device.View;
import dev.bascule.core.graph.Linear;
import dev.bascule.core.graph.Linear.Activations;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Parameter;
import dev.bascule.core.graph.Value;
import dev.bascule.core.quant.QuantType;
import dev.bascule.core.quant.UnpackedBlock;
import dev.bascule.core.quant.WeightType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/** One linear layer and its operands: what it means, and what the device makes of it. */
record LinearTrial(
    List<WeightType> types,
    long k,
    List<Tensor> weights,
    Activations activations,
    boolean constant) {
  private static final Symbol TOKENS = new Symbol("tokens", 0, 512);

  static java.util.stream.Stream<WeightType> allTypes() {
    java.util.stream.Stream.Builder<WeightType> all = java.util.stream.Stream.builder();
    for (DType dtype : List.of(DType.F32, DType.F16, DType.BF16)) {
      all.add(new WeightType.Floats(dtype));
    }
    for (QuantType type : QuantType.values()) {
      all.add(new WeightType.Blocks(type));
    }
    return all.build();
  }

  /** One weight [(experts,) n, k]. */
  static LinearTrial of(WeightType type, long k, Random random, long... rows) {
    return new LinearTrial(
        List.of(type), k, List.of(weight(type, k, random, rows)), Activations.INT8, true);
  }

  static Tensor activations(Random random, long m, long k) {
    float[] values = new float[(int) (m * k)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Tensor.of(values, m, k);
  }

  static Tensor weight(WeightType type, long k, Random random, long... rows) {
    long[] extents = java.util.Arrays.copyOf(rows, rows.length + 1);
    extents[rows.length] = type.storedElements(k);
    Tensor tensor = Tensor.zeros(type.stored(), extents);
    switch (type) {
      case WeightType.Floats floats -> {
        for (long i = 0; i < tensor.elements(); i++) {
          float value = (float) random.nextGaussian();
          switch (floats.dtype()) {
            case F32 -> tensor.bytes().setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
            case F16 ->
                tensor.bytes().setAtIndex(ValueLayout.JAVA_SHORT, i, Float.floatToFloat16(value));
            default ->
                tensor
                    .bytes()
                    .setAtIndex(
                        ValueLayout.JAVA_SHORT, i, (short) (Float.floatToIntBits(value) >> 16));
          }
        }
      }
      case WeightType.Blocks blocks -> {
        for (long at = 0; at < tensor.elements(); at += blocks.type().blockBytes()) {
          finiteBlock(blocks.type(), random, tensor.bytes(), at);
        }
      }
    }
    return tensor;
  }

  /** Random bytes, unless they make a scale that is not finite. */
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

  private boolean grouped() {
    return weights.getFirst().rank() == 3;
  }

  private Linear op() {
    return new Linear(types, activations, grouped());
  }

  /** What the op means. */
  List<float[]> expected(Tensor x, long... offsets) {
    List<Value> operands = new ArrayList<>();
    List<Tensor> tensors = new ArrayList<>();
    tensors.add(x);
    tensors.addAll(weights);
    if (grouped()) {
      tensors.add(Tensor.of(offsets, offsets.length));
    }
    for (Tensor tensor : tensors) {
      operands.add(Parameter.input("operand " + operands.size(), tensor.type()));
    }
    Node node = Node.of("", op(), operands);
    return op().evaluate(node, tensors, Bindings.NONE).stream().map(Tensor::floats).toList();
  }

  private View view(Tensor tensor, boolean isConstant) {
    TensorType type = tensor.type();
    return new View(type.dtype(), type.shape(), Dim.ZERO, type.shape().strides(), isConstant);
  }

  /** The call, for any number of tokens. */
  LibraryCall call() {
    List<View> operands = new ArrayList<>();
    List<View> results = new ArrayList<>();
    operands.add(View.contiguous(DType.F32, new Shape(List.of(Dim.of(TOKENS), Dim.of(k)))));
    for (Tensor weight : weights) {
      operands.add(view(weight, constant));
      Dim n = Dim.of(weight.extent(weight.rank() - 2));
      results.add(View.contiguous(DType.F32, new Shape(List.of(Dim.of(TOKENS), n))));
    }
    if (grouped()) {
      operands.add(View.contiguous(DType.I64, Shape.of(weights.getFirst().extent(0) + 1)));
    }
    return new LibraryCall("layer", op(), operands, results, Optional.empty());
  }

  static CpuDevice device(String isa, int threads) {
    return new CpuDevice(
        CpuSettings.of(
            new DeviceOptions(threads, Map.of("cpu.isa", isa, "cpu.guard-pages", "true"))));
  }

  /** What the device computes. */
  List<float[]> run(CpuDevice device, Tensor x, long... offsets) {
    LibraryCall call = call();
    LibraryKernel kernel =
        device.library().stream().filter(k -> k.accepts(call)).findFirst().orElseThrow();
    List<Buffer> buffers = new ArrayList<>();
    Bindings dims = Bindings.NONE.with(TOKENS, x.extent(0));
    try (Launchable code = kernel.prepare(call);
        Stream stream = device.stream()) {
      buffers.add(filled(device, stream, x.bytes()));
      for (int i = 0; i < weights.size(); i++) {
        buffers.add(weight(device, stream, kernel.encodingFor(call, i + 1), weights.get(i)));
      }
      if (grouped()) {
        buffers.add(filled(device, stream, MemorySegment.ofArray(offsets)));
      }
      int first = buffers.size();
      for (Tensor weight : weights) {
        long bytes = 4 * x.extent(0) * weight.extent(weight.rank() - 2);
        buffers.add(device.allocate(bytes));
      }
      long workspace = code.workspaceBytes(dims);
      if (workspace > 0) {
        buffers.add(device.allocate(workspace));
      }
      try (Launch launch = code.bind(buffers.stream().map(Slice::of).toList(), dims)) {
        stream.launch(launch);
        stream.synchronize();
      }
      return buffers.subList(first, first + weights.size()).stream()
          .map(buffer -> buffer.host().orElseThrow().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED))
          .toList();
    } finally {
      buffers.forEach(Buffer::close);
    }
  }

  private static Buffer filled(CpuDevice device, Stream stream, MemorySegment bytes) {
    Buffer buffer = device.allocate(bytes.byteSize());
    stream.upload(bytes, Slice.of(buffer));
    return buffer;
  }

  private static Buffer weight(
      CpuDevice device, Stream stream, Optional<Encoding> encoding, Tensor weight) {
    if (encoding.isEmpty()) {
      return filled(device, stream, weight.bytes());
    }
    Buffer buffer = device.allocate(encoding.get().bytes());
    encoding.get().encode(Encoding.Source.of(weight.bytes()), buffer.host().orElseThrow());
    return buffer;
  }

  /** The bits, with one bit pattern for all that is not a number. */
  static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToIntBits(values[i]);
    }
    return bits;
  }

  static boolean isAvailable(IsaName isa) {
    try (CpuDevice device = device("best", 1)) {
      return device.info().description().contains(isa.text)
          || isa != IsaName.AVX512 && device.info().description().contains("avx512")
          || isa == IsaName.PORTABLE;
    }
  }

  /** The levels by the names that settings have. */
  enum IsaName {
    AVX512("avx512"),
    AVX2("avx2"),
    PORTABLE("portable");

    final String text;

    IsaName(String text) {
      this.text = text;
    }
  }
}
