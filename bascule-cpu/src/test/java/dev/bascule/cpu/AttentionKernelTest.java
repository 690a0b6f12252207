package dev.bascule.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.Tensor;
import dev.bascule.core.TensorType;
import dev.bascule.core.device.Buffer;
import dev.bascule.core.device.DeviceOptions;
import dev.bascule.core.device.Launch;
import dev.bascule.core.device.Launchable;
import dev.bascule.core.device.LibraryCall;
import dev.bascule.core.device.LibraryKernel;
import dev.bascule.core.device.Slice;
import dev.bascule.core.device.Stream;
import dev.bascule.core.device.View;
import dev.bascule.core.graph.Attention;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Parameter;
import dev.bascule.core.graph.Value;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class AttentionKernelTest {
  /**
   * Operands [batch, head, position, element]; memory holds them [batch, position, head, element].
   */
  private record Case(Attention op, int batch, int heads, int q, int k, int d, int v, long[] bias) {
    long[][] extents() {
      List<long[]> extents = new ArrayList<>();
      extents.add(new long[] {batch, heads, q, d});
      extents.add(new long[] {batch, heads, k, d});
      extents.add(new long[] {batch, heads, k, v});
      if (bias.length > 0) {
        extents.add(bias);
      }
      return extents.toArray(long[][]::new);
    }
  }

  @Test
  void randomAttentionsGiveTheDecompositionsBits() {
    long first = System.nanoTime();
    for (long seed = first; seed < first + 25; seed++) {
      Random random = new Random(seed);
      check(draw(random), random, seed);
    }
  }

  @Test
  void queriesInManyBlocksAndASingleQueryGiveTheDecompositionsBits() {
    Random random = new Random(7);
    long[] none = {};
    check(new Case(new Attention(0.3f, true, 64), 1, 2, 450, 450, 8, 8, none), random, 1);
    check(new Case(new Attention(0.3f, false, 64), 1, 2, 1, 300, 16, 8, none), random, 2);
    check(new Case(new Attention(0.3f, true, 1 << 20), 1, 1, 3, 200, 5, 7, none), random, 3);
    check(new Case(new Attention(0.3f, true, 16), 1, 1, 9, 4, 5, 7, none), random, 4);
  }

  private static Case draw(Random random) {
    int batch = 1 + random.nextInt(2);
    int heads = 1 + random.nextInt(3);
    int q = 1 + random.nextInt(60);
    int k = 1 + random.nextInt(90);
    Attention op = new Attention(0.25f, random.nextBoolean(), 1 + random.nextInt(100));
    long[] bias = {batch, heads, q, k};
    for (int axis = 0; axis < bias.length; axis++) {
      bias[axis] = random.nextInt(3) == 0 ? 1 : bias[axis];
    }
    long[] none = {};
    return new Case(
        op,
        batch,
        heads,
        q,
        k,
        1 + random.nextInt(20),
        1 + random.nextInt(40),
        random.nextBoolean() ? bias : none);
  }

  private static void check(Case drawn, Random random, long seed) {
    List<Value> values = new ArrayList<>();
    List<Tensor> tensors = new ArrayList<>();
    for (long[] extents : drawn.extents()) {
      TensorType type = TensorType.of(DType.F32, extents);
      values.add(Parameter.input("operand " + values.size(), type));
      float[] contents = new float[Math.toIntExact(type.shape().elements().constant())];
      for (int i = 0; i < contents.length; i++) {
        boolean masked = values.size() == 4 && random.nextInt(9) == 0;
        contents[i] = masked ? Float.NEGATIVE_INFINITY : (float) random.nextGaussian();
      }
      tensors.add(Tensor.of(contents, extents));
    }
    Node node = Node.value(drawn.op, values.toArray(Value[]::new)).node();
    List<Tensor> expected = drawn.op.evaluate(node, tensors, Bindings.NONE);
    for (String isa : new String[] {"portable", "avx2", "best"}) {
      DeviceOptions options = new DeviceOptions(isa.equals("avx2") ? 1 : 3, Map.of("cpu.isa", isa));
      try (CpuDevice device = new CpuDevice(CpuSettings.of(options))) {
        List<float[]> got = run(device, drawn, node, tensors);
        assertThat(got.get(0)).as("seed %d, %s", seed, drawn).isEqualTo(permute(expected.get(0)));
        assertThat(got.get(1)).as("seed %d, %s", seed, drawn).isEqualTo(permute(expected.get(1)));
        assertThat(device.memory().buffers()).isZero();
      }
    }
  }

  private static View permuted(long[] extents) {
    List<Dim> strides =
        List.of(
            Dim.of(extents[1] * extents[2] * extents[3]),
            Dim.of(extents[3]),
            Dim.of(extents[1] * extents[3]),
            Dim.ONE);
    return new View(DType.F32, Shape.of(extents), Dim.ZERO, strides, false);
  }

  /** As [batch, position, head, element]. */
  private static float[] permute(Tensor tensor) {
    long[] e = tensor.extents();
    float[] from = tensor.floats();
    float[] to = new float[from.length];
    for (int i = 0; i < from.length; i++) {
      long element = i % e[3];
      long position = i / e[3] % e[2];
      long head = i / e[3] / e[2] % e[1];
      long batch = i / e[3] / e[2] / e[1];
      to[(int) (((batch * e[2] + position) * e[1] + head) * e[3] + element)] = from[i];
    }
    return to;
  }

  private static List<float[]> run(CpuDevice device, Case drawn, Node node, List<Tensor> tensors) {
    List<View> views = new ArrayList<>();
    for (long[] extents : drawn.extents()) {
      views.add(permuted(extents));
    }
    List<View> results =
        node.results().stream().map(r -> permuted(r.shape().evaluate(Bindings.NONE))).toList();
    LibraryCall call =
        new LibraryCall("attention", drawn.op, views, results, java.util.Optional.empty());
    LibraryKernel kernel =
        device.library().stream().filter(k -> k.accepts(call)).findFirst().orElseThrow();
    List<Buffer> buffers = new ArrayList<>();
    List<float[]> got = new ArrayList<>();
    try (Launchable code = kernel.prepare(call);
        Stream stream = device.stream()) {
      for (Tensor tensor : tensors) {
        Buffer buffer = device.allocate(tensor.bytes().byteSize());
        stream.upload(MemorySegment.ofArray(permute(tensor)), Slice.of(buffer));
        buffers.add(buffer);
      }
      for (View result : results) {
        buffers.add(device.allocate(4 * result.shape().elements().constant()));
      }
      buffers.add(device.allocate(code.workspaceBytes(Bindings.NONE)));
      List<Slice> slices = buffers.stream().map(Slice::of).toList();
      try (Launch launch = code.bind(slices, Bindings.NONE)) {
        stream.launch(launch);
        stream.launch(launch);
      }
      stream.synchronize();
      for (int i = 0; i < 2; i++) {
        MemorySegment memory = buffers.get(tensors.size() + i).host().orElseThrow();
        got.add(memory.toArray(ValueLayout.JAVA_FLOAT));
      }
    } finally {
      buffers.forEach(Buffer::close);
    }
    return got;
  }
}
